"""Who is asked, in which order, at the same time, and when nobody is (rules B1, B2, B5)."""

import threading
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.facts import Known, Unknown
from bureau_clients.gateway import Gateway
from bureau_clients.models import CreditReportUse
from bureau_clients.questions import Outcome, SubjectGroup
from bureau_clients.reports import Answer, CompanyReport, CompanyStatus, NoMatch, PersonReport, Received, Report
from tests.wire.creditsafe.conftest import settings_for
from tests.wire.gateway.conftest import Counted
from tests.wire.gateway.scripted import Scripted, nobody, only, question, report, rows
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

ANOTHER = uuid.UUID("0199c0de-0000-7000-8000-000000000002")
STATUS_BLOCK = "BORGEN_C_BASIC"


def test_one_report_on_the_company_and_one_per_guarantor(gateway: Gateway, numbers: list[str]) -> None:
    """B1: and for each subject the outcome, in the order asked for."""
    subjects = [company(), person(), person("197701112380")]
    retrieval = gateway.retrieve(APPLICATION, subjects)
    assert [answer.subject for answer in retrieval.answers] == subjects
    assert [type(answer.report) for answer in retrieval.answers] == [CompanyReport, PersonReport, PersonReport]
    assert sorted(numbers) == ["5599990008", "7701072394", "7701112380"]


def test_a_sole_trader_is_asked_about_once_and_the_report_is_the_owners(gateway: Gateway, numbers: list[str]) -> None:
    """B1: for an EF the owner's report is the company's."""
    report = only(gateway.retrieve(APPLICATION, [company("197601092385", CompanyForm.EF)])).report
    assert isinstance(report, CompanyReport)
    assert report.owner is not None
    assert numbers == ["7601092385"]


def test_everybody_is_asked_about_at_the_same_time(runtime: Runtime) -> None:
    """B2: the wait is that of the slowest: none of the three is answered before all three are asked about."""
    together = threading.Barrier(3)

    def answer(number: str, at: datetime) -> Answer:
        together.wait(20)
        return Answer(NoMatch(number, "first", at), (Received("only", b"<nobody/>"),))

    subjects = [company(), person(), person("197701112380")]
    retrieval = Gateway(runtime, [Scripted("first", [answer])]).retrieve(APPLICATION, subjects)
    assert [found.outcome for found in retrieval.answers] == [Outcome.NO_MATCH] * 3


def test_asking_again_for_the_same_application_asks_nobody(
    gateway: Gateway, runtime: Runtime, numbers: list[str]
) -> None:
    """B4, B5: a report is used again for the same application, and every use is recorded."""
    first = gateway.retrieve(APPLICATION, [company(), person()])
    second = gateway.retrieve(APPLICATION, [company(), person()])
    assert [answer.report for answer in second.answers] == [answer.report for answer in first.answers]
    assert second.sha256s == first.sha256s
    assert len(numbers) == 2
    with runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CreditReportUse)) == 4


def test_another_application_uses_the_limited_companys_report_and_asks_about_the_person(
    gateway: Gateway, numbers: list[str]
) -> None:
    """B5: the same company and role: AB 30 days; a person is asked about per purpose."""
    gateway.retrieve(APPLICATION, [company(), person()])
    numbers.clear()
    gateway.retrieve(ANOTHER, [company(), person()])
    assert numbers == ["7701072394"]


def test_a_kept_report_gets_a_fresh_status(
    gateway: Gateway, runtime: Runtime, clock: FixedClock, numbers: list[str]
) -> None:
    """B5: company status is always fresh at the decision; of a question for it nobody gets a copy."""
    about = company("9699990009", CompanyForm.HB)
    first = only(gateway.retrieve(APPLICATION, [about]))
    clock.move_to(clock.now() + timedelta(days=9))
    second = only(gateway.retrieve(APPLICATION, [about]))
    assert isinstance(first.report, CompanyReport)
    assert isinstance(second.report, CompanyReport)
    assert second.report == replace(
        first.report, status=Known(CompanyStatus.ACTIVE, "creditsafe", clock.now(), STATUS_BLOCK)
    )
    assert [row.question for row in rows(runtime)] == ["report", "status"]
    assert len(second.evidence) == 2
    numbers.clear()
    third = only(gateway.retrieve(APPLICATION, [about]))
    assert third.report == second.report
    assert numbers == []


def test_when_the_fresh_status_cannot_be_had_it_is_unknown(runtime: Runtime, clock: FixedClock) -> None:
    """B5, D12: an old status is not taken for a fresh one."""
    with Counted().address() as address:
        without_status = Gateway(runtime, [Creditsafe(settings_for(address))])
        without_status.retrieve(APPLICATION, [company()])
        clock.move_to(clock.now() + timedelta(days=2))
        answer = only(without_status.retrieve(APPLICATION, [company()]))
    assert answer.outcome is Outcome.REPORT
    assert isinstance(answer.report, CompanyReport)
    assert answer.report.status == Unknown("creditsafe", clock.now())
    assert not answer.status_waits


def test_a_status_that_no_bureau_could_be_reached_for_waits(
    gateway: Gateway, runtime: Runtime, clock: FixedClock
) -> None:
    """B5, B8: it may be had later, so nothing has to be settled without it."""
    gateway.retrieve(APPLICATION, [company()])
    clock.move_to(clock.now() + timedelta(days=2))
    nobody = Gateway(runtime, [Scripted("creditsafe", [BureauUnavailable("14")])])
    answer = only(nobody.retrieve(APPLICATION, [company()]))
    assert (answer.outcome, answer.status_waits) == (Outcome.REPORT, True)


def test_the_status_is_asked_for_alone_before_a_payout(gateway: Gateway, runtime: Runtime, clock: FixedClock) -> None:
    """P4: the company's status is at most 7 days old; asking for it needs no new report."""
    answer = gateway.company_status(APPLICATION, company("9699991106", CompanyForm.HB))
    assert isinstance(answer.report, CompanyReport)
    assert answer.report.status == Known(CompanyStatus.BANKRUPT, "creditsafe", clock.now(), STATUS_BLOCK)
    assert [row.question for row in rows(runtime)] == ["status"]
    with pytest.raises(ValueError, match="company"):
        gateway.company_status(APPLICATION, person())


def test_nobody_is_asked_when_a_kept_report_is_a_hard_stop(gateway: Gateway, numbers: list[str]) -> None:
    """B2: nobody is asked when stored register data already give a hard stop."""

    def bankrupt(report: Report) -> bool:
        status = report.status if isinstance(report, CompanyReport) else None
        return isinstance(status, Known) and status.value is CompanyStatus.BANKRUPT

    about = company("5599991105")
    gateway.retrieve(APPLICATION, [about])
    numbers.clear()
    retrieval = gateway.retrieve(APPLICATION, [about, person()], stop=bankrupt)
    assert retrieval.not_asked == (person(),)
    assert [answer.subject for answer in retrieval.answers] == [about]
    assert numbers == []


def test_a_hard_stop_in_a_kept_report_is_looked_up_anew(
    gateway: Gateway, clock: FixedClock, numbers: list[str]
) -> None:
    """B2, B5: the register's status is fresh, and still nobody is asked for a report."""
    gateway.retrieve(APPLICATION, [company("5599991105")])
    clock.move_to(clock.now() + timedelta(days=3))
    numbers.clear()
    retrieval = gateway.retrieve(APPLICATION, [company("5599991105"), person()], stop=lambda _report: True)
    assert retrieval.not_asked == (person(),)
    (report,) = [answer.report for answer in retrieval.answers]
    assert isinstance(report, CompanyReport)
    assert report.status == Known(CompanyStatus.BANKRUPT, "creditsafe", clock.now(), STATUS_BLOCK)
    assert numbers == ["5599991105"]


def test_no_bureau_is_asked_while_a_transaction_is_open(gateway: Gateway, runtime: Runtime) -> None:
    """B5: never a lock held during the call."""
    with runtime.database.transaction(), pytest.raises(RuntimeError, match="no transaction"):
        gateway.retrieve(APPLICATION, [company()])


def test_a_subject_named_twice_is_refused(gateway: Gateway, numbers: list[str]) -> None:
    """A4: the same person cannot be named twice; here it would be a second question."""
    with pytest.raises(ValueError, match="twice"):
        gateway.retrieve(APPLICATION, [person(), replace(person(), purpose="annat")])
    assert numbers == []


@pytest.mark.parametrize(
    ("first", "second_asked"),
    [
        (BureauUnavailable("no-connection"), True),
        (BureauRefused("8"), True),
        (nobody("first"), True),
        (OutcomeUnknown("read-timeout"), False),
    ],
)
def test_the_next_bureau_is_asked_about_a_person_only_when_the_first_certainly_gave_nothing(
    runtime: Runtime, first: Any, second_asked: bool
) -> None:
    """B1: undelivered or no match; a read time-out is unknown and no other is asked."""
    bureaus: list[Bureau] = [Scripted("first", [first]), Scripted("second", [nobody("second")])]
    answer = only(Gateway(runtime, bureaus).retrieve(APPLICATION, [person()]))
    assert [kept.bureau for kept in answer.evidence] == (["first", "second"] if second_asked else ["first"])
    assert question(runtime).bureau == ("second" if second_asked else "first")


def test_the_next_bureau_is_asked_about_a_limited_company_after_a_time_out(runtime: Runtime) -> None:
    """B1: for an AB a read time-out counts as unavailable."""
    bureaus: list[Bureau] = [
        Scripted("first", [OutcomeUnknown("read-timeout")]),
        Scripted("second", [nobody("second")]),
    ]
    answer = only(Gateway(runtime, bureaus).retrieve(APPLICATION, [company()]))
    assert [kept.outcome for kept in answer.evidence] == [Outcome.UNKNOWN, Outcome.NO_MATCH]
    assert answer.outcome is Outcome.UNAVAILABLE


def test_a_retry_asks_only_the_bureau_that_was_unavailable(runtime: Runtime) -> None:
    """B1, B4: the first one has said that it knows nobody."""
    first = Scripted("first", [nobody("first")])
    second = Scripted("second", [BureauUnavailable("no-connection"), nobody("second")])
    gateway = Gateway(runtime, [first, second])
    outcomes = [only(gateway.retrieve(APPLICATION, [person()])).outcome for _ in range(2)]
    assert outcomes == [Outcome.UNAVAILABLE, Outcome.NO_MATCH]
    assert (first.asked, second.asked) == (1, 2)


@pytest.mark.parametrize(
    ("subject", "bureau"),
    [
        (company(), "first"),
        (company("9699990009", CompanyForm.HB), "first"),
        (company("197601092385", CompanyForm.EF), "second"),
        (person(), "third"),
    ],
)
def test_each_group_of_subjects_has_an_order_of_its_own(runtime: Runtime, subject: Any, bureau: str) -> None:
    """B1: a configured order."""
    bureaus = [Scripted(name, [report(name)]) for name in ("first", "second", "third")]
    orders = {
        SubjectGroup.COMPANY: ("first", "second"),
        SubjectGroup.SOLE_TRADER: ("second",),
        SubjectGroup.PERSON: ("third", "first"),
    }
    answer = only(Gateway(runtime, bureaus, orders=orders).retrieve(APPLICATION, [subject]))
    assert [kept.bureau for kept in answer.evidence] == [bureau]
    assert not answer.evidence[0].is_fallback


def test_that_another_bureau_was_asked_instead_is_kept(runtime: Runtime) -> None:
    """B1: the first gave nothing."""
    bureaus = [Scripted("first", [BureauUnavailable("14")]), Scripted("second", [report("second")])]
    answer = only(Gateway(runtime, bureaus).retrieve(APPLICATION, [person()]))
    assert [(kept.bureau, kept.is_fallback) for kept in answer.evidence] == [("first", False), ("second", True)]


@pytest.mark.parametrize("order", [(), ("elsewhere",)])
def test_an_order_names_bureaus_that_are_there(runtime: Runtime, order: tuple[str, ...]) -> None:
    """B1: nobody is left without a bureau to ask."""
    with pytest.raises(ValueError, match="no bureau"):
        Gateway(runtime, [Scripted("first", [nobody("first")])], orders={SubjectGroup.PERSON: order})
