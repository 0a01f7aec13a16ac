"""Which question may be asked now, and what becomes of one that was asked."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.questions import Outcome, QuestionKind, QuestionState, Subject, SubjectRole
from bureau_clients.rules import (
    Ask,
    Blocked,
    Earlier,
    Reuse,
    ReusePolicy,
    Standing,
    Step,
    Wait,
    goes_on,
    next_step,
    settled,
    state_after,
)
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
BOTH = ("creditsafe", "bisnode")


def subject(form: CompanyForm | None) -> Subject:
    is_natural = form in (None, CompanyForm.EF)
    digits = "9699990009" if form in (CompanyForm.HB, CompanyForm.KB) else "5599990008"
    return Subject(
        number=PersonalNumber("197701072394") if is_natural else OrganisationNumber(digits),
        form=form,
        role=SubjectRole.BORROWER if form else SubjectRole.GUARANTOR,
        purpose="ansökan",
        notice_version="1",
        confirmed_at=AT,
    )


LIMITED = subject(CompanyForm.AB)
COPIED = tuple(subject(form) for form in (None, CompanyForm.EF, CompanyForm.HB, CompanyForm.KB))


def earlier(
    outcome: Outcome,
    age: timedelta = timedelta(0),
    *,
    bureau: str = "creditsafe",
    question: QuestionKind = QuestionKind.REPORT,
    same_application: bool = True,
) -> Earlier:
    return Earlier(
        report_id=uuid.uuid4(),
        question=question,
        bureau=bureau,
        outcome=outcome,
        asked_at=AT - age,
        same_application=same_application,
    )


def step(
    about: Subject,
    *kept: Earlier,
    state: QuestionState = QuestionState.OPEN,
    lease_over: bool = False,
    bureaus: tuple[str, ...] = ("creditsafe",),
) -> Step:
    standing = Standing(state=state, lease_over=lease_over)
    return next_step(about, earlier=kept, standing=standing, bureaus=bureaus, at=AT, policy=ReusePolicy())


@pytest.mark.parametrize("about", [LIMITED, *COPIED])
def test_who_was_never_asked_about_is_asked_about_in_the_configured_order(about: Subject) -> None:
    """B1: a configured order."""
    assert step(about, bureaus=BOTH) == Ask(BOTH)


@pytest.mark.parametrize("about", [LIMITED, *COPIED])
def test_while_somebody_else_asks_nobody_asks(about: Subject) -> None:
    """B5: two askers of one subject share one question."""
    assert step(about, state=QuestionState.LEASED) == Wait()


@pytest.mark.parametrize("about", COPIED)
@pytest.mark.parametrize(("state", "lease_over"), [(QuestionState.UNKNOWN, False), (QuestionState.LEASED, True)])
def test_in_doubt_nobody_who_gets_a_copy_is_asked_about_again(
    about: Subject, state: QuestionState, lease_over: bool
) -> None:
    """B4: unknown is kept as unknown and a person decides; a lease that ran out is a doubt too."""
    assert step(about, earlier(Outcome.UNKNOWN), state=state, lease_over=lease_over) == Blocked(Outcome.UNKNOWN)


def test_after_a_lease_that_ran_out_a_limited_company_is_asked_about_again() -> None:
    """B4: no copy is sent of a report on an AB."""
    assert step(LIMITED, state=QuestionState.LEASED, lease_over=True) == Ask(("creditsafe",))


@pytest.mark.parametrize("about", [LIMITED, *COPIED])
def test_a_refused_question_is_not_asked_again(about: Subject) -> None:
    """B3: refused, may not."""
    assert step(about, earlier(Outcome.REFUSED), state=QuestionState.REFUSED) == Blocked(Outcome.REFUSED)


@pytest.mark.parametrize("about", [LIMITED, *COPIED])
def test_an_unavailable_bureau_is_asked_again(about: Subject) -> None:
    """B3: unavailable, may be asked again."""
    assert step(about, earlier(Outcome.UNAVAILABLE)) == Ask(("creditsafe",))


@pytest.mark.parametrize("about", COPIED)
def test_a_report_on_who_gets_a_copy_serves_its_application_however_old(about: Subject) -> None:
    """B4, B5: never asked for twice by a retry."""
    report = earlier(Outcome.REPORT, timedelta(days=300))
    assert step(about, report, state=QuestionState.ANSWERED) == Reuse(
        report.report_id, refresh_status=about.form is not None
    )


@pytest.mark.parametrize("about", COPIED)
def test_a_report_on_who_gets_a_copy_serves_no_other_application(about: Subject) -> None:
    """B5, A6: another application is another purpose, and another confirmation."""
    assert step(about, earlier(Outcome.REPORT, same_application=False)) == Ask(("creditsafe",))


@pytest.mark.parametrize("same_application", [True, False])
def test_a_limited_companys_report_serves_for_thirty_days(same_application: bool) -> None:
    """B5: the same application, or the same company and role: AB 30 days."""
    day_30 = earlier(Outcome.REPORT, timedelta(days=30), same_application=same_application)
    later = earlier(Outcome.REPORT, timedelta(days=30) + MOMENT, same_application=same_application)
    assert step(LIMITED, day_30) == Reuse(day_30.report_id, refresh_status=True)
    assert step(LIMITED, later) == Ask(("creditsafe",))


def test_the_register_status_of_a_kept_report_is_refreshed_after_a_day() -> None:
    """B5: company status is always fresh at the decision."""
    fresh, stale = earlier(Outcome.REPORT, timedelta(hours=24)), earlier(Outcome.REPORT, timedelta(hours=24) + MOMENT)
    assert step(LIMITED, fresh) == Reuse(fresh.report_id)
    assert step(LIMITED, stale) == Reuse(stale.report_id, refresh_status=True)


def test_a_status_that_was_asked_for_since_is_used_with_the_report() -> None:
    """B5: and not asked for again while it is fresh; one that failed, or is older than the report, does not count."""
    report = earlier(Outcome.REPORT, timedelta(days=10))
    status = earlier(Outcome.REPORT, timedelta(hours=1), question=QuestionKind.STATUS)
    failed = earlier(Outcome.UNAVAILABLE, timedelta(minutes=1), question=QuestionKind.STATUS)
    before = earlier(Outcome.REPORT, timedelta(days=11), question=QuestionKind.STATUS)
    assert step(LIMITED, report, status, failed, before) == Reuse(report.report_id, status.report_id)
    assert step(LIMITED, report, failed, before) == Reuse(report.report_id, refresh_status=True)


def test_a_status_alone_is_no_report() -> None:
    """B1: one company report per application."""
    assert step(LIMITED, earlier(Outcome.REPORT, question=QuestionKind.STATUS)) == Ask(("creditsafe",))


def test_a_report_that_came_late_serves_instead_of_blocking() -> None:
    """B4: what blocks is that the answer is not known; here it is."""
    report = earlier(Outcome.REPORT)
    assert step(subject(None), earlier(Outcome.UNKNOWN), report, state=QuestionState.UNKNOWN) == Reuse(report.report_id)


@pytest.mark.parametrize("about", [LIMITED, *COPIED])
def test_a_bureau_that_knows_nobody_is_passed_over_the_next_time(about: Subject) -> None:
    """B1: the next one when the first has no match; when none is left, "no match" is the answer (B3)."""
    nobody = earlier(Outcome.NO_MATCH)
    assert step(about, nobody, bureaus=BOTH) == Ask(("bisnode",))
    assert step(about, nobody) == Reuse(nobody.report_id)


def test_a_limited_company_that_nobody_knew_is_asked_about_again_after_a_day() -> None:
    """D10, A2: a week-old company is not refused because it was not yet registered."""
    assert step(LIMITED, earlier(Outcome.NO_MATCH, timedelta(hours=24) + MOMENT)) == Ask(("creditsafe",))


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("gets_copy", [True, False])
def test_only_a_report_or_a_doubt_ends_the_search(outcome: Outcome, gets_copy: bool) -> None:
    """B1: the next one when certainly undelivered or no match; for who gets a copy, none in doubt."""
    ends = {Outcome.REPORT, Outcome.UNKNOWN} if gets_copy else {Outcome.REPORT}
    assert goes_on(outcome, gets_copy=gets_copy) is (outcome not in ends)


@pytest.mark.parametrize(
    ("outcomes", "gets_copy", "expected"),
    [
        ([Outcome.REPORT], True, Outcome.REPORT),
        ([Outcome.UNAVAILABLE, Outcome.REPORT], True, Outcome.REPORT),
        ([Outcome.NO_MATCH, Outcome.UNAVAILABLE], True, Outcome.UNAVAILABLE),
        ([Outcome.NO_MATCH, Outcome.REFUSED], True, Outcome.NO_MATCH),
        ([Outcome.REFUSED, Outcome.REFUSED], True, Outcome.REFUSED),
        ([Outcome.REFUSED, Outcome.UNAVAILABLE], False, Outcome.UNAVAILABLE),
        ([Outcome.UNAVAILABLE, Outcome.UNKNOWN], True, Outcome.UNKNOWN),
        ([Outcome.UNKNOWN], False, Outcome.UNAVAILABLE),
        ([Outcome.UNKNOWN, Outcome.NO_MATCH], False, Outcome.UNAVAILABLE),
    ],
)
def test_what_became_of_a_question_at_several_bureaus(
    outcomes: list[Outcome], gets_copy: bool, expected: Outcome
) -> None:
    """B1, B3: for an AB, unknown counts as unavailable."""
    assert settled(outcomes, gets_copy=gets_copy) is expected


@given(st.lists(st.sampled_from(Outcome), min_size=1, max_size=3), st.booleans())
def test_the_order_of_the_bureaus_does_not_change_what_became_of_the_question(
    outcomes: list[Outcome], gets_copy: bool
) -> None:
    """B3: and an AB's question is never unknown."""
    result = settled(outcomes, gets_copy=gets_copy)
    assert all(settled(order, gets_copy=gets_copy) is result for order in permutations(outcomes))
    assert gets_copy or result is not Outcome.UNKNOWN


KEPT = st.lists(
    st.builds(
        earlier,
        st.sampled_from(Outcome),
        st.timedeltas(timedelta(0), timedelta(days=60)),
        bureau=st.sampled_from(BOTH),
        question=st.sampled_from(QuestionKind),
        same_application=st.booleans(),
    ),
    max_size=6,
)


@given(KEPT, st.sampled_from(COPIED), st.sampled_from(QuestionState), st.booleans())
def test_who_gets_a_copy_is_asked_about_only_when_nothing_is_in_doubt(
    kept: list[Earlier], about: Subject, state: QuestionState, lease_over: bool
) -> None:
    """B4: with a report for the application, a doubt, a refusal or a lease nobody is asked."""
    over = lease_over and state is QuestionState.LEASED
    has_report = any(
        (answer.outcome, answer.question, answer.same_application) == (Outcome.REPORT, QuestionKind.REPORT, True)
        for answer in kept
    )
    if has_report or state in (QuestionState.UNKNOWN, QuestionState.REFUSED, QuestionState.LEASED):
        assert not isinstance(step(about, *kept, state=state, lease_over=over, bureaus=BOTH), Ask)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.REPORT, QuestionState.ANSWERED),
        (Outcome.NO_MATCH, QuestionState.ANSWERED),
        (Outcome.UNAVAILABLE, QuestionState.OPEN),
        (Outcome.REFUSED, QuestionState.REFUSED),
        (Outcome.UNKNOWN, QuestionState.UNKNOWN),
    ],
)
def test_where_a_question_stands_afterwards(outcome: Outcome, state: QuestionState) -> None:
    """B3, B4: only what is unavailable is open again."""
    assert state_after(outcome) is state
