"""What is asked again and what is not, and what a person allows (rules B3, B4)."""

import pytest

from bureau_clients.errors import QuestionNotBlocked
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome, Subject
from tests.wire.gateway.scripted import NEVER_LEFT_ALONE, Scripted, die_while_asking, only, rows
from tests.wire.gateway.subjects import (
    AB_THAT_TIMES_OUT,
    APPLICATION,
    EF_THAT_TIMES_OUT,
    HB_THAT_TIMES_OUT,
    PERSON_THAT_TIMES_OUT,
    company,
    person,
)
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime


@pytest.mark.parametrize("subject", [PERSON_THAT_TIMES_OUT, HB_THAT_TIMES_OUT, EF_THAT_TIMES_OUT])
def test_a_read_time_out_on_who_gets_a_copy_is_unknown_and_never_asked_again(
    gateway: Gateway, runtime: Runtime, numbers: list[str], subject: Subject
) -> None:
    """B4: kept as unknown, and a person decides."""
    first = only(gateway.retrieve(APPLICATION, [subject]))
    second = only(gateway.retrieve(APPLICATION, [subject]))
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert second.explanation == Text("Svaret kom inte i tid", "The answer did not come in time")
    assert len(numbers) == 1
    assert [row.outcome for row in rows(runtime)] == ["unknown"]


def test_a_read_time_out_on_a_limited_company_is_unavailable_and_asked_again(
    gateway: Gateway, runtime: Runtime, numbers: list[str]
) -> None:
    """B1, B4: for an AB it counts as unavailable; what is kept still says what happened."""
    answers = [only(gateway.retrieve(APPLICATION, [AB_THAT_TIMES_OUT])) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [Outcome.UNAVAILABLE] * 2
    assert len(numbers) == 2
    assert [row.outcome for row in rows(runtime)] == ["unknown"] * 2


def test_a_person_may_allow_one_more_question(
    gateway: Gateway, runtime: Runtime, clock: FixedClock, numbers: list[str]
) -> None:
    """B4: a person decides; who and when is in the audit log."""
    gateway.retrieve(APPLICATION, [PERSON_THAT_TIMES_OUT])
    gateway.allow_another_question(APPLICATION, PERSON_THAT_TIMES_OUT, by="user:1", at=clock.now())
    gateway.retrieve(APPLICATION, [PERSON_THAT_TIMES_OUT])
    gateway.retrieve(APPLICATION, [PERSON_THAT_TIMES_OUT])
    assert len(numbers) == 2
    with runtime.database.transaction() as session:
        (entry,) = audit_log.entries_of(session, f"application:{APPLICATION}")
    assert (entry.action, entry.actor, entry.at) == ("bureau_question.allowed", "user:1", clock.now())


@pytest.mark.parametrize("number", ["197701072394", "197708242388", "197704062384"])
def test_there_is_nothing_to_allow_where_nothing_is_blocked(gateway: Gateway, clock: FixedClock, number: str) -> None:
    """B4: a report, an unavailable bureau and "no match" block nothing."""
    gateway.retrieve(APPLICATION, [person(number)])
    with pytest.raises(QuestionNotBlocked):
        gateway.allow_another_question(APPLICATION, person(number), by="user:1", at=clock.now())


@pytest.mark.parametrize("subject", [person(), company("9699990009", CompanyForm.HB)])
def test_a_process_that_died_while_asking_leaves_a_doubt(
    gateway: Gateway, runtime: Runtime, numbers: list[str], subject: Subject
) -> None:
    """B4: the call's outcome is unknown; it is kept as that, once, and can be allowed again."""
    die_while_asking(runtime, subject)
    answers = [only(gateway.retrieve(APPLICATION, [subject])) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [Outcome.UNKNOWN] * 2
    assert numbers == []
    (row,) = rows(runtime)
    assert (row.outcome, row.failure_code, row.answered_at) == ("unknown", "asker-died", None)
    gateway.allow_another_question(APPLICATION, subject, by="user:1", at=runtime.clock.now())
    assert only(gateway.retrieve(APPLICATION, [subject])).outcome is Outcome.REPORT


def test_a_question_allowed_again_before_anybody_looked_still_leaves_its_doubt(
    gateway: Gateway, runtime: Runtime
) -> None:
    """B4: that the first one may have been carried out, charged and told is kept beside the second."""
    die_while_asking(runtime, person())
    gateway.allow_another_question(APPLICATION, person(), by="user:1", at=runtime.clock.now())
    assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.REPORT
    assert [(row.outcome, row.failure_code) for row in rows(runtime)] == [("unknown", "asker-died"), ("report", None)]


def test_a_limited_company_is_asked_about_again_after_its_asker_died(
    gateway: Gateway, runtime: Runtime, numbers: list[str]
) -> None:
    """B4: after the lease; what happened is kept."""
    die_while_asking(runtime, company())
    assert only(gateway.retrieve(APPLICATION, [company()])).outcome is Outcome.REPORT
    assert numbers == ["5599990008"]
    assert [row.outcome for row in rows(runtime)] == ["unknown", "report"]


@pytest.mark.parametrize(
    ("number", "outcome", "asked"),
    [
        ("197708242388", Outcome.UNAVAILABLE, 2),
        ("197707162397", Outcome.UNAVAILABLE, 2),
        ("197708242396", Outcome.REFUSED, 1),
        ("197708272393", Outcome.REFUSED, 1),
        ("197704062384", Outcome.NO_MATCH, 1),
        ("197708122390", Outcome.UNKNOWN, 1),
        ("197708072397", Outcome.UNKNOWN, 1),
        ("197703242391", Outcome.REPORT, 1),
    ],
)
def test_how_often_a_person_is_asked_about_when_the_application_is_tried_again(
    gateway: Gateway, numbers: list[str], number: str, outcome: Outcome, asked: int
) -> None:
    """B3, B4: only what was certainly not carried out is asked again."""
    answers = [only(gateway.retrieve(APPLICATION, [person(number)])) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [outcome] * 2
    assert len(numbers) == asked


def test_what_a_refusal_means_is_told_to_staff(gateway: Gateway) -> None:
    """B3: refused, with the bureau's ground in our words."""
    answer = only(gateway.retrieve(APPLICATION, [person("197708242396")]))
    assert answer.explanation == Text("Inga rapporter återstår på kontot", "No reports are left on the account")


def test_one_lost_answer_does_not_lose_the_others(gateway: Gateway, runtime: Runtime) -> None:
    """B3, B6: each answer is kept for itself."""
    retrieval = gateway.retrieve(APPLICATION, [company(), PERSON_THAT_TIMES_OUT, person()])
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.REPORT, Outcome.UNKNOWN, Outcome.REPORT]
    assert len(rows(runtime)) == 3
    assert len(retrieval.sha256s) == 2


def test_an_error_of_our_own_is_a_doubt_and_is_raised_when_the_others_are_kept(runtime: Runtime) -> None:
    """B4: the question may have been carried out."""
    bureau = Scripted("creditsafe", [ZeroDivisionError()])
    with pytest.raises(ZeroDivisionError):
        Gateway(runtime, [bureau], breaker=NEVER_LEFT_ALONE).retrieve(APPLICATION, [person()])
    (row,) = rows(runtime)
    assert (row.outcome, row.failure_code) == ("unknown", "failed-here")
    assert (
        only(Gateway(runtime, [bureau], breaker=NEVER_LEFT_ALONE).retrieve(APPLICATION, [person()])).outcome
        is Outcome.UNKNOWN
    )
    assert bureau.asked == 1
