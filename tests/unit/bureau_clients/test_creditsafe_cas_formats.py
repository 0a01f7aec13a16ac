"""What is read as CAS's answer, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.creditsafe.cas_formats import CasAnswer, Templates, read_decision, read_templates
from bureau_clients.creditsafe.envelopes import NotAnAnswer, SoapFault
from bureau_clients.reports import Verdict

COMPANY = "CasCompanyService"


def answer(content: str, *, operation: str = COMPANY) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation}Response xmlns="https://webservice.creditsafe.se/CAS/">'
        f"<{operation}Result>{content}</{operation}Result></{operation}Response></s:Body></s:Envelope>"
    ).encode()


def errors(*codes: str) -> str:
    listed = "".join(f"<ERROR><Cause_of_Reject>{code}</Cause_of_Reject></ERROR>" for code in codes)
    return f"<ErrorList>{listed}</ErrorList>"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("1", Verdict.APPROVED),
        (" 1 ", Verdict.APPROVED),
        ("2", Verdict.REJECTED),
        ("4", Verdict.MANUAL),
        ("3", None),
        ("0", None),
        ("", None),
        ("11", None),
        ("Godkänd", None),
    ],
)
def test_a_status_that_nobody_told_us_of_is_no_verdict(status: str, verdict: Verdict | None) -> None:
    """B7, D13: 1 is approved, 2 rejected, 4 for a person; what 3 says is not known."""
    read = read_decision(answer(f"<Org_nr>5599990008</Org_nr><Status>{status}</Status>"), operation=COMPANY)
    assert read == CasAnswer("5599990008", verdict, (), None)


def test_reasons_have_a_letter_and_errors_of_the_service_are_numbers() -> None:
    """B3: both stand in one list."""
    read = read_decision(answer("<Status>2</Status>" + errors("P24", "C30", "P24", " S2 ")), operation=COMPANY)
    assert (read.reasons, read.error_code) == (("P24", "C30", "S2"), None)
    read = read_decision(answer("<Status>2</Status>" + errors("P24", "8")), operation=COMPANY)
    assert (read.reasons, read.error_code) == (("P24",), "8")


def test_a_reason_that_is_no_code_goes_no_further() -> None:
    """B6: no message holds a bureau's text."""
    read = read_decision(answer("<Status>2</Status>" + errors("Astrid har skulder")), operation=COMPANY)
    assert read.reasons == ("unlisted",)


@pytest.mark.parametrize(
    "listed",
    [
        "<ErrorList/>",
        "<ErrorList><ERROR/></ErrorList>",
        '<ErrorList><ERROR xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></ErrorList>',
        "",
    ],
)
def test_an_empty_list_of_errors_holds_none(listed: str) -> None:
    read = read_decision(answer(f"<Status>1</Status>{listed}"), operation=COMPANY)
    assert (read.verdict, read.reasons, read.error_code) == (Verdict.APPROVED, (), None)


def test_a_person_is_named_by_another_element() -> None:
    body = answer("<Personnr>7701072394</Personnr><Status>4</Status>", operation="CasPersonService")
    assert read_decision(body, operation="CasPersonService").number == "7701072394"
    with pytest.raises(NotAnAnswer):
        read_decision(body, operation=COMPANY)


def test_the_accounts_templates_are_read_with_whom_they_are_for() -> None:
    listed = "".join(
        f"<Template><TemplateName>{name}</TemplateName><ReportType>{kind}</ReportType>"
        "<ValidateAddress>false</ValidateAddress></Template>"
        for name, kind in (("C1", "Company"), ("P1", "Consumer"))
    )
    body = answer(f"<templates>{listed}</templates>", operation="GetTemplateList")
    assert read_templates(body) == Templates(frozenset({("C1", "Company"), ("P1", "Consumer")}), None)
    body = answer("<error><Cause_of_Reject>9</Cause_of_Reject></error>", operation="GetTemplateList")
    assert read_templates(body) == Templates(frozenset(), "9")
    assert read_templates(answer("<error/><templates/>", operation="GetTemplateList")) == Templates(frozenset(), None)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_in_another_way(body: bytes) -> None:
    for read in (read_templates, lambda raw: read_decision(raw, operation=COMPANY)):
        with pytest.raises((NotAnAnswer, SoapFault)):
            read(body)
