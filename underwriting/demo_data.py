"""What `borgen up` puts into the sandbox: staff, a sanctions list of invented people, four applications to look at."""

from collections.abc import Mapping, Sequence
from importlib import resources

import structlog

from agreements.signing.sandbox.people import Person
from bureau_clients.sandbox.numbers import magic_number
from underwriting.demo.cast import (
    AB,
    ANNA,
    ERIK,
    EVA,
    GUNNAR,
    KARL,
    KB,
    MARIA,
    SARA,
    STAFF,
    UNDERWRITER,
    Applicant,
)
from underwriting.demo.people import Citizen, Employee
from underwriting.demo.staff import add_missing_staff
from underwriting.demo.wire import Refused, Unexpected, Wire
from underwriting.due_diligence.services import load_list
from underwriting.kernel.errors import NotPermitted
from underwriting.kernel.identifiers import Bankgiro, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

TO_TRY = ("5599990016", "9699990009", "197601092385", "5599991071", "5599991105", "9699991007")
"""Companies that the three applications leave alone."""

_log = structlog.get_logger(__name__)


class DemoDataForbidden(NotPermitted):
    """Demo data have known passwords: they are for the sandbox only. Rule X1."""

    slug = "demo-data-forbidden"
    title = Text("Demodata finns bara i sandlådan", "Demo data exist in the sandbox only")
    rule = "X1"


def load(runtime: Runtime) -> Sequence[Mapping[str, str]]:
    """Add what is missing, and tell who can log in and which numbers can be tried.

    The applications are sent to the running service, once. Raises DemoDataForbidden outside the sandbox.
    """
    if not runtime.settings.sandbox:
        raise DemoDataForbidden
    add_missing_staff(runtime)
    _load_first_list(runtime)
    web = Wire(runtime.settings.base_url, "sv")
    try:
        staff = Employee(UNDERWRITER, web, runtime.clock.now)
        if not web.get("/v1/applications?limit=1", token=staff.token)["items"]:
            for applicant in _APPLICANTS:
                _apply(runtime, web, applicant)
    except (Refused, Unexpected) as error:  # the log-ins are good without them
        _log.warning("demo_applications_missing", error=str(error))
    return [*_log_ins(), *_people(), *_companies()]


_APPLICANTS = (
    Applicant(  # approved: waits for Anna's signatures
        form=CompanyForm.AB,
        number="559999-0008",
        signatory=ANNA,
        guarantors=(ANNA,),
        bankgiro=AB.bankgiro,
        asked=Money.kronor(200_000),
        term_months=12,
        revenue=Money.kronor(400_000),
        costs=Money.kronor(310_000),
        debt_payments=Money.kronor(15_000),
    ),
    Applicant(  # four payment remarks: referred to the underwriters' queue
        form=CompanyForm.AB,
        number=AB.number,
        signatory=ERIK,
        guarantors=(ERIK,),
        bankgiro=AB.bankgiro,
        asked=AB.asked,
        term_months=AB.term_months,
        revenue=AB.revenue,
        costs=AB.costs,
        debt_payments=AB.debt_payments,
    ),
    Applicant(  # a counter-offer: waits for Gunnar
        form=CompanyForm.KB,
        number=KB.number,
        signatory=GUNNAR,
        guarantors=(GUNNAR,),
        bankgiro=KB.bankgiro,
        asked=KB.asked,
        term_months=KB.term_months,
        revenue=KB.revenue,
        costs=KB.costs,
        debt_payments=KB.debt_payments,
    ),
    Applicant(  # its guarantor is called much like somebody on the sanctions list: waits for two underwriters
        form=CompanyForm.AB,
        number="559999-0099",
        signatory=SARA,
        guarantors=(SARA,),
        bankgiro=Bankgiro("59990143"),
        asked=AB.asked,
        term_months=AB.term_months,
        revenue=AB.revenue,
        costs=AB.costs,
        debt_payments=AB.debt_payments,
    ),
)


def _load_first_list(runtime: Runtime) -> None:
    """Put the list of invented people in force, unless there is one."""
    with runtime.database.transaction() as session:
        if load_list.list_in_force(session) is not None:
            return
    with resources.files("underwriting.demo").joinpath("sanctions.xml").open("rb") as file:
        load_list.load(runtime, file, actor="demo", tell=lambda _: None)


def _apply(runtime: Runtime, web: Wire, applicant: Applicant) -> None:
    """Who signs is the only guarantor, so that the worker decides at once."""
    if runtime.settings.bankid.app_url is None:
        raise Unexpected("there is no stand-in for BankID")
    app = Wire(runtime.settings.bankid.app_url, "sv")
    draft = web.send("POST", "/v1/applications", applicant.body())
    started = web.send("POST", f"/v1/applications/{draft['id']}/submit", token=draft["access_secret"])
    Citizen(applicant.signatory, web, app, runtime.clock.now).carry_out(started)


def _log_ins() -> list[dict[str, str]]:
    return [{"who": str(member.role), "username": member.username, "password": member.password} for member in STAFF]


def _people() -> list[dict[str, str]]:
    """Persons who log in with the stand-in's BankID; the first ones have something waiting."""
    waiting: Mapping[Person, str] = {
        ANNA: ": agreement to sign",
        ERIK: ": application with an underwriter",
        GUNNAR: ": counter-offer to accept",
        SARA: ": application with an underwriter",
    }
    return [
        {
            "who": "BankID",
            "number": PersonalNumber(person.personal_number).formatted,
            "what": person.name + waiting.get(person, ""),
        }
        for person in (ANNA, ERIK, GUNNAR, SARA, MARIA, KARL, EVA)
    ]


def _companies() -> list[dict[str, str]]:
    found = ((number, magic_number(number)) for number in TO_TRY)
    return [
        {"who": "company", "number": f"{number[:-4]}-{number[-4:]}", "what": magic.what.en}
        for number, magic in found
        if magic is not None
    ]
