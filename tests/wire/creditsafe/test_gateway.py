"""The gateway with the real client, the stand-in and the database: what is asked, kept, shared and blocked."""

import hashlib
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bureau_clients.answers import Retrieval, SubjectAnswer
from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown, QuestionNotBlocked
from bureau_clients.facts import Known, Unknown
from bureau_clients.formats import report_from_json
from bureau_clients.gateway import Gateway
from bureau_clients.models import BureauQuestion, CreditReport, CreditReportUse
from bureau_clients.questions import Outcome, QuestionState, Subject, SubjectKind
from bureau_clients.reports import Answer, CompanyReport, CompanyStatus, NoMatch, PersonReport, Report
from bureau_clients.sandbox.creditsafe import StandIn, create_app
from tests.wire.creditsafe.conftest import PASSWORD, served, settings_for
from tests.wire.creditsafe.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock, SystemClock
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

ANOTHER = uuid.UUID("0199c0de-0000-7000-8000-000000000002")


HB_THAT_TIMES_OUT = company("9699999018", CompanyForm.HB)
EF_THAT_TIMES_OUT = company("197612082391", CompanyForm.EF)
PERSON_THAT_TIMES_OUT = person("197707052382")
AB_THAT_TIMES_OUT = company("5599999017")


@dataclass
class Counted:
    """A stand-in that counts the questions it gets, by search number."""

    latency_seconds: float = 0.0
    numbers: list[str] = field(default_factory=list)

    @contextmanager
    def client(self) -> Iterator[Creditsafe]:
        with self.address() as address:
            yield Creditsafe(settings_for(address, status_block="BORGEN_C_BASIC"))

    @contextmanager
    def address(self) -> Iterator[str]:
        stand_in = StandIn(
            username="borgen", password=PASSWORD, latency_seconds=self.latency_seconds, silent_seconds=0.8
        )
        app = create_app(stand_in)

        def counting(environ: dict[str, Any], start_response: Any) -> Any:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.numbers.append(body.decode().partition("SearchNumber>")[2].partition("<")[0])
            return app({**environ, "wsgi.input": _Body(body)}, start_response)

        with served(counting) as address:
            yield address


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, _size: int = -1) -> bytes:
        body, self._body = self._body, b""
        return body


@dataclass
class Scripted:
    """A bureau that answers as it is told, and counts; for what one bureau alone cannot show."""

    name: str
    script: list[Callable[[str, datetime], Answer] | BaseException]
    longest_call: timedelta = timedelta(seconds=5)
    asked: int = 0

    def company(self, number: Any, **asked: Any) -> Answer:
        return self._next(number.digits, asked["at"])

    company_status = company
    person = company

    def explain(self, code: str) -> Text:
        return Text(f"{self.name} säger {code}", f"{self.name} says {code}")

    def _next(self, number: str, at: datetime) -> Answer:
        self.asked += 1
        act = self.script.pop(0)
        if isinstance(act, BaseException):
            raise act
        return act(number, at)


class NoticingClock:
    """The machine's clock, which tells when it was first read."""

    def __init__(self) -> None:
        self.noticed = threading.Event()

    def now(self) -> datetime:
        self.noticed.set()
        return SystemClock().now()


def nobody(bureau: str) -> Callable[[str, datetime], Answer]:
    return lambda number, at: Answer(NoMatch(number, bureau, at), b"<nobody/>")


def rows(runtime: Runtime) -> list[CreditReport]:
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(CreditReport).order_by(CreditReport.id)))


def question(runtime: Runtime) -> BureauQuestion:
    with runtime.database.transaction() as session:
        return session.scalars(sa.select(BureauQuestion)).one()


def only(retrieval: Retrieval) -> SubjectAnswer:
    (answer,) = retrieval.answers
    return answer


def die_while_asking(runtime: Runtime, subject: Subject) -> None:
    """What a process leaves that is killed during the call: the lease, here already run out."""
    killed = Scripted("creditsafe", [KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        Gateway(runtime, [killed]).retrieve(APPLICATION, [subject])
    lapse = sa.update(BureauQuestion).values(
        state=QuestionState.LEASED, leased_until=runtime.wall.now() - timedelta(seconds=1)
    )
    with runtime.database.transaction() as session:
        session.execute(sa.delete(CreditReport))
        session.execute(lapse)


@pytest.fixture(scope="module")
def counted() -> Iterator[tuple[Counted, Creditsafe]]:
    stand_in = Counted()
    with stand_in.client() as client:
        yield stand_in, client


@pytest.fixture
def numbers(counted: tuple[Counted, Creditsafe]) -> list[str]:
    """The numbers that this test's questions were about."""
    counted[0].numbers.clear()
    return counted[0].numbers


@pytest.fixture
def gateway(runtime: Runtime, counted: tuple[Counted, Creditsafe]) -> Gateway:
    return Gateway(runtime, [counted[1]])


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


def test_the_wait_is_that_of_the_slowest(runtime: Runtime) -> None:
    """B2: all reports of an application are asked for at the same time."""
    with Counted(latency_seconds=0.3).client() as client:
        started = time.monotonic()
        Gateway(runtime, [client]).retrieve(APPLICATION, [company(), person(), person("197701112380")])
        taken = time.monotonic() - started
    assert 0.3 <= taken < 2 * 0.3


def test_the_answer_is_kept_as_received_encrypted_with_its_hash(gateway: Gateway, runtime: Runtime) -> None:
    """B6: the decision names the hashes it rests on."""
    retrieval = gateway.retrieve(APPLICATION, [person()])
    (row,) = rows(runtime)
    assert row.raw_encrypted is not None
    assert row.parsed_encrypted is not None
    raw = runtime.cipher.decrypt(row.raw_encrypted, context="credit_report.raw")
    assert raw.startswith(b"<?xml")
    assert row.sha256 == hashlib.sha256(raw).digest()
    assert retrieval.sha256s == (hashlib.sha256(raw).hexdigest(),)
    assert b"7701072394" not in row.raw_encrypted + row.parsed_encrypted
    parsed = runtime.cipher.decrypt_json(row.parsed_encrypted, context="credit_report.parsed")
    assert report_from_json(parsed) == only(retrieval).report


def test_purpose_and_notice_are_on_record_with_every_question(gateway: Gateway, runtime: Runtime) -> None:
    """A6: the reason and the notice's version, per subject; in the row that is written before the call, too."""
    gateway.retrieve(APPLICATION, [person()])
    (row,), asked = rows(runtime), question(runtime)
    assert (row.purpose, row.notice_version) == ("Borgen för kreditansökan", "2026-1")
    assert (asked.purpose, asked.notice_version) == ("Borgen för kreditansökan", "2026-1")


def test_what_is_kept_names_nobody(gateway: Gateway, runtime: Runtime) -> None:
    """B6: a subject is found again by blind index alone."""
    gateway.retrieve(APPLICATION, [person()])
    with runtime.database.transaction() as session:
        texts = [
            text
            for table in ("credit_report", "credit_report_use", "bureau_question")
            for text in session.scalars(sa.text(f"SELECT t::text FROM {table} t"))
        ]
    assert len(texts) == 3
    assert not [text for text in texts if "7701072394" in text or "Almgren" in text]


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
    assert second.report == replace(first.report, status=Known(CompanyStatus.ACTIVE, "creditsafe", clock.now()))
    assert [row.question for row in rows(runtime)] == ["report", "status"]
    assert len(second.evidence) == 2
    numbers.clear()
    third = only(gateway.retrieve(APPLICATION, [about]))
    assert third.report == second.report
    assert numbers == []


def test_when_the_fresh_status_cannot_be_had_it_is_unknown(runtime: Runtime, address: str, clock: FixedClock) -> None:
    """B5, D12: an old status is not taken for a fresh one."""
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
    assert answer.report.status == Known(CompanyStatus.BANKRUPT, "creditsafe", clock.now())
    assert [row.question for row in rows(runtime)] == ["status"]
    with pytest.raises(ValueError, match="company"):
        gateway.company_status(APPLICATION, person())


def test_nobody_is_asked_when_a_kept_report_is_a_hard_stop(gateway: Gateway, numbers: list[str]) -> None:
    """B2: nobody is asked when stored register data already give a hard stop."""

    def bankrupt(report: Report) -> bool:
        return isinstance(report, CompanyReport) and report.status == Known(
            CompanyStatus.BANKRUPT, "creditsafe", report.status.at
        )

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
    assert report.status == Known(CompanyStatus.BANKRUPT, "creditsafe", clock.now())
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


def test_no_match_is_a_reports_answer_and_is_kept(gateway: Gateway, runtime: Runtime) -> None:
    """B3: with its hash, as any answer."""
    answer = only(gateway.retrieve(APPLICATION, [company("5599991170")]))
    assert isinstance(answer.report, NoMatch)
    assert answer.evidence[0].sha256 is not None
    assert question(runtime).state == QuestionState.ANSWERED


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
        Gateway(runtime, [bureau]).retrieve(APPLICATION, [person()])
    (row,) = rows(runtime)
    assert (row.outcome, row.failure_code) == ("unknown", "failed-here")
    assert only(Gateway(runtime, [bureau]).retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
    assert bureau.asked == 1


def test_the_price_of_a_report_is_kept_and_only_of_a_report(
    runtime: Runtime, counted: tuple[Counted, Creditsafe]
) -> None:
    """B6: what was asked, evidence, spend."""
    prices = {("creditsafe", SubjectKind.PERSON): Money.kronor("31.50")}
    gateway = Gateway(runtime, [counted[1]], prices=prices)
    gateway.retrieve(APPLICATION, [person(), person("197704062384"), company()])
    assert {(row.subject_kind, row.outcome): row.cost_ore for row in rows(runtime)} == {
        ("person", "report"): 3150,
        ("person", "no_match"): None,
        ("company", "report"): None,
    }


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
    ("ends", "outcome"),
    [
        (nobody("creditsafe"), Outcome.NO_MATCH),
        (BureauUnavailable("14"), Outcome.UNAVAILABLE),
        (OutcomeUnknown("read-timeout"), Outcome.UNKNOWN),
        (BureauRefused("8"), Outcome.REFUSED),
    ],
)
def test_two_askers_of_one_subject_share_one_question_and_its_outcome(
    committed_runtime: Runtime, ends: Any, outcome: Outcome
) -> None:
    """B5: a row with a lease, never a lock held during the call."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        if isinstance(ends, BureauFailure):
            raise ends
        answered: Answer = ends(number, at)
        return answered

    bureau = Scripted("creditsafe", [answer])
    gateway = Gateway(committed_runtime, [bureau])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        wall = NoticingClock()
        waiting = Gateway(replace(committed_runtime, wall=wall), [bureau])
        second = pool.submit(waiting.retrieve, APPLICATION, [person()])
        assert wall.noticed.wait(10)  # it has found the lease
        go_on.set()
        outcomes = [only(future.result(20)).outcome for future in (first, second)]
    assert outcomes == [outcome, outcome]
    assert bureau.asked == 1


def test_an_answer_that_comes_after_its_lease_is_kept_and_settles_the_doubt(committed_runtime: Runtime) -> None:
    """B4: late, but an answer; nobody is asked about twice."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        return Answer(NoMatch(number, "creditsafe", at), b"<late/>")

    bureau = Scripted("creditsafe", [answer], longest_call=timedelta(0))
    gateway = Gateway(committed_runtime, [bureau])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
        go_on.set()
        assert only(first.result(20)).outcome is Outcome.NO_MATCH
    assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.NO_MATCH
    assert bureau.asked == 1
    assert [row.outcome for row in rows(committed_runtime)] == ["unknown", "no_match"]


def test_a_late_doubt_does_not_block_what_a_person_has_allowed(committed_runtime: Runtime) -> None:
    """B4: a person has decided; nor does the late asker go on to the next bureau."""
    asked, go_on = threading.Event(), threading.Event()

    def fail(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        raise BureauUnavailable("no-connection")

    first = Scripted("first", [fail, nobody("first")], longest_call=timedelta(0))
    second = Scripted("second", [nobody("second")], longest_call=timedelta(0))
    gateway = Gateway(committed_runtime, [first, second])
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
        gateway.allow_another_question(APPLICATION, person(), by="user:1", at=committed_runtime.clock.now())
        go_on.set()
        late.result(20)
    assert (first.asked, second.asked) == (1, 0)
    assert question(committed_runtime).state == QuestionState.OPEN
    assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.NO_MATCH


@pytest.mark.crash
@pytest.mark.parametrize(("number", "then"), [("197707052382", Outcome.UNKNOWN), ("5599999017", Outcome.UNAVAILABLE)])
def test_killing_the_process_that_asks_loses_no_doubt(committed_runtime: Runtime, number: str, then: Outcome) -> None:
    """B4: after the kill a person's question stays unknown and is not asked again; an AB's is."""
    stand_in = Counted()
    subject = person(number) if len(number) == 12 else company(number)
    with stand_in.address() as address:
        arguments = (committed_runtime.database.url, address, number)
        asker = subprocess.Popen([sys.executable, "-m", "tests.wire.creditsafe.asker", *arguments])
        try:
            while not stand_in.numbers:
                assert asker.poll() is None
                time.sleep(0.01)
        finally:
            asker.kill()
            asker.wait()
        later = FixedClock(SystemClock().now() + timedelta(minutes=5))
        gateway = Gateway(replace(committed_runtime, wall=later), [Creditsafe(settings_for(address))])
        assert only(gateway.retrieve(APPLICATION, [subject])).outcome is then
    assert len(stand_in.numbers) == (1 if then is Outcome.UNKNOWN else 2)
    assert rows(committed_runtime)[0].failure_code == "asker-died"
