"""An underwriter marks a bureau's fact as wrong, with evidence, and the case is decided anew (rules D8, D13).

What the policy says of the corrected facts is a proposal to the underwriter: the case is with a person, who
determines it within their authority. The earlier decision, the fact as it was told and the evidence are kept.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent, ApplicationStateRefuses, advance
from underwriting.applications.services.find_application import one_undecided
from underwriting.decisions.corrections import (
    Correction,
    FactDisputed,
    as_shown,
    as_unknown,
    corrected,
    fact_in,
    type_of,
)
from underwriting.decisions.desk_models import ONE_DISPUTE, FactDispute
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import ReasonCode
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.keep_dispute import EvidenceDocument, keep
from underwriting.decisions.services.record_decision import Basis, Ruling, basis_of, latest_row, write
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, FactTreatment
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """What is wrong and how it is to be read: *value* as on the wire, None for a corrected fact that is absent."""

    subject: str
    fact: str
    treatment: FactTreatment
    value: str | None = field(repr=False)
    note: str = field(repr=False)
    document: EvidenceDocument | None = None


def dispute(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    caller: Caller,
    wrong: Disputed,
    *,
    at: datetime,
) -> DecisionRow:
    """Mark a fact of the locked application's newest decision as wrong; the decision that is made anew.

    Raises ApplicationStateRefuses, DecidingOnOneself, FactDisputed, InvalidInput.
    """
    row = _disputable(session, application, at)
    forbid_oneself(session, runtime, application, caller)
    basis = basis_of(runtime, row)
    correction = _correction(basis, wrong, at)
    _keep_once(session, runtime, row, correction, wrong, caller, at)
    facts = corrected(basis.facts, [correction])
    decision = decide(facts, policy)
    ruling = Ruling(
        outcome=DecisionOutcome.REFERRED,
        limit=decision.limit,
        fee_rate=decision.fee_rate,
        decided_by=caller.actor,
        reason_code=ReasonCode.FACT_DISPUTED,
        reason=wrong.note,
    )
    anew = Basis(facts=facts, decision=decision, report_hashes=basis.report_hashes)
    with one_undecided(session):
        return write(session, runtime, application, anew, ruling, ApplicationEvent.FACT_DISPUTED, at=at)


def _disputable(session: Session, application: Application, at: datetime) -> DecisionRow:
    """The newest decision. One that is declined is taken up again only while what was applied for binds (rule A3)."""
    state = ApplicationState(application.state)
    advance(state, ApplicationEvent.FACT_DISPUTED)
    row = latest_row(session, application)
    over = application.binding_until is not None and application.binding_until <= at
    if row is None or over:
        raise ApplicationStateRefuses(state, ApplicationEvent.FACT_DISPUTED)
    return row


def _correction(basis: Basis, wrong: Disputed, at: datetime) -> Correction:
    told = fact_in(basis.facts, wrong.subject, wrong.fact)
    type_ = type_of(wrong.subject, wrong.fact)
    correction = Correction(subject=wrong.subject, fact=wrong.fact, told=told, read=told)
    if wrong.treatment is FactTreatment.UNKNOWN or type_ is None:
        return replace(correction, read=as_unknown(told, at=at))
    return replace(correction, read=as_shown(told, type_, wrong.value, at=at))


def _keep_once(
    session: Session,
    runtime: Runtime,
    row: DecisionRow,
    correction: Correction,
    wrong: Disputed,
    caller: Caller,
    at: datetime,
) -> FactDispute:
    try:
        with session.begin_nested():
            return keep(session, runtime, row, correction, wrong.treatment, wrong.note, wrong.document, caller, at=at)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.constraint_name != ONE_DISPUTE:
            raise
        raise FactDisputed from error
