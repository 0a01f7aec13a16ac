"""Bureaus that answer as they are told, and what a test looks up afterwards."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bureau_clients.answers import Retrieval, SubjectAnswer
from bureau_clients.bureau import Bureau, Check
from bureau_clients.facts import Unknown
from bureau_clients.gateway import Gateway
from bureau_clients.limits import BreakerPolicy
from bureau_clients.models import BureauBreaker, BureauQuestion, BureauReservation, CreditReport
from bureau_clients.questions import QuestionState, Subject
from bureau_clients.reports import Answer, CompanyReport, CopySent, NoMatch, PersonReport, Received, Report, fact_types
from tests.wire.gateway.subjects import APPLICATION
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.text import Text
from underwriting.platform.runtime import Runtime

Act = Callable[[str, datetime], Answer] | BaseException
NEVER_LEFT_ALONE = BreakerPolicy(failures=1000, pause=timedelta(0))
"""For what would otherwise not be asked again at once."""


@dataclass
class Scripted:
    """A bureau that answers as it is told, the last line again and again, and counts."""

    name: str
    script: list[Act]
    longest_call: timedelta = timedelta(seconds=5)
    numbers: list[str] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def asked(self) -> int:
        """How often anything was."""
        return len(self.numbers)

    def company(self, number: Any, **asked: Any) -> Answer:
        with self._lock:
            self.numbers.append(number.digits)
            act = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(act, BaseException):
            raise act
        return act(number.digits, asked["at"])

    company_status = company
    person = company

    def read(self, received: Any, *, number: Any, at: datetime, **_asked: Any) -> Report:
        """What the answers say today: the last line of the script."""
        assert received
        act = self.script[-1]
        if isinstance(act, BaseException):
            raise act
        return act(number.digits, at).report

    def check(self) -> tuple[Check, ...]:
        return ()

    def explain(self, code: str) -> Text:
        return Text(f"{self.name} säger {code}", f"{self.name} says {code}")


class NoticingClock:
    """The machine's clock, which tells when it was first read."""

    def __init__(self) -> None:
        self.noticed = threading.Event()

    def now(self) -> datetime:
        self.noticed.set()
        return SystemClock().now()


def nobody(bureau: str) -> Act:
    """The bureau knows no such number."""
    return lambda number, at: Answer(NoMatch(number, bureau, at), (Received("only", b"<nobody/>"),))


def report(bureau: str, *, copy_sent: CopySent = CopySent.NOT_TOLD, body: bytes = b"<report/>", **facts: Any) -> Act:
    """A report on whoever is asked about, of which nothing is known but *facts*."""

    def answer(number: str, at: datetime) -> Answer:
        unknown = Unknown(bureau, at)
        found: Report
        if len(number) == 10:
            known = dict.fromkeys(fact_types(CompanyReport), unknown) | facts
            found = CompanyReport(number=number, owner=None, **known)
        else:
            found = PersonReport(number=number, **(dict.fromkeys(fact_types(PersonReport), unknown) | facts))
        return Answer(found, (Received("only", body),), copy_sent)

    return answer


def only(retrieval: Retrieval) -> SubjectAnswer:
    (answer,) = retrieval.answers
    return answer


def rows(runtime: Runtime) -> list[CreditReport]:
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(CreditReport).order_by(CreditReport.id)))


def question(runtime: Runtime) -> BureauQuestion:
    with runtime.database.transaction() as session:
        return session.scalars(sa.select(BureauQuestion)).one()


def breaker(runtime: Runtime, bureau: str = "first") -> BureauBreaker | None:
    with runtime.database.transaction() as session:
        return session.get(BureauBreaker, bureau, populate_existing=True)


def reservations(runtime: Runtime) -> list[tuple[str, int, bool]]:
    """Bureau, öre and whether it is settled, of every question."""
    with runtime.database.transaction() as session:
        found = session.scalars(sa.select(BureauReservation).order_by(BureauReservation.bureau))
        return [(row.bureau, row.amount_ore, row.settled) for row in found]


def die_while_asking(runtime: Runtime, subject: Subject, bureau: str = "creditsafe", **terms: Any) -> None:
    """What a process leaves that is killed during the call: the lease, here already run out."""
    killed = Scripted(bureau, [KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        Gateway(runtime, [cast(Bureau, killed)], **terms).retrieve(APPLICATION, [subject])
    lapse = sa.update(BureauQuestion).values(
        state=QuestionState.LEASED, leased_until=runtime.wall.now() - timedelta(seconds=1)
    )
    with runtime.database.transaction() as session:
        session.execute(sa.delete(CreditReport))
        session.execute(lapse)
