"""Creditsafe's stand-in over SOAP, asked by zeep with the description that the stand-in serves."""

from typing import Any

import pytest
import zeep

from tests.wire.sandbox.conftest import PASSWORD, Bureaus


def account(**changes: str) -> dict[str, str]:
    return {"UserName": "borgen", "Password": PASSWORD, "TransactionId": "t-7", "Language": "SWE", **changes}


@pytest.fixture(scope="session")
def getdata(running: Bureaus) -> Any:
    """GetData as its WSDL has it."""
    return zeep.Client(f"{running.address}/getdata/getdata.asmx?wsdl").service  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def cas(running: Bureaus) -> Any:
    """CAS as its WSDL has it."""
    return zeep.Client(f"{running.address}/CAS/cas_service.asmx?wsdl").service  # type: ignore[no-untyped-call]


def row(answer: Any) -> Any:
    return answer.Parameters["_value_1"]["_value_1"][0]["GETDATA_RESPONSE"]


def ask(getdata: Any, block: str, number: str, **changes: str) -> Any:
    return getdata.GetDataBySecure({"account": account(**changes), "Block_Name": block, "SearchNumber": number})


def test_a_company_has_five_years_and_a_board_in_numbered_columns(getdata: Any) -> None:
    """X1: the stand-in speaks the wire protocol: the inline schema describes every column."""
    found = row(ask(getdata, "X_C_CREDIT", "5599990008"))
    assert (found["ORGNR"], found["RATING"], found["COMPANY_STATUS"]) == ("5599990008", "88", "Aktiv")
    closed = [found[f"ACC{year}_DATE"] for year in range(1, 6)]
    assert closed == ["2025-12-31", "2024-12-31", "2023-12-31", "2022-12-31", "2021-12-31"]
    assert int(found["ACC1_TURNOVER"]) * 1000 == int(found["TURNOVER"])
    assert found["BOARD1_FUNCTION"] == "Ordförande"


def test_debts_and_petitions_are_told_apart(getdata: Any) -> None:
    """X1: 30 000 of public and 15 000 of private debt are 45 000; nine petitions of 412 000."""
    found = row(ask(getdata, "X_C_CREDIT", "5599991063"))
    assert [found[f"DEBT_SUM{part}"] for part in ("", "_PUBLIC", "_PRIVATE")] == ["45000", "30000", "15000"]
    found = row(ask(getdata, "X_C_CREDIT", "5599992285"))
    assert (found["PETITION_NUMBER"], found["PETITION_SUM"], found["DISTRAINT"]) == ("9", "412000", "Nej")


def test_a_basic_block_has_register_data_alone(getdata: Any) -> None:
    """X1: the block decides what is told."""
    found = row(ask(getdata, "X_C_BASIC", "9699991106"))
    assert found["COMPANY_STATUS"] == "Konkurs inledd"
    assert not hasattr(found, "ROP_NUMBER1")


def test_what_is_untold_has_no_column(getdata: Any) -> None:
    """X1: an unknown fact is one that the answer does not have."""
    found = row(ask(getdata, "X_P_CREDIT", "7702022398"))
    assert not any(hasattr(found, name) for name in ("ROP_NUMBER1", "DEBT_SUM", "INCOME"))
    assert found["SCORING"]


@pytest.mark.parametrize(
    ("block", "number", "code"),
    [
        ("X_C_CREDIT", "5599991170", "15"),
        ("X_C_CREDIT", "5599992236", "S241"),
        ("X_C_CREDIT", "5599991162", "S333"),
        ("X_P_CREDIT", "7703242391", "S4"),
        ("X_C_CREDIT", "7601192391", "S4"),
        ("X_CREDIT", "5599990008", "11"),
        ("X_P_CREDIT", "5599990008", "11"),
        ("X_C_CREDIT", "5599999306", "11"),
        ("X_C_CREDIT", "559999", "15"),
    ],
)
def test_an_error_comes_in_the_place_of_data(getdata: Any, block: str, number: str, code: str) -> None:
    """X1: business errors have status 200."""
    answer = ask(getdata, block, number)
    assert (answer.Error.Cause_of_Reject, answer.Parameters) == (code, None)


def test_a_register_status_may_come_with_data(getdata: Any) -> None:
    """X1: S2 and S6 do where the block allows it."""
    answer = ask(getdata, "X_P_CREDIT", "7703312392")
    assert answer.Error.Cause_of_Reject == "S6"
    assert (row(answer)["EMIGRATED"], row(answer)["EMIGRATED_DATE"]) == ("Ja", "2025-02-01")


def test_a_wrong_password_is_told_even_of_a_number_that_breaks_off(getdata: Any) -> None:
    """X1: who is not let in learns nothing of anybody."""
    assert ask(getdata, "X_C_CREDIT", "5599999033", Password="fel").Error.Cause_of_Reject == "9"


@pytest.mark.parametrize(
    ("operation", "request_name", "template", "number", "status", "reasons"),
    [
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599990008", "1", None),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599992707", "2", ["C24"]),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599992715", "4", ["C51"]),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599992723", "3", None),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599992731", "2", ["C24", "C10", "C12"]),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599991147", "2", ["S291", "C24"]),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_P1", "5599990008", "2", ["12"]),
        ("CasCompanyService", "cas_company", "BORGEN_CAS_C1", "5599991170", "2", ["15"]),
        ("CasPersonService", "cas_person", "BORGEN_CAS_P1", "7701072394", "1", None),
        ("CasPersonService", "cas_person", "BORGEN_CAS_P1", "7703242391", "2", ["S4"]),
        ("CasPersonService", "cas_person", "BORGEN_CAS_P1", "5599990008", "2", ["15"]),
    ],
)
def test_a_template_says_what_it_makes_of_somebody(
    cas: Any, operation: str, request_name: str, template: str, number: str, status: str, reasons: list[str] | None
) -> None:
    """X1: 1 approved, 2 rejected, 4 for a person to look at, and a status that nobody knows."""
    asked = {"account": account(), "SearchNumber": number, "Templates": template}
    answer = cas[operation](**{request_name: asked})
    assert (answer.Status, answer.TemplateNames, answer.TransactionId) == (status, template, "t-7")
    assert (answer.ErrorList and [each.Cause_of_Reject for each in answer.ErrorList.ERROR]) == reasons


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("NotSet", ["BORGEN_CAS_C1", "BORGEN_CAS_P1"]),
        ("Company", ["BORGEN_CAS_C1"]),
        ("Consumer", ["BORGEN_CAS_P1"]),
    ],
)
def test_the_templates_of_the_account_are_listed(cas: Any, wanted: str, names: list[str]) -> None:
    """X1: the check of the credentials that costs nothing."""
    answer = cas.GetTemplateList({"Account": account(), "ReportType": wanted})
    assert [each.TemplateName for each in answer.templates.Template] == names
    answer = cas.GetTemplateList({"Account": account(UserName="nobody"), "ReportType": wanted})
    assert (answer.error.Cause_of_Reject, answer.templates) == ("9", None)


def test_what_was_asked_is_remembered(bureaus: Bureaus, getdata: Any, cas: Any) -> None:
    """X1: with operation, kind, block or template, number, reference and outcome."""
    ask(getdata, "X_P_CREDIT", "7701072394")
    ask(getdata, "X_C_CREDIT", "5599991170")
    cas.CasPersonService(cas_person={"account": account(), "SearchNumber": "7701072394", "Templates": "BORGEN_CAS_P1"})
    assert [
        (one.question.operation, str(one.question.kind), one.question.what, one.question.number, one.outcome)
        for one in bureaus.control.questions("creditsafe")
    ] == [
        ("GetDataBySecure", "person", "X_P_CREDIT", "7701072394", "answered"),
        ("GetDataBySecure", "company", "X_C_CREDIT", "5599991170", "no_match"),
        ("CasPersonService", "opinion", "BORGEN_CAS_P1", "7701072394", "answered"),
    ]
    assert {one.question.reference for one in bureaus.control.questions("creditsafe")} == {"t-7"}
