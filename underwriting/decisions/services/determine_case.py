"""What an underwriter does with a case: asks for information, and determines it (rules D2, D3, D8, D10, K1)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.answers import Retrieval
from bureau_clients.questions import Outcome
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent, ApplicationStateRefuses
from underwriting.applications.services.find_application import move, one_undecided
from underwriting.applications.services.store_application import supplements_of
from underwriting.decisions.authority import AuthorityExceeded
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.grounds import hard_stops
from underwriting.decisions.limits import left_by_exposure
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import Determination, ReferredCase, outcome_of
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.services.assess_application import reports_in
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.gather_case import Case, gather
from underwriting.decisions.services.know_customer import lacks
from underwriting.decisions.services.propose_override import needs_second_person, propose
from underwriting.decisions.services.record_decision import (
    EVENTS,
    Basis,
    Ruling,
    basis_of,
    conditions_of,
    keep_name,
    latest_row,
    record,
)
from underwriting.decisions.services.tell_applicant import tell_question
from underwriting.kernel.errors import Conflict, Unavailable
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

_DETERMINABLE = (
    ApplicationState.REFERRED,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.DECLINED,
    ApplicationState.COUNTER_OFFER,
)


class BureausUnavailable(Unavailable):
    """How the company stands could not be asked for just now. Rule B5."""

    slug = "bureaus-unavailable"
    title = Text(
        "Företagets status kan inte hämtas just nu. Försök igen om en stund.",
        "The company's status cannot be asked for at the moment. Please try again shortly.",
    )
    rule = "B5"


class CaseMovedOn(Conflict):
    """Somebody else has done something with the case in the meantime. Rule D8."""

    slug = "case-moved-on"
    title = Text("Ärendet har ändrats under tiden; läs om det", "The case has changed in the meantime; read it again")
    rule = "D8"


def check(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    caller: Caller,
    asked: Determination,
    *,
    at: datetime,
) -> DecisionRow:
    """The decision that *asked* would follow, if the locked application can be determined so; raises what forbids."""
    row = latest_row(session, application)
    if application.state not in _DETERMINABLE or row is None or _says_nothing_new(runtime, application, row, asked):
        raise ApplicationStateRefuses(ApplicationState(application.state), EVENTS[asked.outcome])
    forbid_oneself(session, runtime, application, caller)
    case = gather(session, runtime, application, at=at)
    outcome_of(asked, _referred_case(session, runtime, policy, application, case, row, basis_of(runtime, row), at))
    return row


def determine(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    caller: Caller,
    asked: Determination,
    reason: str,
    *,
    after: DecisionRow,
    retrieval: Retrieval | None,
    at: datetime,
    proposal: OverrideProposal | None = None,
    proposes: bool = True,
) -> DecisionRow | OverrideProposal:
    """Determine the locked application, on the reports as they are now where credit is given (rule B5).

    *after* is what `check` returned; CaseMovedOn when there is a later decision. The earlier decision stays. What is
    beyond the caller's authority becomes a proposal, and nothing else changes; where it is the caller who settles
    *proposal*, or the caller does not propose, AuthorityExceeded is raised instead.
    """
    row = check(session, runtime, policy, application, caller, asked, at=at)
    if row.id != after.id:
        raise CaseMovedOn
    case = gather(session, runtime, application, at=at, weighed=True)
    if retrieval is not None:
        keep_name(runtime, application, reports_in(retrieval).get(case.body.organisation_number.digits))
    basis = _basis_now(runtime, policy, case, row, retrieval, at)
    outcome = outcome_of(asked, _referred_case(session, runtime, policy, application, case, row, basis, at))
    is_second = proposal is not None
    if needs_second_person(session, policy, case, caller, asked, basis.decision.fee_rate, is_second=is_second):
        if is_second or not proposes:
            raise AuthorityExceeded
        return propose(session, runtime, application, row, caller, asked, reason, at=at)
    _bring_to_referred(session, application, caller, at)
    ruling = Ruling(
        outcome=outcome,
        limit=asked.limit,
        fee_rate=asked.fee_rate,
        decided_by=caller.actor if proposal is None else proposal.proposed_by,
        approved_by=None if proposal is None else caller.actor,
        reason_code=asked.reason_code,
        reason=reason,
        conditions=asked.conditions,
    )
    return record(session, runtime, application, case, basis, ruling, at=at)


def require_authority(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    case: Case,
    caller: Caller,
    asked: Determination,
    after: DecisionRow,
) -> None:
    """Raise AuthorityExceeded where *asked* is beyond the caller's authority by what the last decision rests on."""
    if needs_second_person(session, policy, case, caller, asked, basis_of(runtime, after).decision.fee_rate):
        raise AuthorityExceeded


def ask_for_information(
    session: Session, runtime: Runtime, application: Application, caller: Caller, question: str, *, at: datetime
) -> None:
    """Ask the applicant of the locked, referred application; the answer comes as a supplement (rule A3)."""
    forbid_oneself(session, runtime, application, caller)
    move(session, application, ApplicationEvent.INFORMATION_ASKED, actor=caller.actor, at=at)
    tell_question(session, runtime, application, gather(session, runtime, application, at=at), question, at=at)


def require_version(application: Application, version: int) -> None:
    """Raise CaseMovedOn unless the locked application is as it was when it had *version*."""
    if application.version != version:
        raise CaseMovedOn


def require_answers(retrieval: Retrieval) -> None:
    """Raise BureausUnavailable when a bureau that could not be reached may be asked again (rule B5)."""
    if any(answer.outcome is Outcome.UNAVAILABLE for answer in retrieval.answers):
        raise BureausUnavailable


def _referred_case(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    case: Case,
    row: DecisionRow,
    basis: Basis,
    at: datetime,
) -> ReferredCase:
    told_since = any(
        "information" in supplement.kind.split("+") and supplement.added_at >= row.decided_at
        for supplement in supplements_of(session, application)
    )
    asked = basis.facts.application
    return ReferredCase(
        asked=asked.asked,
        smallest_amount=runtime.terms.smallest_amount,
        signed_fee_rate=asked.highest_fee_rate,
        fee_rates=frozenset(grade.fee_rate for grade in policy.grades),
        hard_stop=any(hard_stops(basis.facts)),
        due_diligence_gap=lacks(case.due_diligence, told_since=told_since),
        declined_before=_was_declined(session, application),
        no_longer_binding=application.binding_until is not None and application.binding_until <= at,
        exposure_leaves=left_by_exposure(case.facts({}, at=at), policy),
    )


def _says_nothing_new(runtime: Runtime, application: Application, row: DecisionRow, asked: Determination) -> bool:
    """Whether the applicant has been told just that already."""
    if asked.outcome is DecisionOutcome.DECLINED or application.state != ApplicationState.COUNTER_OFFER:
        return application.state == asked.outcome
    offered = None if row.limit_ore is None else Money(row.limit_ore)
    told = (offered, row.fee_rate, conditions_of(runtime, row))
    return told == (asked.limit, asked.fee_rate, asked.conditions)


def _was_declined(session: Session, application: Application) -> bool:
    """Whether the applicant has ever been sent a decline."""
    declined = sa.select(DecisionRow.id).where(
        DecisionRow.application_id == application.id, DecisionRow.outcome == str(DecisionOutcome.DECLINED)
    )
    return session.scalar(declined.limit(1)) is not None


def _basis_now(
    runtime: Runtime, policy: Policy, case: Case, row: DecisionRow, retrieval: Retrieval | None, at: datetime
) -> Basis:
    """Without new answers, what the last decision rests on."""
    if retrieval is None:
        return basis_of(runtime, row)
    facts = case.facts(reports_in(retrieval), at=at)
    return Basis(facts=facts, decision=decide(facts, policy), report_hashes=retrieval.sha256s)


def _bring_to_referred(session: Session, application: Application, caller: Caller, at: datetime) -> None:
    """A question that was not answered is withdrawn, and so is an offer; a decline is taken up again, for an offer only
    (rules D8, D9).
    """
    ways = {
        ApplicationState.INFORMATION_REQUESTED: ApplicationEvent.INFORMATION_GIVEN,
        ApplicationState.DECLINED: ApplicationEvent.REVIEWED,
        ApplicationState.COUNTER_OFFER: ApplicationEvent.REVIEWED,
    }
    event = ways.get(ApplicationState(application.state))
    if event is not None:
        with one_undecided(session):
            move(session, application, event, actor=caller.actor, at=at)
