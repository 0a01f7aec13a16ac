"""The real client against the stand-in that the sandbox runs: every number's story is told as it is."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.serving import make_server

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import CompanyReport, CompanyStatus, PersonReport
from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.bisnode import StandIn, create_app
from bureau_clients.sandbox.facts import CompanyFacts, Form, PersonFacts, PersonRegister, Register
from bureau_clients.sandbox.invented import is_person
from bureau_clients.sandbox.magic import Group, MagicNumber
from tests.wire.bisnode.conftest import CLIENT, SECRET, settings_for
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FORMS = {Form.AB: CompanyForm.AB, Form.HB: CompanyForm.HB, Form.KB: CompanyForm.KB, Form.EF: CompanyForm.EF}
STATUSES: Mapping[Register, CompanyStatus | None] = {
    Register.ACTIVE: CompanyStatus.ACTIVE,
    Register.INACTIVE: CompanyStatus.INACTIVE,
    Register.DORMANT: CompanyStatus.INACTIVE,
    Register.BANKRUPT: CompanyStatus.BANKRUPT,
    Register.LIQUIDATION: CompanyStatus.LIQUIDATION,
    Register.RECONSTRUCTION: CompanyStatus.RECONSTRUCTION,
    Register.MERGING: CompanyStatus.ACTIVE,  # until the merger is concluded
    Register.STRUCK_OFF: CompanyStatus.DEREGISTERED,
    Register.LIQUIDATION_OVER: CompanyStatus.DEREGISTERED,
    Register.MERGER_OVER: CompanyStatus.DEREGISTERED,
    Register.BANKRUPTCY_OVER: CompanyStatus.DEREGISTERED,
    Register.INACTIVE_BY_CODE: CompanyStatus.INACTIVE,
    Register.UNLISTED: None,
}
FAULTY = {Group.FAULTS_AT_CREDITSAFE, Group.FAULTS_AT_BISNODE, Group.FAULTS_AT_BOTH, Group.SUPPLEMENTS}
STORIES = [row for row in numbers.magic_numbers() if row.group not in FAULTY and row.trouble is None]
COMPANIES = [row for row in STORIES if not is_person(row.number)]
TRADERS = [row for row in STORIES if row.group is Group.SOLE_TRADERS]
PERSONS = [row for row in STORIES if row.group is Group.PERSONS]


@pytest.fixture(scope="module")
def bisnode() -> Iterator[Bisnode]:
    """The real client, which asks for the right to sign too."""
    app = create_app(StandIn(username=CLIENT, password=SECRET))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Bisnode(settings_for(f"http://127.0.0.1:{server.server_port}", right_to_sign=True))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def number_of(row: MagicNumber) -> str:
    return row.number


@pytest.mark.parametrize("row", COMPANIES, ids=number_of)
def test_a_company_is_told_as_its_story_has_it(bisnode: Bisnode, row: MagicNumber) -> None:
    """D13: known where it is told, unknown where it is left out."""
    facts = numbers.company(row.number)
    form = FORMS.get(facts.form, CompanyForm.AB)
    report = bisnode.company(OrganisationNumber(row.number), form=form, reference="ref", at=AT).report
    assert isinstance(report, CompanyReport)
    assert told_of_company(report, row) == so_of_company(facts, row)
    assert len(known(report.accounts) or ()) == (0 if "accounts" in row.untold else len(facts.accounts))
    assert len(known(report.board) or ()) == (0 if "board" in row.untold else len(facts.board))
    right = known(report.signing_right)
    assert (right.coverage.value if right else "none") == facts.signing.coverage.value
    ways = {frozenset(who.name for who in way) for way in (right.alternatives if right else ())}
    assert ways == {frozenset(who.name for who in way) for way in facts.signing.alternatives}


@pytest.mark.parametrize("row", TRADERS, ids=number_of)
def test_a_sole_trader_is_told_as_its_story_has_it(bisnode: Bisnode, row: MagicNumber) -> None:
    """B1: with the facts of the owner."""
    facts = numbers.company(row.number)
    report = bisnode.company(PersonalNumber(row.number), form=CompanyForm.EF, reference="ref", at=AT).report
    assert isinstance(report, CompanyReport)
    assert report.owner is not None
    assert facts.owner is not None
    assert told_of_company(report, row) == so_of_company(facts, row)
    assert known(report.owner.name) == facts.owner.name
    assert known(report.owner.deceased) is (facts.owner.person_register is PersonRegister.DECEASED)
    assert known(report.owner.payment_remark_count) == known(report.payment_remark_count)
    for fact, is_so in yes_or_no_of(facts.owner).items():
        assert known(getattr(report.owner, fact)) in ((True,) if is_so else (None, False)), fact


@pytest.mark.parametrize("row", PERSONS, ids=number_of)
def test_a_person_is_told_as_the_story_has_it(bisnode: Bisnode, row: MagicNumber) -> None:
    """B7: what a register says of a person is a fact."""
    facts = numbers.person(row.number)
    report = bisnode.person(PersonalNumber(row.number), reference="ref", at=AT).report
    assert isinstance(report, PersonReport)
    for fact, is_so in yes_or_no_of(facts).items():
        assert known(getattr(report, fact)) in ((True,) if is_so else (None, False)), fact
    if facts.person_register is PersonRegister.ORDINARY or row.with_data:
        so = {
            "name": facts.name,
            "payment_remark_count": facts.remark_count,
            "payment_remark_sum": Money.kronor(facts.remark_sum),
            "latest_payment_remark_on": facts.latest_remark_on,
            "kronofogden_debt": Money.kronor(facts.debt),
            "income": None if facts.income is None else Money.kronor(facts.income),
            "scoring": facts.scoring,
        }
        assert {fact: known(getattr(report, fact)) for fact in so} == without_untold(so, row)


def test_an_income_or_a_score_that_there_is_none_of_is_absent(bisnode: Bisnode) -> None:
    """D13: known to be absent, not unknown."""
    for row in PERSONS:
        facts = numbers.person(row.number)
        report = bisnode.person(PersonalNumber(row.number), reference="ref", at=AT).report
        assert isinstance(report, PersonReport)
        if facts.person_register is PersonRegister.ORDINARY and facts.income is None and "income" not in row.untold:
            assert isinstance(report.income, Absent), row.number


def test_the_status_alone_is_told_as_in_the_whole_report(bisnode: Bisnode) -> None:
    """B5: the fresh status at a decision, for every standing of a company in the register."""
    for row in COMPANIES:
        facts = numbers.company(row.number)
        form = FORMS.get(facts.form, CompanyForm.AB)
        number = OrganisationNumber(row.number)
        whole = bisnode.company(number, form=form, reference="ref", at=AT).report
        alone = bisnode.company_status(number, form=form, reference="ref", at=AT).report
        assert isinstance(whole, CompanyReport)
        assert isinstance(alone, CompanyReport)
        assert known(alone.status) == known(whole.status), row.number
        assert isinstance(alone.payment_remark_count, Unknown)


def told_of_company(report: CompanyReport, row: MagicNumber) -> dict[str, Any]:
    return {name: known(getattr(report, name)) for name in so_of_company(numbers.company(row.number), row)}


def so_of_company(facts: CompanyFacts, row: MagicNumber) -> dict[str, Any]:
    """What is so of a company, by the names of a report's facts; None is not known."""
    so = {
        "name": facts.name,
        "form": FORMS.get(facts.form),
        "status": status_of(facts),
        "registered_on": facts.registered_on,
        "f_tax": facts.f_tax,
        "vat": facts.vat,
        "employer": facts.employer,
        "employees": facts.employees,
        "credit_limit": None if facts.credit_limit is None else Money.kronor(facts.credit_limit),
        "payment_remark_count": facts.remark_count,
        "payment_remark_sum": Money.kronor(facts.remark_sum),
        "latest_payment_remark_on": facts.latest_remark_on,
        "kronofogden_debt": Money.kronor(facts.debt),
        "kronofogden_public_debt": Money.kronor(facts.public_debt),
        "kronofogden_private_debt": Money.kronor(facts.private_debt),
        "bankruptcy": facts.bankrupt,
        "distraint": facts.distraint,
    }
    return without_untold(so, row)


def status_of(facts: CompanyFacts) -> CompanyStatus | None:
    """A pending petition for bankruptcy leaves it to a person."""
    is_petitioned = facts.points == "-29" and facts.register is Register.ACTIVE
    return None if is_petitioned else STATUSES.get(facts.register)


def without_untold(so: Mapping[str, Any], row: MagicNumber) -> dict[str, Any]:
    """What is told: a part that is left out leaves out what is read from it."""
    lost = {
        "remark_count": ("payment_remark_count", "payment_remark_sum", "latest_payment_remark_on"),
        "remark_sum": ("payment_remark_sum",),
        "latest_remark_on": ("latest_payment_remark_on",),
        "debt": ("kronofogden_debt", "kronofogden_public_debt", "kronofogden_private_debt"),
        "public_debt": ("kronofogden_debt", "kronofogden_public_debt"),
        "private_debt": ("kronofogden_debt", "kronofogden_private_debt"),
        "income": ("income",),
    }
    gone = {name for untold in row.untold for name in lost.get(untold, ())}
    return {name: None if name in gone else value for name, value in so.items()}


def yes_or_no_of(facts: PersonFacts) -> Mapping[str, bool]:
    register = facts.person_register
    return {
        "protected": register is PersonRegister.PROTECTED,
        "emigrated": register is PersonRegister.EMIGRATED,
        "deceased": register is PersonRegister.DECEASED,
        "blocked": register is PersonRegister.BLOCKED,
        "number_retired": register in (PersonRegister.DEREGISTERED, PersonRegister.NUMBER_CHANGED),
        "trustee": facts.trustee,
        "debt_restructuring": facts.debt_restructuring,
        "trading_prohibition": facts.trading_prohibition,
        "dormant_coordination_number": facts.dormant_coordination_number,
    }


def known(fact: Any) -> Any:
    return fact.value if isinstance(fact, Known) else None
