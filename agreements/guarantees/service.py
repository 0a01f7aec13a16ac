"""Guarantees from invitation to end, and the register that answers per person (rules G2, G5, G6).

The functions that change a guarantee work in a transaction that has locked the agreement's row.
"""

import secrets
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.guarantees import rules
from agreements.guarantees.models import Guarantee
from agreements.guarantees.rules import Division, LiableParty, Partner
from agreements.ledger.rules import OWED
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, GuaranteeState
from underwriting.platform import audit_log
from underwriting.platform.authentication import token_hash
from underwriting.platform.runtime import Runtime

_PERSON = "guarantee.person"
_DETAILS = "guarantee.details"
_REFUSAL = "guarantee.refusal"
_BINDING = (GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)
_OVER = (
    GuaranteeState.ENDED,
    GuaranteeState.LAPSED,
    GuaranteeState.REFUSED,
    GuaranteeState.REPLACED,
    GuaranteeState.RELEASED,
)
# One statement however many guarantees the person has: what is owed of an agreement, at most the cap.
_REGISTER = sa.text("""
    SELECT guarantee.id, guarantee.agreement_id, guarantee.state, guarantee.cap_ore,
           CASE WHEN guarantee.state = ANY(:binding) THEN greatest(0, least(guarantee.cap_ore, coalesce(owed.ore, 0)))
                ELSE 0 END AS at_risk
    FROM guarantee
    LEFT JOIN LATERAL (
        SELECT sum(CASE WHEN debit_account = ANY(:owed) THEN amount_ore ELSE 0 END)
             - sum(CASE WHEN credit_account = ANY(:owed) THEN amount_ore ELSE 0 END) AS ore
        FROM ledger_line
        WHERE ledger_line.agreement_id = guarantee.agreement_id AND guarantee.state = ANY(:binding)
    ) AS owed ON true
    WHERE guarantee.person_index = :person_index
    ORDER BY guarantee.id
""").bindparams(binding=[str(state) for state in _BINDING], owed=[str(account) for account in OWED])


@dataclass(frozen=True, slots=True)
class GuarantorDetails:
    """How a guarantor (*borgensman*) is named and reached.

    *has_role* says that the person leads or substantially owns the company; any other guarantor is a consumer.
    """

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class GuaranteeAtRisk:
    """One guarantee of a person: *at_risk* is what is owed today, at most the cap, and zero where nothing binds."""

    guarantee_id: uuid.UUID
    agreement_id: uuid.UUID
    state: GuaranteeState
    cap: Money
    at_risk: Money


@dataclass(frozen=True, slots=True)
class Exposure:
    """All guarantees of one person (rule G6); *caps* and *at_risk* sum those that are signed or in force."""

    guarantees: tuple[GuaranteeAtRisk, ...]
    caps: Money
    at_risk: Money


def create(
    session: Session,
    runtime: Runtime,
    agreement_id: uuid.UUID,
    data_subject: str,
    person: PersonalNumber,
    details: GuarantorDetails,
    cap: Money,
    *,
    until: datetime,
    at: datetime,
) -> tuple[Guarantee, str]:
    """A guarantee of *person* for the agreement, and the token of the person's own link, good before *until* (rule G2).

    Of the token only a hash is kept. The guarantee is erased with *data_subject*.
    """
    token = secrets.token_urlsafe(32)
    content = {
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "has_role": details.has_role,
    }
    guarantee = Guarantee(
        agreement_id=agreement_id,
        state=str(GuaranteeState.INVITED),
        person_encrypted=runtime.cipher.encrypt(person.digits.encode(), context=_PERSON, subject=data_subject),
        person_index=runtime.cipher.blind_index(person.digits),
        details_encrypted=runtime.cipher.encrypt_json(content, context=_DETAILS, subject=data_subject),
        cap_ore=cap.ore,
        invitation_hash=token_hash(token),
        invitation_until=until,
        invited_at=at,
        invitations=1,
    )
    session.add(guarantee)
    session.flush()
    _note(session, guarantee, actor="system", at=at)
    return guarantee, token


def invite_again(session: Session, runtime: Runtime, guarantee: Guarantee, *, email: str | None, at: datetime) -> str:
    """A new token of the guarantor's link, in the place of the one before; reached at *email* where it is given.

    Raises InvitedTooOften.
    """
    rules.check_invited_again(sent=guarantee.invitations, last_at=guarantee.invited_at, at=at)
    token = secrets.token_urlsafe(32)
    guarantee.invitation_hash, guarantee.invited_at = token_hash(token), at
    guarantee.invitations += 1
    if email is not None:
        content = runtime.cipher.decrypt_json(guarantee.details_encrypted, context=_DETAILS)
        subject = data_subject_of(runtime, guarantee)
        guarantee.details_encrypted = runtime.cipher.encrypt_json(
            content | {"email": email}, context=_DETAILS, subject=subject
        )
    session.flush()
    return token


def get(session: Session, guarantee_id: uuid.UUID) -> Guarantee:
    """The guarantee, as it stands now; NotFound when there is none."""
    found = session.get(Guarantee, guarantee_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def by_token(session: Session, token: str) -> Guarantee:
    """The guarantee to which the link with *token* leads; NotFound for a token that nobody was sent."""
    query = sa.select(Guarantee).where(Guarantee.invitation_hash == token_hash(token))
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def of_agreement(session: Session, agreement_id: uuid.UUID) -> Sequence[Guarantee]:
    """The agreement's guarantees in the order in which they were made."""
    query = sa.select(Guarantee).where(Guarantee.agreement_id == agreement_id).order_by(Guarantee.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def of_person(session: Session, person_index: bytes) -> Exposure:
    """What the register knows of a person (rule G6); an unknown person has none."""
    rows = session.execute(_REGISTER, {"person_index": person_index})
    guarantees = tuple(
        GuaranteeAtRisk(id_, agreement_id, GuaranteeState(state), Money(cap_ore), Money(int(at_risk)))
        for id_, agreement_id, state, cap_ore, at_risk in rows
    )
    binding = [guarantee for guarantee in guarantees if guarantee.state in _BINDING]
    return Exposure(
        guarantees,
        caps=Money.sum(guarantee.cap for guarantee in binding),
        at_risk=Money.sum(guarantee.at_risk for guarantee in binding),
    )


def refusal_of(runtime: Runtime, guarantee: Guarantee) -> tuple[str, bool] | None:
    """Why the guarantor declined, and whether the applicant may read it; None where nobody has declined."""
    if guarantee.refusal_encrypted is None:
        return None
    content = runtime.cipher.decrypt_json(guarantee.refusal_encrypted, context=_REFUSAL)
    return content["reason"], content["tell"]


def data_subject_of(runtime: Runtime, guarantee: Guarantee) -> str:
    """Whose data the guarantee tells: its application's."""
    return runtime.cipher.subject_of(guarantee.details_encrypted)


def person_of(runtime: Runtime, guarantee: Guarantee) -> PersonalNumber:
    """Who the guarantor is."""
    return PersonalNumber(runtime.cipher.decrypt(guarantee.person_encrypted, context=_PERSON).decode())


def details_of(runtime: Runtime, guarantee: Guarantee) -> GuarantorDetails:
    """How the guarantor is named and reached."""
    return GuarantorDetails(**runtime.cipher.decrypt_json(guarantee.details_encrypted, context=_DETAILS))


def liable_parties(
    session: Session, agreement_id: uuid.UUID, form: CompanyForm, *, partners: Iterable[Partner], on: date
) -> tuple[LiableParty, ...]:
    """Who answers for the agreement's debt on a day (rule G5); a guarantor's reference is the guarantee's id."""
    in_force = [
        (guarantee.id, Money(guarantee.cap_ore))
        for guarantee in of_agreement(session, agreement_id)
        if guarantee.state == GuaranteeState.IN_FORCE
    ]
    return rules.liable_parties(form, guarantees=in_force, partners=partners, on=on)


def divided(
    session: Session,
    agreement_id: uuid.UUID,
    debt: Money,
    *,
    insolvent: Collection[uuid.UUID],
    barred: Collection[uuid.UUID],
) -> Division:
    """How the agreement's guarantors share *debt* among themselves; by their guarantees' ids."""
    binding = [one for one in of_agreement(session, agreement_id) if one.state in _BINDING]
    caps: dict[object, Money] = {one.id: Money(one.cap_ore) for one in binding}
    return rules.divide(debt, caps, insolvent=insolvent, barred=barred)


def record_signature(session: Session, guarantee: Guarantee, *, actor: str, at: datetime) -> None:
    """The guarantor has signed (rule G2)."""
    guarantee.signed_at = at
    _put(session, guarantee, GuaranteeState.SIGNED, actor=actor, at=at)


def refuse(
    session: Session, runtime: Runtime, guarantee: Guarantee, *, reason: str, tell: bool, actor: str, at: datetime
) -> None:
    """The guarantor does not stand for it (rule G2). *reason* is for the lender; *tell* lets the applicant read it."""
    subject = data_subject_of(runtime, guarantee)
    guarantee.refusal_encrypted = runtime.cipher.encrypt_json(
        {"reason": reason, "tell": tell}, context=_REFUSAL, subject=subject
    )
    _put(session, guarantee, GuaranteeState.REFUSED, actor=actor, at=at)


def replace(session: Session, guarantee: Guarantee, *, actor: str, at: datetime) -> None:
    """Another person has been named in the refusing guarantor's place: this guarantee is never signed."""
    guarantee.invitation_hash = None
    _put(session, guarantee, GuaranteeState.REPLACED, actor=actor, at=at)


def release(session: Session, guarantee: Guarantee, *, actor: str, at: datetime) -> None:
    """The lender and all co-guarantors let the guarantor go (rule G4)."""
    _put(session, guarantee, GuaranteeState.RELEASED, actor=actor, at=at)


def bring_into_force(session: Session, agreement_id: uuid.UUID, *, at: datetime) -> None:
    """The first payout is booked: the signed guarantees are in force."""
    _put_all(session, agreement_id, {GuaranteeState.SIGNED}, GuaranteeState.IN_FORCE, at=at)


def end(session: Session, agreement_id: uuid.UUID, *, at: datetime) -> None:
    """The agreement is over: guarantees in force end, and those that never came into force lapse."""
    _put_all(session, agreement_id, {GuaranteeState.IN_FORCE}, GuaranteeState.ENDED, at=at)
    _put_all(session, agreement_id, {GuaranteeState.INVITED, GuaranteeState.SIGNED}, GuaranteeState.LAPSED, at=at)


def _put_all(
    session: Session,
    agreement_id: uuid.UUID,
    sources: Collection[GuaranteeState],
    target: GuaranteeState,
    *,
    at: datetime,
) -> None:
    for guarantee in of_agreement(session, agreement_id):
        if guarantee.state in sources:
            _put(session, guarantee, target, actor="system", at=at)


def _put(session: Session, guarantee: Guarantee, state: GuaranteeState, *, actor: str, at: datetime) -> None:
    guarantee.state = str(state)
    if state in _OVER:
        guarantee.ended_at = guarantee.ended_at or at
    _note(session, guarantee, actor=actor, at=at)


def _note(session: Session, guarantee: Guarantee, *, actor: str, at: datetime) -> None:
    subject, action = f"agreement:{guarantee.agreement_id}", f"guarantee.{guarantee.state}"
    audit_log.append(session, subject, action, actor=actor, at=at, data={"guarantee": str(guarantee.id)})
