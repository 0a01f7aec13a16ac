"""The partners of an HB and the general partners of a KB as the register shows them; recorded by staff (rule G5)."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement, LiablePartner
from agreements.credit.services.keep_agreement import link_to, lock_agreement, tell_borrower
from agreements.guarantees.rules import Partner
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_DETAILS = "liable_partner.details"
_NOT_YET = Text("Dagen ligger i framtiden", "The day is in the future")
_AFTER_BREAK = Text("Utträdet är efter preskriptionsavbrottet", "The exit is after the break of limitation")
_BEFORE_ENTRY = Text("Utträdet är före inträdet", "The exit is before the entry")


_NEVER_GENERAL = Text(
    "En stiftelse eller en ideell förening kan inte vara komplementär",
    "A foundation or a non-profit association cannot be a general partner",
)
_OF_LEGAL_PERSON, _ASSOCIATION = 10, "8"  # digits of an organisation number, and with which one theirs begins


class NoPartnership(Conflict):
    """Only partners of an HB and general partners of a KB answer for its debts by law. Rule G5."""

    slug = "no-partnership"
    title = Text("Bara handelsbolag och kommanditbolag har sådana bolagsmän", "Only an HB or a KB has such partners")
    rule = "G5"


class PartnerRecorded(Conflict):
    """That partner, or that partner's exit, is recorded already. Rule G5."""

    slug = "partner-recorded"
    title = Text("Det är redan antecknat", "It is recorded already")
    rule = "G5"


class ExitNotRecorded(Conflict):
    """There is no exit to correct. Rule G5."""

    slug = "exit-not-recorded"
    title = Text("Inget utträde är antecknat", "No exit is recorded")
    rule = "G5"


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner for staff; *number* is personal or of an organisation, as it was entered."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    number: str = field(repr=False)
    name: str = field(repr=False)
    entered_on: date
    exited_on: date | None
    answers_until: date | None
    evidence: str = field(repr=False)
    exit_evidence: str | None = field(repr=False)


@dataclass(frozen=True)
class Partners:
    """What staff record of a partnership, each time with where it was read."""

    runtime: Runtime

    def record(
        self, agreement_id: uuid.UUID, *, number: str, name: str, entered_on: date, evidence: str, caller: Caller
    ) -> PartnerView:
        """A registered partner. NoPartnership; PartnerRecorded for one who is there and has not left; InvalidInput.

        A foundation or a non-profit association is no general partner (lag 1980:1102, 3 kap. 2 §).
        """
        at = self.runtime.clock.now()
        self._require_past(entered_on, "/entered_on", at)
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            if agreement.company_form not in (CompanyForm.HB, CompanyForm.KB):
                raise NoPartnership
            if (
                agreement.company_form == CompanyForm.KB
                and len(number) == _OF_LEGAL_PERSON
                and number[0] == _ASSOCIATION
            ):
                raise InvalidInput(errors=(FieldError("/number", _NEVER_GENERAL, "G5"),), rule="G5")
            there = (one for one in rows_of(session, agreement_id) if one.exited_on is None)
            if any(self._details(one)["number"] == number for one in there):
                raise PartnerRecorded
            content = {"number": number, "name": name, "evidence": evidence}
            subject = of_application(agreement.application_id)
            partner = LiablePartner(
                agreement_id=agreement_id,
                details_encrypted=self.runtime.cipher.encrypt_json(content, context=_DETAILS, subject=subject),
                entered_on=entered_on,
                recorded_by=caller.actor,
                recorded_at=at,
            )
            session.add(partner)
            session.flush()
            return self._noted(session, partner, "agreement.partner_recorded", caller, at)

    def record_exit(self, partner_id: uuid.UUID, *, exited_on: date, evidence: str, caller: Caller) -> PartnerView:
        """The exit was registered: nothing more is drawn from now on (rule G5). PartnerRecorded, InvalidInput."""
        at = self.runtime.clock.now()
        self._require_past(exited_on, "/exited_on", at)
        with self.runtime.database.transaction() as session:
            agreement, partner = self._locked(session, partner_id)
            if partner.exited_on is not None:
                raise PartnerRecorded
            if exited_on < partner.entered_on:
                raise InvalidInput(errors=(FieldError("/exited_on", _BEFORE_ENTRY, "G5"),), rule="G5")
            content = self._details(partner) | {"exit_evidence": evidence}
            subject = of_application(agreement.application_id)
            partner.details_encrypted = self.runtime.cipher.encrypt_json(content, context=_DETAILS, subject=subject)
            partner.exited_on, partner.exit_recorded_by, partner.exit_recorded_at = exited_on, caller.actor, at
            self._stop_drawdowns(session, agreement, at)
            return self._noted(session, partner, "agreement.partner_exit_recorded", caller, at)

    def correct_exit(self, partner_id: uuid.UUID, *, exited_on: date, evidence: str, caller: Caller) -> PartnerView:
        """The exit was registered on another day than the one that was recorded; the first reading is kept (rule G5).

        ExitNotRecorded; InvalidInput for a day before the entry, or after a recorded break of the limitation.
        """
        at = self.runtime.clock.now()
        self._require_past(exited_on, "/exited_on", at)
        with self.runtime.database.transaction() as session:
            agreement, partner = self._locked(session, partner_id)
            if partner.exited_on is None:
                raise ExitNotRecorded
            broken_on = partner.limitation_broken_on
            if exited_on < partner.entered_on or (broken_on is not None and broken_on < exited_on):
                fault = _BEFORE_ENTRY if exited_on < partner.entered_on else _AFTER_BREAK
                raise InvalidInput(errors=(FieldError("/exited_on", fault, "G5"),), rule="G5")
            content = self._details(partner)
            read = {"exited_on": partner.exited_on.isoformat(), "evidence": content["exit_evidence"]}
            content |= {"exit_evidence": evidence, "corrected": [*content.get("corrected", ()), read]}
            subject = of_application(agreement.application_id)
            partner.details_encrypted = self.runtime.cipher.encrypt_json(content, context=_DETAILS, subject=subject)
            partner.exited_on, partner.exit_recorded_by, partner.exit_recorded_at = exited_on, caller.actor, at
            agreement.version += 1
            session.flush()
            return self._noted(session, partner, "agreement.partner_exit_corrected", caller, at)

    def of_agreement(self, agreement_id: uuid.UUID) -> tuple[PartnerView, ...]:
        """Everybody who is recorded, former partners too."""
        with self.runtime.database.transaction() as session:
            return tuple(self._view(row) for row in rows_of(session, agreement_id))

    def record_broken_limitation(self, partner_id: uuid.UUID, *, broken_on: date, caller: Caller) -> PartnerView:
        """The limitation against a former partner was broken: it runs anew from that day. NotFound, InvalidInput."""
        at = self.runtime.clock.now()
        self._require_past(broken_on, "/broken_on", at)
        with self.runtime.database.transaction() as session:
            _, partner = self._locked(session, partner_id)
            before = partner_in(partner).until
            if partner.exited_on is None or before is None or not partner.exited_on <= broken_on <= before:
                raise InvalidInput(errors=(FieldError("/broken_on", _NOT_WITHIN, "G5"),), rule="G5")
            partner.limitation_broken_on = broken_on
            session.flush()
            return self._noted(session, partner, "agreement.partner_limitation_broken", caller, at)

    def _stop_drawdowns(self, session: Session, agreement: Agreement, at: datetime) -> None:
        if agreement.drawdowns_stopped_at is None and agreement.ended_at is None:
            letter = messages.drawdowns_stopped(number=agreement.number, link=link_to(self.runtime, agreement))
            tell_borrower(
                session, self.runtime, agreement, letter, kind="drawdowns-stopped", occasion=at.isoformat(), at=at
            )
        agreement.drawdowns_stopped_at = agreement.drawdowns_stopped_at or at
        agreement.version += 1
        session.flush()

    def _locked(self, session: Session, partner_id: uuid.UUID) -> tuple[Agreement, LiablePartner]:
        found = session.get(LiablePartner, partner_id)
        if found is None:
            raise NotFound
        agreement = lock_agreement(session, found.agreement_id)
        session.refresh(found)
        return agreement, found

    def _details(self, partner: LiablePartner) -> dict[str, Any]:
        return dict(self.runtime.cipher.decrypt_json(partner.details_encrypted, context=_DETAILS))

    def _noted(
        self, session: Session, partner: LiablePartner, action: str, caller: Caller, at: datetime
    ) -> PartnerView:
        subject, data = f"agreement:{partner.agreement_id}", {"partner": str(partner.id)}
        audit_log.append(session, subject, action, actor=caller.actor, at=at, data=data)
        return self._view(partner)

    def _view(self, partner: LiablePartner) -> PartnerView:
        content = self._details(partner)
        return PartnerView(
            partner.id,
            partner.agreement_id,
            content["number"],
            content["name"],
            partner.entered_on,
            partner.exited_on,
            partner_in(partner).until,
            content["evidence"],
            content.get("exit_evidence"),
        )

    @staticmethod
    def _require_past(day: date, pointer: str, at: datetime) -> None:
        if day > stockholm_date(at):
            raise InvalidInput(errors=(FieldError(pointer, _NOT_YET, "G5"),), rule="G5")


_NOT_WITHIN = Text(
    "Dagen ligger inte mellan utträdet och preskriptionen", "The day is not between the exit and the limitation"
)


def rows_of(session: Session, agreement_id: uuid.UUID) -> Sequence[LiablePartner]:
    """The agreement's recorded partners, former ones too, in the order in which they were recorded."""
    query = sa.select(LiablePartner).where(LiablePartner.agreement_id == agreement_id).order_by(LiablePartner.id)
    return session.scalars(query).all()


def name_of(runtime: Runtime, partner: LiablePartner) -> str:
    """What the partner is called."""
    name: str = runtime.cipher.decrypt_json(partner.details_encrypted, context=_DETAILS)["name"]
    return name


def note_resumption(
    runtime: Runtime, agreement: Agreement, left: Iterable[LiablePartner], *, reason: str, actor: str, at: datetime
) -> None:
    """Keep with those who have *left* why drawdowns of the locked agreement go on all the same."""
    subject, resumed = of_application(agreement.application_id), {"reason": reason, "by": actor, "at": at.isoformat()}
    for partner in left:
        content = runtime.cipher.decrypt_json(partner.details_encrypted, context=_DETAILS)
        content |= {"resumed": [*content.get("resumed", ()), resumed]}
        partner.details_encrypted = runtime.cipher.encrypt_json(content, context=_DETAILS, subject=subject)


def partner_in(row: LiablePartner) -> Partner:
    """The partner as the rules read it."""
    return Partner(row.id, row.entered_on, row.exited_on, row.limitation_broken_on)
