"""What is kept of questions and answers, and what is on record before a bureau is asked (rules A6, B6)."""

import gzip
import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from bureau_clients import evidence
from bureau_clients.budgets import Prices
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.evidence import EvidenceDamaged
from bureau_clients.formats import report_from_json
from bureau_clients.gateway import Gateway
from bureau_clients.models import BureauQuestion, ReceivedAnswer
from bureau_clients.questions import CopyNotice, QuestionState, Subject
from bureau_clients.reports import Answer, CopySent, NoMatch, Received
from tests.wire.gateway.conftest import Counted
from tests.wire.gateway.scripted import Scripted, nobody, only, question, report, rows
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.runtime import Runtime

HB = company("9699990009", CompanyForm.HB)
EF = company("197601092385", CompanyForm.EF)


def received(runtime: Runtime) -> list[ReceivedAnswer]:
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(ReceivedAnswer).order_by(ReceivedAnswer.position)))


def two_answers(number: str, at: Any) -> Answer:
    parts = (Received("getdata", b"<one/>" * 500), Received("cas-failed", b"<html>"))
    return Answer(NoMatch(number, "first", at), parts)


def test_the_answer_is_kept_as_received_encrypted_with_its_hash(gateway: Gateway, runtime: Runtime) -> None:
    """B6: the decision names the hashes it rests on."""
    retrieval = gateway.retrieve(APPLICATION, [person()])
    (row,), (kept,) = rows(runtime), received(runtime)
    assert kept.body_encrypted is not None
    assert row.parsed_encrypted is not None
    raw = gzip.decompress(runtime.cipher.decrypt(kept.body_encrypted, context="received_answer.body"))
    assert raw.startswith(b"<?xml")
    assert kept.sha256 == hashlib.sha256(raw).digest()
    assert retrieval.sha256s == (hashlib.sha256(raw).hexdigest(),)
    assert b"7701072394" not in kept.body_encrypted + row.parsed_encrypted
    parsed = runtime.cipher.decrypt_json(row.parsed_encrypted, context="credit_report.parsed")
    assert report_from_json(parsed) == only(retrieval).report


def test_every_answer_to_a_question_is_kept_compressed_in_its_order(runtime: Runtime) -> None:
    """B6: those of a supplement that failed, too; the hash is of the bytes as received."""
    retrieval = Gateway(runtime, [Scripted("first", [two_answers])]).retrieve(APPLICATION, [company()])
    kept = received(runtime)
    assert [(row.part, row.position, row.compression) for row in kept] == [
        ("getdata", 0, "gzip"),
        ("cas-failed", 1, "gzip"),
    ]
    assert retrieval.sha256s == tuple(hashlib.sha256(body).hexdigest() for body in (b"<one/>" * 500, b"<html>"))
    assert len(kept[0].body_encrypted or b"") < 200  # of 3 000 bytes
    with runtime.database.transaction() as session:
        answers = evidence.answers_of(session, runtime.cipher, kept[0].credit_report_id)
    assert answers == two_answers("", None).received


def test_what_is_received_with_a_failure_is_kept(runtime: Runtime) -> None:
    """B6: a person reads it to settle the doubt."""
    failed = OutcomeUnknown("not-an-answer", raw=b"<html>busy</html>", part="getdata")
    Gateway(runtime, [Scripted("first", [failed])]).retrieve(APPLICATION, [person()])
    (kept,) = received(runtime)
    assert (kept.part, kept.sha256) == ("getdata", hashlib.sha256(b"<html>busy</html>").digest())


def test_a_changed_answer_is_found_out(runtime: Runtime) -> None:
    """B6: what is read again is what was received."""
    Gateway(runtime, [Scripted("first", [two_answers])]).retrieve(APPLICATION, [company()])
    (kept, _) = received(runtime)
    other = runtime.cipher.encrypt(gzip.compress(b"<other/>"), context="received_answer.body")
    changed = ReceivedAnswer(
        credit_report_id=kept.credit_report_id,
        part="getdata",
        position=2,
        compression="gzip",
        body_encrypted=other,
        sha256=kept.sha256,
    )
    with runtime.database.transaction() as session:
        session.add(changed)
        session.flush()
        with pytest.raises(EvidenceDamaged):
            evidence.answers_of(session, runtime.cipher, kept.credit_report_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE received_answer SET body_encrypted = 'x'",
        "UPDATE received_answer SET sha256 = sha256('x')",
        "UPDATE received_answer SET position = 7",
        "DELETE FROM received_answer",
    ],
)
def test_the_service_can_add_answers_and_change_none(runtime: Runtime, statement: str) -> None:
    """B6: as received; only its bytes may be erased."""
    Gateway(runtime, [Scripted("first", [nobody("first")])]).retrieve(APPLICATION, [company()])
    with pytest.raises(DBAPIError), runtime.database.transaction() as session:
        session.execute(sa.text(statement))


def test_purpose_notice_and_confirmation_are_on_record_with_every_question(gateway: Gateway, runtime: Runtime) -> None:
    """A6: the reason, the notice's version and the instant, in the row that is written before the call, too."""
    gateway.retrieve(APPLICATION, [person()])
    for row in (rows(runtime)[0], question(runtime)):
        assert (row.purpose, row.notice_version) == ("Borgen för kreditansökan", "2026-1")
        assert row.confirmed_at == person().confirmed_at


@pytest.mark.parametrize("subject", [person(), EF])
def test_nobody_is_asked_about_before_they_have_confirmed(
    runtime: Runtime, clock: FixedClock, subject: Subject
) -> None:
    """A6: no report on a person before that person has confirmed; to the second."""
    bureau = Scripted("first", [nobody("first")])
    early = replace(subject, confirmed_at=clock.now() + timedelta(seconds=1))
    gateway = Gateway(runtime, [bureau])
    with pytest.raises(ValueError, match="A6"):
        gateway.retrieve(APPLICATION, [early])
    if subject is EF:
        with pytest.raises(ValueError, match="A6"):
            gateway.company_status(APPLICATION, early)
    assert bureau.asked == 0
    gateway.retrieve(APPLICATION, [replace(subject, confirmed_at=clock.now())])
    assert bureau.asked == 1


@pytest.mark.parametrize(
    ("subject", "confirmed", "leased"),
    [
        (person(), None, False),
        (person(), timedelta(seconds=1), False),
        (person(), timedelta(0), True),
        (EF, None, False),
        (HB, None, True),
        (company(), None, True),
    ],
)
def test_the_database_leases_no_question_about_a_person_who_has_not_confirmed(
    runtime: Runtime, clock: FixedClock, subject: Subject, confirmed: timedelta | None, leased: bool
) -> None:
    """A6: whatever the code does."""
    Gateway(runtime, [Scripted("first", [BureauUnavailable("14")])]).retrieve(APPLICATION, [subject])
    lease = sa.update(BureauQuestion).values(
        state=QuestionState.LEASED,
        leased_until=clock.now(),
        asked_at=clock.now(),
        confirmed_at=None if confirmed is None else clock.now() + confirmed,
    )
    if leased:
        with runtime.database.transaction() as session:
            session.execute(lease)
        return
    with pytest.raises(IntegrityError, match="ck_bureau_question_confirmed"), runtime.database.transaction() as session:
        session.execute(lease)


def test_what_is_kept_names_nobody(counted: tuple[Counted, Creditsafe], runtime: Runtime) -> None:
    """B6: a subject is found again by blind index alone."""
    prices = Prices(tariffs={"creditsafe": TariffSettings(person=Money.kronor(30))})
    Gateway(runtime, [counted[1]], prices=prices).retrieve(APPLICATION, [person()])
    tables = ("credit_report", "credit_report_use", "bureau_question", "received_answer", "bureau_reservation")
    with runtime.database.transaction() as session:
        texts = [text for table in tables for text in session.scalars(sa.text(f"SELECT t::text FROM {table} t"))]
    assert len(texts) == len(tables)
    assert not [text for text in texts if "7701072394" in text or "Almgren" in text]


def test_no_match_is_a_reports_answer_and_is_kept(gateway: Gateway, runtime: Runtime) -> None:
    """B3: with its hash, as any answer."""
    answer = only(gateway.retrieve(APPLICATION, [company("5599991170")]))
    assert isinstance(answer.report, NoMatch)
    assert len(answer.evidence[0].sha256s) == 1
    assert question(runtime).state == QuestionState.ANSWERED


@pytest.mark.parametrize(
    ("subject", "act", "notice"),
    [
        (person(), report("first"), CopyNotice.EXPECTED),
        (HB, report("first"), CopyNotice.EXPECTED),
        (EF, report("first"), CopyNotice.EXPECTED),
        (company(), report("first"), CopyNotice.NONE),
        (person(), report("first", copy_sent=CopySent.YES), CopyNotice.SENT),
        (company(), report("first", copy_sent=CopySent.YES), CopyNotice.SENT),  # the board is named in it
        (person(), report("first", copy_sent=CopySent.NO), CopyNotice.NOT_SENT),
        (company(), report("first", copy_sent=CopySent.NO), CopyNotice.NONE),
        (person(), nobody("first"), CopyNotice.NONE),
        (person(), BureauUnavailable("14"), CopyNotice.NONE),
        (person(), BureauRefused("8"), CopyNotice.NONE),
        (person(), OutcomeUnknown("read-timeout"), CopyNotice.POSSIBLE),
        (company(), OutcomeUnknown("read-timeout"), CopyNotice.NONE),
    ],
)
def test_whether_the_subject_is_told_by_a_copy_is_kept(
    runtime: Runtime, subject: Subject, act: Any, notice: CopyNotice
) -> None:
    """B4, law 1973:1173, 11 §: everybody but an AB; what the bureau says of it comes first."""
    answer = only(Gateway(runtime, [Scripted("first", [act])]).retrieve(APPLICATION, [subject]))
    assert [kept.copy_notice for kept in answer.evidence] == [notice]


def test_no_copy_is_sent_of_a_register_status(runtime: Runtime) -> None:
    """B5: status questions tell nobody, whether they are answered or lost."""
    gateway = Gateway(runtime, [Scripted("first", [report("first"), OutcomeUnknown("http-500")])])
    for _ in range(2):
        gateway.company_status(APPLICATION, HB)
    assert [row.copy_notice for row in rows(runtime)] == ["none", "none"]


def test_how_long_the_bureau_took_is_kept_and_only_where_it_was_asked(runtime: Runtime) -> None:
    """B6: by the machine, whatever test time says."""
    Gateway(runtime, [Scripted("first", [OutcomeUnknown("read-timeout"), nobody("first")])]).retrieve(
        APPLICATION, [company()]
    )
    Gateway(runtime, [Scripted("first", [nobody("first")])]).retrieve(APPLICATION, [company()])  # left alone now
    timed, left_alone = rows(runtime)
    assert timed.milliseconds is not None
    assert timed.milliseconds < 5000
    assert (left_alone.failure_code, left_alone.milliseconds) == ("breaker-open", None)


@pytest.mark.parametrize(
    ("subject", "until"),
    [(person(), date(2027, 3, 2)), (EF, date(2027, 3, 2)), (HB, date(2028, 3, 2)), (company(), date(2028, 3, 2))],
)
def test_when_an_answer_may_be_erased_is_settled_as_it_arrives(runtime: Runtime, subject: Subject, until: date) -> None:
    """K2: received on 2 March 2026; a natural person's is kept for one year, a company's for two."""
    answer = only(Gateway(runtime, [Scripted("first", [report("first")])]).retrieve(APPLICATION, [subject]))
    assert [kept.retained_until for kept in answer.evidence] == [until]


def test_everything_asked_about_a_number_is_found(runtime: Runtime, clock: FixedClock) -> None:
    """B6: the newest first, of all applications or one; a register status is no report."""
    gateway = Gateway(runtime, [Scripted("first", [BureauUnavailable("14"), report("first")])])
    gateway.retrieve(APPLICATION, [HB])
    clock.move_to(clock.now() + timedelta(minutes=1))
    gateway.retrieve(APPLICATION, [HB])
    gateway.company_status(APPLICATION, HB)
    with runtime.database.transaction() as session:
        found = evidence.about(session, runtime.cipher, HB.number.digits)
        none = evidence.about(session, runtime.cipher, HB.number.digits, application_id=report_id(found))
    assert [str(told.evidence.outcome) for told in found] == ["report", "unavailable"]
    assert found[0].report is not None
    assert none == ()


def report_id(found: tuple[evidence.Told, ...]) -> Any:
    """An id that is no application's."""
    return found[0].evidence.report_id
