"""Nobody decides on a company or a person that is themselves (rule D8).

Who is a party is told by the application and by the bureaus: the company or sole trader, who signs for it, its owners,
board, partners and management, and the guarantors. Persons are compared by blind index, never by number.
"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from bureau_clients import evidence
from bureau_clients.facts import Known
from bureau_clients.reports import CompanyReport
from underwriting.applications.models import Application
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.services.gather_case import parties_of
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

_WHOLE_NUMBER = 12
_CENTURIES = ("", "19", "20")
"""What a personal number may lack that a bureau writes with ten digits."""


def forbid_oneself(session: Session, runtime: Runtime, application: Application, caller: Caller) -> None:
    """Raise DecidingOnOneself when *caller* is a party to the application."""
    if caller.own_index is None:
        return
    if caller.own_index in parties_of(runtime, body_of(session, runtime.cipher, application)):
        raise DecidingOnOneself
    if caller.own_index in _told_of(session, runtime, application):
        raise DecidingOnOneself


def _told_of(session: Session, runtime: Runtime, application: Application) -> frozenset[bytes]:
    """Everybody who has a place in the company by what bureaus have told of it."""
    reports = (told.report for told in evidence.of_application(session, runtime.cipher, application.id))
    told = {number for report in reports if isinstance(report, CompanyReport) for number in _numbers_in(report)}
    whole = (century + number for number in told for century in _CENTURIES if len(century + number) == _WHOLE_NUMBER)
    return frozenset(map(runtime.cipher.blind_index, whole))


def _numbers_in(report: CompanyReport) -> Iterator[str]:
    if isinstance(report.board, Known):
        yield from (member.number for member in report.board.value if member.number)
    if isinstance(report.signing_right, Known):
        for alternative in report.signing_right.value.alternatives:
            yield from (signatory.number for signatory in alternative if signatory.number)
    if report.owner is not None:
        yield report.owner.number
