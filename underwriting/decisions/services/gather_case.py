"""What is known of an application before and after the bureaus have answered: subjects, persons, due diligence."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from agreements.credit.services.decline_guarantee import last_given_up
from agreements.payments.service import promises_of, record_of
from bureau_clients.facts import Known
from bureau_clients.questions import Subject, SubjectRole
from bureau_clients.reports import CompanyReport, NoMatch, PersonReport, Report
from schemas.values import ApplicationBody, NamedGuarantor
from underwriting.applications.models import Application
from underwriting.applications.notices import reason_for_enquiry
from underwriting.applications.services.ground_enquiry import notice_versions_of
from underwriting.applications.services.store_application import (
    body_of,
    company_name_of,
    guarantors_of,
    named_guarantor,
)
from underwriting.decisions.corrections import HARD_STOP_FACTS, Correction, corrected
from underwriting.decisions.facts import ApplicationFacts, DueDiligenceFacts, Facts, Person, Screening, facts_of
from underwriting.decisions.history import OWN_BOOKS, HistoryFacts
from underwriting.decisions.rules import OWNER
from underwriting.decisions.services.keep_dispute import corrections_of
from underwriting.decisions.services.know_customer import weigh
from underwriting.due_diligence.items import FoundOwner
from underwriting.due_diligence.rules import EntryKind, Occasion, Party
from underwriting.due_diligence.services.assess_relation import Standing, owners_found
from underwriting.due_diligence.services.screen_case import screen
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

_PERSON = 12  # digits of a person's number; a company's has ten


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGuarantor:
    """A guarantor of the case; *reference* names them in facts and trace."""

    reference: str
    named: NamedGuarantor
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application as a decision meets it. *company* is the subject of the company's report."""

    application_id: uuid.UUID
    reference: str
    body: ApplicationBody = field(repr=False)
    asked: Money
    signed_fee_rate: Decimal
    company: Subject
    owner: Person | None
    guarantors: tuple[CaseGuarantor, ...]
    subjects: tuple[Subject, ...]
    due_diligence: DueDiligenceFacts
    history: HistoryFacts
    corrections: tuple[Correction, ...] = ()

    @property
    def hard_stop_disputed(self) -> bool:
        """Whether a fact that may stop the case was marked as wrong."""
        return any(correction.fact in HARD_STOP_FACTS for correction in self.corrections)

    def facts(self, reports: Mapping[str, Report], *, at: datetime) -> Facts:
        """The facts at an instant; *reports* by the digits of the subject's number, what is not there is unknown.

        What a bureau has wrong is read as its evidence shows it, as long as the bureau tells the same (rule D13).
        """
        body = self.body
        told = facts_of(
            application=ApplicationFacts(
                form=body.company_form,
                asked=self.asked,
                term_months=body.term_months,
                repayment_plan=body.repayment_plan,
                revenue=body.expected_monthly_revenue,
                costs=body.expected_monthly_costs,
                debt_payments=body.monthly_debt_payments,
                highest_fee_rate=self.signed_fee_rate,
            ),
            company=_company_report(reports.get(body.organisation_number.digits)),
            owner=self.owner,
            guarantors=[
                (each.person, _person_report(reports.get(each.person.number.digits))) for each in self.guarantors
            ],
            due_diligence=self.due_diligence,
            history=self.history,
            at=at,
        )
        return corrected(told, self.corrections)


def gather(
    session: Session, runtime: Runtime, application: Application, *, at: datetime, weighed: bool = False
) -> Case:
    """The case of an application that everybody has confirmed; the lender's books are read as they stood at *at*.

    *weighed*: how the customer stands by now is kept in the locked application (rule K1).
    """
    body = body_of(session, runtime.cipher, application)
    rows = guarantors_of(session, application)
    versions = notice_versions_of(session, application)
    purpose = reason_for_enquiry(application.reference)
    company = Subject(
        number=body.organisation_number,
        form=body.company_form,
        role=SubjectRole.BORROWER,
        purpose=purpose,
        notice_version=versions[application.company_index],
        confirmed_at=application.submitted_at,
    )
    guarantors = tuple(
        CaseGuarantor(
            reference=str(row.id),
            named=named,
            person=_person(session, runtime, str(row.id), named.personal_number, at),
        )
        for row, named in ((row, named_guarantor(runtime.cipher, row)) for row in rows)
    )
    persons = tuple(
        Subject(
            number=guarantor.person.number,
            form=None,
            role=SubjectRole.GUARANTOR,
            purpose=purpose,
            notice_version=versions[row.person_index],
            confirmed_at=row.answered_at,
        )
        for row, guarantor in zip(rows, guarantors, strict=True)
    )
    owner = body.organisation_number if body.company_form is CompanyForm.EF else None
    asked, signed_fee_rate = _agreed_terms(session, runtime, application, body)
    return Case(
        application_id=application.id,
        reference=application.reference,
        body=body,
        asked=asked,
        signed_fee_rate=signed_fee_rate,
        company=company,
        owner=_person(session, runtime, OWNER, owner, at) if isinstance(owner, PersonalNumber) else None,
        guarantors=guarantors,
        subjects=(company, *persons),
        due_diligence=_due_diligence(session, runtime, application, body, at, weighed=weighed),
        history=_history(session, runtime, body, at),
        corrections=corrections_of(session, runtime, application.id),
    )


def parties_of(runtime: Runtime, body: ApplicationBody) -> frozenset[bytes]:
    """The blind indexes, under every version, of everybody who is a party: nobody decides on themselves (rule D8)."""
    numbers = {body.organisation_number.digits, body.signatory_personal_number.digits}
    numbers |= {one.personal_number.digits for one in body.signing_rule}
    numbers |= {one.personal_number.digits for one in body.guarantors}
    numbers |= {one.personal_number.digits for one in body.beneficial_owners}
    return frozenset().union(*(runtime.cipher.blind_indexes(digits) for digits in numbers))


def screened_parties(
    body: ApplicationBody, company_name: str | None, found: tuple[FoundOwner, ...] = ()
) -> tuple[Party, ...]:
    """Everybody whom the sanctions lists are asked about (rule K1): company, signatories, owners, guarantors.

    *found* are the owners that staff have found, persons and companies. Somebody in several roles is asked about once.
    """
    number, names = body.organisation_number, {one.number: one.name for one in found}
    company = Party(kind=EntryKind.ENTERPRISE, role="company", number=number.digits, name=company_name)
    named = {one.personal_number: ("signatory", one.name) for one in body.signing_rule}
    for guarantor in body.guarantors:
        named.setdefault(guarantor.personal_number, ("guarantor", guarantor.name))
    roles: dict[PersonalNumber, tuple[str, str | None]] = dict(named)
    for owner in body.beneficial_owners:
        roles.setdefault(owner.personal_number, ("owner", owner.name or names.get(owner.personal_number.digits)))
    if isinstance(number, PersonalNumber):
        roles.setdefault(number, ("owner", company_name))
    persons = (
        Party(kind=EntryKind.PERSON, role=role, number=one.digits, name=name, born=one.born_on)
        for one, (role, name) in roles.items()
    )
    known = {number.digits, *(one.digits for one in roles)}
    return (company, *persons, *_found_parties(one for one in found if one.number not in known))


def _person(session: Session, runtime: Runtime, reference: str, number: PersonalNumber, at: datetime) -> Person:
    promises = promises_of(session, runtime.cipher.blind_index(number.digits), at=at)
    return Person(
        reference=reference, number=number, other_guarantees=promises.at_risk, promised_guarantees=promises.caps
    )


def _agreed_terms(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody
) -> tuple[Money, Decimal]:
    """The limit and the highest rate that bind without a new acceptance: as signed (A3).

    Where a guarantor is replaced, what was granted with the one before has taken its place: the same again, or better,
    goes on, anything worse is an offer (D1).
    """
    granted = last_given_up(session, application.id)
    if granted is not None:
        return granted.limit, granted.fee_rate
    return body.requested_amount, Decimal(application.shown_highest_fee_rate or runtime.terms.highest_fee_rate)


def _history(session: Session, runtime: Runtime, body: ApplicationBody, at: datetime) -> HistoryFacts:
    """The lender's own history. To the company's group belong those whom its signatory or an owner has signed for."""
    persons = {body.signatory_personal_number.digits, *(one.personal_number.digits for one in body.beneficial_owners)}
    record = record_of(
        session,
        runtime.cipher.blind_index(body.organisation_number.digits),
        group=[runtime.cipher.blind_index(digits) for digits in sorted(persons)],
        at=at,
    )
    return HistoryFacts(
        earlier_credits=Known(record.credits, OWN_BOOKS, at),
        claims_paid_in_time=Known(record.settled.in_time, OWN_BOOKS, at),
        claims_paid_late=Known(record.settled.late, OWN_BOOKS, at),
        overdue=Known(record.settled.overdue, OWN_BOOKS, at),
        exposure=Known(record.exposure, OWN_BOOKS, at),
        group_exposure=Known(record.group_exposure, OWN_BOOKS, at),
    )


def standing_of(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody, *, kept: bool, at: datetime
) -> tuple[Screening, Standing]:
    """What the sanctions lists say of everybody in the application, and how the customer stands (rule K1)."""
    found = owners_found(session, runtime, application.id)
    parties = screened_parties(body, company_name_of(runtime.cipher, application), found)
    finding = screen(session, runtime, application.id, parties, Occasion.DECISION, at=at)
    return Screening(finding), weigh(session, runtime, application.id, body, finding, kept=kept, at=at)


def _found_parties(found: Iterable[FoundOwner]) -> Iterator[Party]:
    for one in {owner.number: owner for owner in found}.values():
        person = PersonalNumber(one.number) if len(one.number) == _PERSON else None
        kind = EntryKind.ENTERPRISE if person is None else EntryKind.PERSON
        yield Party(kind=kind, role="owner", number=one.number, name=one.name, born=person.born_on if person else None)


def _due_diligence(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody, at: datetime, *, weighed: bool
) -> DueDiligenceFacts:
    sanctions, standing = standing_of(session, runtime, application, body, kept=weighed, at=at)
    return DueDiligenceFacts(
        gaps=tuple(str(kind) for kind in standing.gaps),
        sanctions=sanctions,
        politically_exposed=standing.known.politically_exposed is True,
    )


def _company_report(report: Report | None) -> CompanyReport | NoMatch | None:
    return report if isinstance(report, CompanyReport | NoMatch) else None


def _person_report(report: Report | None) -> PersonReport | NoMatch | None:
    return report if isinstance(report, PersonReport | NoMatch) else None
