"""Whatever arrives from a bureau: a report, no match, unavailable, refused or unknown, and never a wrong known fact.

A known fact is wrong when the bytes do not say it. Whether they do is told by a second reader of each bureau's answers
(`tests.support.told_by_*`), which is slow, uses another parser where there is one, and knows only where facts stand.
"""

import json
import re
from datetime import UTC, datetime
from functools import cache

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.creditsafe.columns import COMPANY_COLUMNS, PERSON_COLUMNS
from bureau_clients.errors import BureauFailure
from bureau_clients.facts import Known
from bureau_clients.formats import report_from_json, report_to_json
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.reports import CompanyReport, NoMatch, PersonReport, Received, Report, fact_types
from tests.conftest import LONG
from tests.support import bisnode_answers, told_by_bisnode, told_by_creditsafe
from tests.support.creditsafe_answers import COMPANY, COMPANY_ROW, PERSON, PERSON_ROW, answer, odd_answers, row_of
from tests.support.damage import damaged
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import BisnodeSettings, CreditsafeSettings
from underwriting.platform.environment import Secret

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CASES = 50_000 if LONG else 600
"""For each parser: a third of them on AB, EF and persons each, half of these of bytes and half of structure."""

share_of_the_cases = hypothesis.settings(
    max_examples=-(-CASES // 6), deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=not LONG
)


@cache
def creditsafe() -> Creditsafe:
    """A client that asks nobody."""
    return Creditsafe(
        CreditsafeSettings(
            url="https://127.0.0.1:9/getdata/getdata.asmx",
            username="borgen",
            password=Secret("x"),
            company_block="BORGEN_C_CREDIT",
            person_block="BORGEN_P_CREDIT",
            connect_timeout_seconds=1.0,
            read_timeout_seconds=1.0,
        )
    )


@cache
def bisnode() -> Bisnode:
    """A client that asks nobody."""
    return Bisnode(
        BisnodeSettings(
            url="https://127.0.0.1:9",
            token_url="https://127.0.0.1:9/token",
            client_id="borgen",
            client_secret=Secret("x"),
            connect_timeout_seconds=1.0,
            read_timeout_seconds=1.0,
        )
    )


GETDATA_SAMPLES = {
    CompanyForm.AB: [
        answer(COMPANY, [row_of(COMPANY_ROW)]),
        answer(COMPANY, [row_of(COMPANY_ROW), row_of(COMPANY_ROW)]),
        answer(COMPANY, [], code="15"),
        answer(COMPANY, [], code="S231"),
    ],
    CompanyForm.EF: [answer(PERSON[2:], [row_of({**COMPANY_ROW, "ORGNR": PERSON[2:]})])],
    None: [
        answer(PERSON[2:], [row_of(PERSON_ROW)]),
        answer(PERSON[2:], [row_of(PERSON_ROW)], code="S2"),
        answer(PERSON[2:], [], code="S4"),
    ],
}


def number_of(form: CompanyForm | None) -> OrganisationNumber | PersonalNumber:
    return OrganisationNumber(COMPANY) if form is CompanyForm.AB else PersonalNumber(PERSON)


def test_the_samples_are_reports_before_they_are_damaged() -> None:
    """B3: so that damage is done to something."""
    for form, samples in GETDATA_SAMPLES.items():
        report = read_getdata(samples[0], form)
        assert isinstance(report, CompanyReport | PersonReport)
        assert len(known_in(report)) > 12


@pytest.mark.parametrize("form", GETDATA_SAMPLES)
@share_of_the_cases
@given(data=st.data())
def test_no_bytes_of_getdata_make_a_wrong_fact(form: CompanyForm | None, data: st.DataObject) -> None:
    """B3, D13: whatever bytes are flipped, cut out, put in, repeated or spliced."""
    check_getdata(data.draw(damaged(GETDATA_SAMPLES[form])), form)


@pytest.mark.parametrize("form", GETDATA_SAMPLES)
@share_of_the_cases
@given(data=st.data())
def test_no_columns_of_getdata_make_a_wrong_fact(form: CompanyForm | None, data: st.DataObject) -> None:
    """B3, D13: whatever columns are there, how often, in how many rows, with what in them."""
    healthy = PERSON_ROW if form is None else COMPANY_ROW if form is CompanyForm.AB else {**COMPANY_ROW, "ORGNR": ""}
    check_getdata(data.draw(odd_answers(number_of(form).digits, healthy)), form)


def check_getdata(body: bytes, form: CompanyForm | None) -> None:
    report = read_getdata(body, form)
    if isinstance(report, Outcome):
        return
    told = told_by_creditsafe.told(body)
    number = number_of(form).digits
    assert report.number == number
    assert re.sub("[^0-9]", "", told.search_number)[-10:] in ("", number[-10:])
    if isinstance(report, NoMatch):
        assert told.code == "15"
        return
    check_stored(report)
    if isinstance(report, CompanyReport):
        facts = {name: getattr(report, name) for name in fact_types(CompanyReport)}
        assert list(told_by_creditsafe.objections(told, facts, COMPANY_COLUMNS)) == []
    owner = report.owner if isinstance(report, CompanyReport) else report
    if owner is not None:
        facts = {name: getattr(owner, name) for name in fact_types(PersonReport)}
        assert list(told_by_creditsafe.objections(told, facts, PERSON_COLUMNS)) == []


def read_getdata(body: bytes, form: CompanyForm | None) -> Report | Outcome:
    """What *body* gives: a report, or how it fails; any other exception is the test's."""
    received = [Received("getdata", body)]
    try:
        return creditsafe().read(received, kind=QuestionKind.REPORT, number=number_of(form), form=form, at=AT)
    except BureauFailure as failure:
        return failure.outcome


BISNODE_SAMPLES = {
    CompanyForm.AB: bisnode_answers.company(),
    CompanyForm.EF: bisnode_answers.company(bisnode_answers.SOLE_TRADER),
    None: bisnode_answers.person(),
}
NO_MATCH = b'{"status": 404, "statusText": "NOT FOUND", "message": "No such company"}'


@pytest.mark.parametrize("form", BISNODE_SAMPLES)
@share_of_the_cases
@given(data=st.data())
def test_no_bytes_of_bisnode_make_a_wrong_fact(form: CompanyForm | None, data: st.DataObject) -> None:
    """B3, D13: whatever bytes are flipped, cut out, put in, repeated or spliced."""
    samples = [bisnode_answers.written(BISNODE_SAMPLES[form]), json.dumps(BISNODE_SAMPLES[form]).encode(), NO_MATCH]
    check_bisnode(data.draw(damaged(samples)), form)


@pytest.mark.parametrize("form", BISNODE_SAMPLES)
@share_of_the_cases
@given(data=st.data())
def test_no_members_of_bisnode_make_a_wrong_fact(form: CompanyForm | None, data: st.DataObject) -> None:
    """B3, D13: whatever members are there, how often, of what type, with what in them."""
    check_bisnode(data.draw(bisnode_answers.odd_answers(BISNODE_SAMPLES[form])), form)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"companyInformation":' + b"9" * 100_000 + b"}",
        b'{"companyInformation": 1e999999999}',
        b'{"companyInformation": NaN}',
        b"\xff\xfe{\x00}\x00",
        b"<html>",
    ],
)
@pytest.mark.parametrize("form", BISNODE_SAMPLES)
def test_what_is_hostile_tells_nothing(form: CompanyForm | None, body: bytes) -> None:
    """B3, D13: too deep, too long, another encoding, nothing at all."""
    assert read_getdata(body, form) is Outcome.UNKNOWN
    report = read_bisnode(body, form)
    assert report is Outcome.UNKNOWN or not known_in(report)


def check_bisnode(body: bytes, form: CompanyForm | None) -> None:
    report = read_bisnode(body, form)
    if isinstance(report, Outcome):
        return
    told = told_by_bisnode.told(body)
    if isinstance(report, NoMatch):
        said = str(told.get("status") or told.get("statusCode"))
        assert said == "404" or not re.fullmatch("[1-5][0-9]{2}", said)
        assert "companyInformation" not in told
        return
    assert {number[-10:] for number in told_by_bisnode.numbers_in(told, is_person=form is None)} <= {
        number_at_bisnode(form).digits[-10:]
    }
    check_stored(report)
    if isinstance(report, CompanyReport):
        facts = {name: getattr(report, name) for name in fact_types(CompanyReport)}
        assert list(told_by_bisnode.company_objections(told, facts)) == []
        if report.owner is not None:
            facts = {name: getattr(report.owner, name) for name in fact_types(PersonReport)}
            assert list(told_by_bisnode.owner_objections(told, facts)) == []
    else:
        facts = {name: getattr(report, name) for name in fact_types(PersonReport)}
        assert list(told_by_bisnode.person_objections(told, facts)) == []


def number_at_bisnode(form: CompanyForm | None) -> OrganisationNumber | PersonalNumber:
    if form is CompanyForm.AB:
        return OrganisationNumber(bisnode_answers.COMPANY)
    return PersonalNumber(f"19{bisnode_answers.SOLE_TRADER if form else bisnode_answers.PERSON}")


def read_bisnode(body: bytes, form: CompanyForm | None) -> Report | Outcome:
    """What *body* gives: a report, or how it fails; any other exception is the test's."""
    received = [Received("company" if form else "person", body)]
    number = number_at_bisnode(form)
    try:
        return bisnode().read(received, kind=QuestionKind.REPORT, number=number, form=form, at=AT)
    except BureauFailure as failure:
        return failure.outcome


def known_in(report: Report | Outcome) -> list[str]:
    """The names of the facts that are known."""
    assert isinstance(report, CompanyReport | PersonReport)
    return [name for name in fact_types(type(report)) if isinstance(getattr(report, name), Known)]


def check_stored(report: Report) -> None:
    """What was read can be kept, and is the same when it is read again (B6)."""
    kept = json.dumps(report_to_json(report), ensure_ascii=False).encode()
    assert report_from_json(json.loads(kept)) == report
