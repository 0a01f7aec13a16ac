"""What an application tells for know-your-customer, and what bureaus tell of the company's officers (rule K1)."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from bureau_clients import evidence
from bureau_clients.facts import Known
from bureau_clients.reports import BoardMember, CompanyReport
from schemas.values import ApplicationBody
from underwriting.decisions.facts import DueDiligenceFacts, Screening
from underwriting.decisions.services.read_signing_rule import told_rule
from underwriting.due_diligence.items import ANSWERED_BY_CUSTOMER, FoundOwner
from underwriting.due_diligence.relation import Declared, known_of
from underwriting.due_diligence.relation import Known as Customer
from underwriting.due_diligence.rules import Finding
from underwriting.due_diligence.services.assess_relation import (
    Standing,
    assess,
    findings_in,
    items_of,
    keep,
)
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import CompanyForm, OwnerControl
from underwriting.platform.runtime import Runtime

_OFFICES = {
    CompanyForm.AB: ("ordförande", "verkställande direktör"),
    CompanyForm.HB: ("delägare", "bolagsman"),
    CompanyForm.KB: ("komplementär",),
}
"""How bureaus write the places that make an owner of somebody; a deputy has none of them."""
_DEPUTIES = ("vice ", "suppleant")
_SHORT = 10


def weigh(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    body: ApplicationBody,
    sanctions: Finding,
    *,
    kept: bool,
    at: datetime,
) -> Standing:
    """How the customer of an application stands; *kept*: what that changes in the locked application is written."""
    declared = _declared(session, runtime, application_id, body, at)
    standing = assess(session, runtime, application_id, declared, sanctions, at=at)
    if kept:
        keep(session, runtime, application_id, standing, at=at)
    return standing


def known_now(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody, *, at: datetime
) -> Customer:
    """What is known of the customer; writes nothing."""
    declared = _declared(session, runtime, application_id, body, at)
    findings = findings_in(runtime, items_of(session, application_id))
    return known_of(declared, findings, on=stockholm_date(at))


def lacks(found: DueDiligenceFacts, *, told_since: bool) -> bool:
    """Whether credit cannot be given yet: something is not looked into, somebody not screened, a match not settled.

    *told_since*: the customer has given information since the decision.
    """
    filled = ANSWERED_BY_CUSTOMER if told_since else frozenset()
    unsettled = found.sanctions in (Screening.POSSIBLE, Screening.UNKNOWN)
    return unsettled or any(gap not in filled for gap in found.gaps)


def declared_in(
    body: ApplicationBody, officers: tuple[str, ...] | None, may_sign: tuple[str, ...] | None = None
) -> Declared:
    """What the customer told; *officers* and those who *may_sign* by the register, None where nothing is told."""
    answers = body.due_diligence
    return Declared(
        company=body.organisation_number.digits,
        form=body.company_form,
        signatory=body.signatory_personal_number.digits,
        owners=tuple(
            FoundOwner(
                number=one.personal_number.digits,
                name=one.name,
                share=one.share,
                control=one.control,
                relatives=() if one.related_to is None else (one.related_to.digits,),
                politically_exposed=one.politically_exposed,
            )
            for one in body.beneficial_owners
        ),
        owners_complete=answers.owners_complete,
        politically_exposed=answers.politically_exposed,
        purpose_of_credit=answers.purpose_of_credit,
        source_of_repayment=answers.source_of_repayment,
        trades_with_high_risk_countries=answers.trades_with_high_risk_countries,
        takes_cash=answers.takes_cash,
        industry=answers.industry,
        officers=officers,
        may_sign=may_sign,
    )


def _declared(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody, at: datetime
) -> Declared:
    officers = _officers(session, runtime, application_id, body)
    return declared_in(body, officers, _who_may_sign(session, runtime, application_id, body, at))


def _who_may_sign(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody, at: datetime
) -> tuple[str, ...] | None:
    """Who stands in the registered right to sign (rule A9); in the sandbox nothing is told, as of officers."""
    if runtime.settings.sandbox or body.company_form is CompanyForm.EF:
        return None
    told = told_rule(session, runtime, application_id, body, on=stockholm_date(at))
    return None if told is None else tuple(one.person.digits for one in told.callable_signatories)


def _officers(
    session: Session, runtime: Runtime, application_id: uuid.UUID, body: ApplicationBody
) -> tuple[str, ...] | None:
    """Whom the newest report names; read only where an owner is compared with them.

    In the sandbox registers are invented, and whoever applies stands in none: nothing is told of officers there.
    """
    if runtime.settings.sandbox:
        return None
    stands_in = any(one.control is OwnerControl.ALTERNATIVE for one in body.beneficial_owners)
    if body.company_form is CompanyForm.EF or (body.company_form is CompanyForm.AB and not stands_in):
        return None
    told = (one.report for one in evidence.of_application(session, runtime.cipher, application_id))
    boards = [one.board.value for one in told if isinstance(one, CompanyReport) and isinstance(one.board, Known)]
    return None if not boards else officers_in(boards[0], body.company_form)


def officers_in(board: tuple[BoardMember, ...], form: CompanyForm) -> tuple[str, ...] | None:
    """The numbers of those on *board* whose place makes an owner; None where it names none of them in full."""
    named = [one.number for one in board if one.number and _is_office(one.function, form)]
    whole = tuple(number for number in named if len(number) >= _SHORT)
    return whole if whole and len(whole) == len(named) else None


def _is_office(function: str, form: CompanyForm) -> bool:
    word = function.lower()
    return any(office in word for office in _OFFICES[form]) and not word.startswith(_DEPUTIES)
