"""Creditsafe's client in front of its stand-in, and a bureau that can be exchanged while a test runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from werkzeug.serving import make_server

from bureau_clients.bureau import Bureau, Check
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import Answer, Received, Report
from bureau_clients.sandbox.creditsafe import PATH, StandIn, create_app
from tests.support.serving import serving
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import CreditsafeSettings
from underwriting.platform.environment import Secret

_PASSWORD = "creditsafe-password"
NOWHERE = f"http://127.0.0.1:9{PATH}"
"""Where nothing answers."""


def creditsafe_at(url: str) -> Creditsafe:
    """The real client; half a second is the longest that it waits."""
    settings = CreditsafeSettings(
        url=url,
        username="borgen",
        password=Secret(_PASSWORD),
        company_block="BORGEN_C_CREDIT",
        person_block="BORGEN_P_CREDIT",
        connect_timeout_seconds=0.5,
        read_timeout_seconds=0.5,
        status_block="BORGEN_C_BASIC",
    )
    return Creditsafe(settings)


@contextmanager
def creditsafe_stand_in() -> Iterator[str]:
    """The address of a running stand-in, whose slow answers are in time and whose silence is not."""
    app = create_app(StandIn(username="borgen", password=_PASSWORD, slow_seconds=0.1, silent_seconds=1.0))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}{PATH}"
    server.server_close()


@dataclass
class Exchangeable:
    """A bureau behind which another can be put; counts what it was asked, by the subject's number."""

    behind: Bureau
    asked: list[str] = field(default_factory=list)
    name: str = "creditsafe"

    @property
    def longest_call(self) -> timedelta:
        return self.behind.longest_call

    def company(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        self.asked.append(number.digits)
        return self.behind.company(number, form=form, reference=reference, at=at)

    def company_status(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        self.asked.append(f"status of {number.digits}")
        return self.behind.company_status(number, form=form, reference=reference, at=at)

    def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:
        self.asked.append(number.digits)
        return self.behind.person(number, reference=reference, at=at)

    def read(
        self,
        received: Sequence[Received],
        *,
        kind: QuestionKind,
        number: OrganisationNumber | PersonalNumber,
        form: CompanyForm | None,
        at: datetime,
    ) -> Report:
        return self.behind.read(received, kind=kind, number=number, form=form, at=at)

    def check(self) -> tuple[Check, ...]:
        return self.behind.check()

    def explain(self, code: str) -> Text:
        return self.behind.explain(code)
