"""Bisnode's stand-in, asked by a plain HTTP client."""

from typing import Any

import pytest
import requests

from bureau_clients.sandbox.bisnode import COMPANY_PATH, PERSON_PATH, SIGNING_PATH, TOKEN_PATH, create_app
from bureau_clients.sandbox.stand_in import StandIn
from tests.wire.sandbox.conftest import PASSWORD, PATIENCE_SECONDS, Bureaus

ALL = {"risk", "finance", "management", "ownership", "events", "companyInformation"}


def company(bureaus: Bureaus, number: str, **more: Any) -> Any:
    return bureaus.ask_bisnode(COMPANY_PATH, {"registrationNumber": number, **more}).json()


def person(bureaus: Bureaus, number: str) -> Any:
    return bureaus.ask_bisnode(PERSON_PATH, {"nationalIdentificationNumber": number, "language": "sv"}).json()


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        (None, ALL),
        ([], ALL),
        (["RISK", "COMPANY_INFORMATION"], {"risk", "companyInformation"}),
        (["EVENTS"], {"events", "companyInformation"}),
    ],
)
def test_the_wanted_segments_are_told_and_always_the_register(
    bureaus: Bureaus, segments: list[str] | None, told: set[str]
) -> None:
    """X1: as the description of the interface has it; none given are all."""
    more = {} if segments is None else {"segments": segments}
    assert company(bureaus, "5599990008", **more).keys() == told


def test_a_company_is_told_in_the_published_shape(bureaus: Bureaus) -> None:
    """X1: dates in parts, amounts as texts with a currency, figures of accounts as numbers."""
    document = company(bureaus, "5599991063")
    balance = document["risk"]["financialCommitments"]["debtBalance"]["currentDebtBalance"]
    assert balance["publicClaimsAmount"] == {"amount": "30000.00", "currency": "SEK"}
    assert balance["privateClaimsAmount"] == {"amount": "15000.00", "currency": "SEK"}
    statement = document["finance"]["financialStatements"]["financialStatements"][0]
    assert statement["closingPeriod"] == {"year": 2025, "month": 12, "day": 31}
    sheet = statement["balanceSheet"]
    debts = sheet["liabilitiesAndEquity"]["liabilities"]
    assert sheet["assets"]["assetsTotal"] == (
        sheet["liabilitiesAndEquity"]["shareholdersEquity"]["equityTotal"]
        + debts["currentLiabilities"]["currentLiabilitiesTotal"]
        + debts["nonCurrentLiabilities"]["longTermLiabilitiesTotal"]
    )


@pytest.mark.parametrize(
    ("number", "letters"),
    [("5599992004", "AAA"), ("9699992021", "AA"), ("5599992038", "A"), ("5599992137", "AN"), ("5599992145", "NYTT")],
)
def test_the_rating_is_in_letters(bureaus: Bureaus, number: str, letters: str) -> None:
    rating = company(bureaus, number)["risk"]["creditRatings"]["currentCreditRating"]
    assert rating["code"] == letters


@pytest.mark.parametrize(
    ("number", "value", "happened"),
    [
        ("5599990008", "ACTIVE", []),
        ("5599991105", "ACTIVE", ["Konkurs inledd"]),
        ("5599992236", "INACTIVE", ["Fusion genomförd"]),
        ("5599992210", "NOTSTARTED_OR_DORMANT", []),
        ("5599992244", "INACTIVE", ["Avregistrerat"]),
    ],
)
def test_what_became_of_a_company_is_among_its_events(
    bureaus: Bureaus, number: str, value: str, happened: list[str]
) -> None:
    """X1: the newest first; the register's word is of taxes."""
    document = company(bureaus, number, language="SV")
    assert document["companyInformation"]["status"]["value"] == value
    assert [event["description"] for event in document["events"]] == [*happened, "Nyregistrering"]


def test_the_sums_of_remarks_are_whole_though_the_list_is_capped(bureaus: Bureaus) -> None:
    """X1: 20 remarks of 640 000, of which the latest ten are listed."""
    remarks = person(bureaus, "7704112395")["paymentRemarks"]
    assert (remarks["count"], remarks["amount"]["amount"]) == (20, "640000.00")
    assert len(remarks["paymentRemarks"]) == 10
    remarks = company(bureaus, "5599991014")["risk"]["paymentRemarks"]
    assert sum(float(one["amount"]["amount"]) for one in remarks["paymentRemarks"]) == 186_000
    assert remarks["paymentRemarks"][0]["date"] == {"year": 2025, "month": 11, "day": 14}


def test_a_person_without_data_is_told_by_what_is_so(bureaus: Bureaus) -> None:
    assert person(bureaus, "7703242391") == {"personDetails": {"identificationNumber": "7703242391", "deceased": True}}


@pytest.mark.parametrize(
    ("number", "rules"),
    [
        ("5599992608", ["ALONE"]),
        ("5599992616", ["JOINTLY"]),
        ("5599992632", ["ALONE", "JOINTLY", "JOINTLY", "JOINTLY"]),
        ("5599992657", []),
    ],
)
def test_the_right_to_sign_is_rules_and_who_belongs_to_them(bureaus: Bureaus, number: str, rules: list[str]) -> None:
    document = bureaus.ask_bisnode(SIGNING_PATH, {"registrationNumber": number}).json()
    assert [rule["code"] for rule in document["signingRules"]] == rules
    groups = {group["id"] for rule in document["signingRules"] for group in rule["signatoryGroups"]}
    rights = [right for who in document["signatories"] for right in who["signingRights"]]
    assert {right["signatoryGroupId"] for right in rights} == groups
    assert document["company"]["registrationNumber"] == number


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"registrationNumber": "5599991170"}, 404),
        ({"registrationNumber": "5599998324"}, 451),
        ({"registrationNumber": "5599990008", "segments": ["EVERYTHING"]}, 400),
        ({"registrationNumber": "5599990008", "language": "XX"}, 400),
        ({"registrationNumber": "12"}, 400),
        ({}, 400),
        ([], 400),
        ({"registrationNumber": "5599998290"}, 503),
    ],
)
def test_an_error_is_told_by_the_published_model(bureaus: Bureaus, body: Any, status: int) -> None:
    """X1: status, its words, a message, a time and what is wrong with which field."""
    answer = bureaus.ask_bisnode(COMPANY_PATH, body)
    assert answer.status_code == status
    assert answer.json().keys() == {"status", "statusText", "message", "timestamp", "subErrors"}
    assert answer.json()["status"] == status


def test_a_token_is_for_its_scopes_alone(bureaus: Bureaus) -> None:
    """X1: the scopes are checked."""
    token = bureaus.token("credit_data_persons")
    body = {"registrationNumber": "5599990008"}
    assert bureaus.ask_bisnode(COMPANY_PATH, body, token=token).status_code == 403
    asked = {"nationalIdentificationNumber": "7701072394"}
    assert bureaus.ask_bisnode(PERSON_PATH, asked, token=token).status_code == 200
    assert bureaus.ask_bisnode(COMPANY_PATH, body, token="made-up").status_code == 401


@pytest.mark.parametrize(
    ("form", "auth", "status"),
    [
        ({"grant_type": "client_credentials"}, ("borgen", "fel"), 401),
        ({"grant_type": "client_credentials", "client_id": "borgen", "client_secret": PASSWORD}, None, 401),
        ({"grant_type": "password"}, ("borgen", PASSWORD.encode()), 400),
        ({"grant_type": "client_credentials", "scope": "everything"}, ("borgen", PASSWORD.encode()), 400),
    ],
)
def test_no_token_is_given_to_who_does_not_show_itself_by_basic(
    bureaus: Bureaus, form: dict[str, str], auth: Any, status: int
) -> None:
    """X1: a secret in the form is none."""
    answer = requests.post(bureaus.address + TOKEN_PATH, data=form, auth=auth, timeout=PATIENCE_SECONDS)
    assert answer.status_code == status


def test_a_token_ends_when_it_says() -> None:
    """X1: tokens expire."""
    client = create_app(StandIn(username="borgen", password="hemligt", token_seconds=0)).test_client()
    answer = client.post(TOKEN_PATH, data={"grant_type": "client_credentials"}, auth=("borgen", "hemligt")).get_json()
    assert answer["expires_in"] == 0
    header = {"Authorization": f"Bearer {answer['access_token']}"}
    body = {"registrationNumber": "5599990008"}
    assert client.post(COMPANY_PATH, json=body, headers=header).status_code == 401


@pytest.mark.parametrize("number", ["5599990008", "5599991014", "5599992434", "9699992153"])
def test_both_bureaus_tell_the_same(bureaus: Bureaus, number: str) -> None:
    """X1: the same facts at either bureau, each in its own words."""
    here = company(bureaus, number)
    there = bureaus.ask_creditsafe("/getdata", searchnumber=number, blockname="X_C_CREDIT").json()["report"]
    statements = here["finance"]["financialStatements"]["financialStatements"]
    assert [
        (each["incomeStatement"]["turnover"], each["incomeStatement"]["netProfitLoss"], each["fiscalPeriod"])
        for each in statements
    ] == [(each["turnover"], each["netResult"], each["months"]) for each in there["accounts"]]
    members = here["management"]["boardMembers"]["currentBoardMembers"]
    assert [each["entity"]["name"] for each in members] == [each["name"] for each in there["board"]]
    assert here["risk"]["paymentRemarks"]["count"] == there["paymentRemarks"]["count"]
    name = here["companyInformation"]["companyName"]["registeredName"]["name"]
    assert name == there["basicInformation"]["companyName"]
