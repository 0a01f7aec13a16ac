"""The erasure of what bureaus answered: what is due, what is held, what stays (rule K2)."""

import uuid
from collections.abc import Collection
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bureau_clients import evidence, retention
from bureau_clients.budgets import Prices
from bureau_clients.errors import OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.models import CreditReport, ReceivedAnswer
from bureau_clients.questions import Outcome
from bureau_clients.retention import Erased, erase_due
from tests.wire.gateway.scripted import Scripted, only, report, rows
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.money import Money
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.runtime import Runtime

ANOTHER = uuid.UUID("0199c0de-0000-7000-8000-000000000002")
DUE = date(2027, 3, 2)  # a person's; a company's is due in 2028
DUE_OF_A_COMPANY = date(2028, 3, 2)


def nobody_holds(_session: Session, _applications: Collection[uuid.UUID]) -> Collection[uuid.UUID]:
    return ()


def held_by(*held: uuid.UUID) -> Any:
    return lambda _session, applications: set(held) & set(applications)


def erase(runtime: Runtime, on: date, held: Any = nobody_holds) -> Erased:
    return erase_due(runtime, on=on, at=runtime.clock.now(), held=held)


def ask(runtime: Runtime, *subjects: Any, application: uuid.UUID = APPLICATION) -> tuple[str, ...]:
    """Ask about *subjects*; the hashes of what was received."""
    bureau = Scripted("first", [report("first")])
    return Gateway(runtime, [bureau]).retrieve(application, list(subjects)).sha256s


def kept_bodies(runtime: Runtime) -> list[bool]:
    """Of each answer received, whether its bytes are there."""
    with runtime.database.transaction() as session:
        answers = session.scalars(sa.select(ReceivedAnswer).order_by(ReceivedAnswer.id)).all()
        session.expire_all()
        return [answer.body_encrypted is not None for answer in answers]


def test_an_answer_is_erased_on_its_day_and_no_sooner(runtime: Runtime) -> None:
    """K2: the row, the hash, the outcome and the cost stay; nobody can read the report any more."""
    (sha256,) = ask(runtime, person())
    assert erase(runtime, date(2027, 3, 1)) == Erased(0, 0)
    assert erase(runtime, DUE) == Erased(1, 0)
    (row,) = rows(runtime)
    assert (row.outcome, row.parsed_encrypted, row.erased_at) == ("report", None, runtime.clock.now())
    assert kept_bodies(runtime) == [False]
    with runtime.database.transaction() as session:
        (told,) = evidence.of_application(session, runtime.cipher, APPLICATION)
        answers = evidence.answers_of(session, runtime.cipher, told.evidence.report_id)
    assert (told.report, told.evidence.sha256s, answers) == (None, (sha256,), ())
    assert erase(runtime, DUE) == Erased(0, 0)


def test_what_was_received_with_a_failure_is_erased_too(runtime: Runtime) -> None:
    """K2: it may say as much about the person."""
    failed = OutcomeUnknown("another-subject", raw=b"<html/>")
    Gateway(runtime, [Scripted("first", [failed])]).retrieve(APPLICATION, [person()])
    assert erase(runtime, DUE) == Erased(1, 0)
    assert kept_bodies(runtime) == [False]


def test_each_kind_of_subject_has_its_day(runtime: Runtime) -> None:
    """K2: a person's answer goes after one year, the company's of the same application after two."""
    ask(runtime, company(), person())
    assert erase(runtime, DUE) == Erased(1, 0)
    assert sorted(kept_bodies(runtime)) == [False, True]
    assert erase(runtime, DUE_OF_A_COMPANY) == Erased(1, 0)


def test_what_an_application_holds_on_to_is_kept_until_it_lets_go(runtime: Runtime) -> None:
    """K2: the agreement that was granted on it runs."""
    ask(runtime, person())
    assert erase(runtime, DUE, held_by(APPLICATION)) == Erased(0, 1)
    assert kept_bodies(runtime) == [True]
    assert erase(runtime, DUE, held_by(ANOTHER)) == Erased(1, 0)


def test_an_application_that_used_an_answer_holds_on_to_it_too(runtime: Runtime) -> None:
    """B5, K2: an AB's report serves another application, which is the one that led to an agreement."""
    ask(runtime, company())
    ask(runtime, company(), application=ANOTHER)
    assert len(rows(runtime)) == 1
    assert erase(runtime, DUE_OF_A_COMPANY, held_by(ANOTHER)) == Erased(0, 1)


def test_all_that_is_due_is_erased_however_much_it_is(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """K2: in transactions of some each; the held ones are passed over."""
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for number in range(5):
        ask(runtime, person(), application=uuid.UUID(int=number))
    assert erase(runtime, DUE, held_by(uuid.UUID(int=0), uuid.UUID(int=3))) == Erased(3, 2)
    assert sum(kept_bodies(runtime)) == 2


def test_an_erased_report_serves_no_application(runtime: Runtime) -> None:
    """B5, K2: it is as if it had not been asked for."""
    ask(runtime, company())
    erase(runtime, DUE_OF_A_COMPANY)
    bureau = Scripted("first", [report("first")])
    assert only(Gateway(runtime, [bureau]).retrieve(APPLICATION, [company()])).outcome is Outcome.REPORT
    assert bureau.asked == 1


def test_the_database_keeps_a_report_until_it_is_erased(runtime: Runtime) -> None:
    """B6: what was read is gone only with the instant at which it was erased."""
    ask(runtime, person())
    with pytest.raises(IntegrityError, match="ck_credit_report_parsed"), runtime.database.transaction() as session:
        session.execute(sa.update(CreditReport).values(parsed_encrypted=None))


def test_the_cost_outlives_the_answer(runtime: Runtime) -> None:
    """K2: accounting and statistics read no answer."""
    prices = Prices(tariffs={"first": TariffSettings(person=Money.kronor(30))})
    Gateway(runtime, [Scripted("first", [report("first")])], prices=prices).retrieve(APPLICATION, [person()])
    erase(runtime, DUE)
    with runtime.database.transaction() as session:
        (told,) = evidence.of_application(session, runtime.cipher, APPLICATION)
    assert (told.evidence.outcome, told.evidence.cost) == (Outcome.REPORT, Money.kronor(30))
