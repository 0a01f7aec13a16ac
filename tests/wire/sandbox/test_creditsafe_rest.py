"""Creditsafe's newer interface at its stand-in, asked by a plain HTTP client."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from bureau_clients.sandbox.creditsafe import create_app
from bureau_clients.sandbox.stand_in import StandIn
from tests.wire.sandbox.conftest import Bureaus

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def report(bureaus: Bureaus, number: str, block: str = "X_C_CREDIT", **query: str) -> Any:
    return bureaus.ask_creditsafe("/getdata", searchnumber=number, blockname=block, **query).json()


def test_a_company_is_reported_in_sections(bureaus: Bureaus) -> None:
    """X1: `basicInformation` as it is published; figures are numbers, days are ISO's."""
    document = report(bureaus, "5599990008", language="sv", transactionid="t-7")
    basic = document["report"]["basicInformation"]
    assert basic["organizationNumber"] == "5599990008"
    assert basic["companyType"] == {"code": "AB", "description": "Aktiebolag"}
    assert basic["taxInformation"]["fTax"]["registered"] is True
    assert document["report"]["rating"]["value"] == 88
    closed = [year["closingDate"][:4] for year in document["report"]["accounts"]]
    assert closed == ["2025", "2024", "2023", "2022", "2021"]
    assert document["metaData"]["resource"] == "getdata"


@pytest.mark.parametrize(
    ("number", "block", "gets_letter"),
    [
        ("5599990008", "X_C_CREDIT", False),
        ("9699990009", "X_C_CREDIT", True),
        ("9699990009", "X_C_BASIC", False),
        ("7601092385", "X_C_CREDIT", True),
        ("7701072394", "X_P_CREDIT", True),
    ],
)
def test_the_answer_tells_whether_a_letter_goes_out(
    bureaus: Bureaus, number: str, block: str, gets_letter: bool
) -> None:
    """X1: to everybody but an AB, of a credit report."""
    assert report(bureaus, number, block)["metaData"]["lodCreated"] is gets_letter


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"searchnumber": "5599991170"}, 404, "15"),
        ({"searchnumber": "5599990008", "blockname": "CREDIT"}, 400, "11"),
        ({"searchnumber": "5599990008", "language": "de"}, 400, "R1"),
        ({"searchnumber": "5599999298"}, 403, "7"),
        ({"searchnumber": "5599991139"}, 200, "S231"),
        ({"searchnumber": "5599999165"}, 200, "8"),
    ],
)
def test_an_error_has_its_status_and_its_code(bureaus: Bureaus, query: dict[str, str], status: int, code: str) -> None:
    """X1: as the interface's documentation has them."""
    answer = bureaus.ask_creditsafe("/getdata", **{"blockname": "X_C_CREDIT", **query})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_register_status_may_come_with_data(bureaus: Bureaus) -> None:
    document = report(bureaus, "7703152392", "X_P_CREDIT")
    assert (document["error"]["code"], document["report"]["basicInformation"]["protected"]) == ("S2", True)


@pytest.mark.parametrize(
    ("number", "coverage", "alternatives"),
    [
        ("5599992608", "complete", [1]),
        ("5599992616", "complete", [2]),
        ("5599992624", "complete", [1, 1, 1]),
        ("5599992632", "complete", [1, 2, 2, 2]),
        ("5599992640", "partial", [1]),
        ("5599992657", "none", []),
        ("5599992665", "none", []),
    ],
)
def test_the_right_to_sign_is_a_list_of_those_who_sign_together(
    bureaus: Bureaus, number: str, coverage: str, alternatives: list[int]
) -> None:
    """X1: single, joint, either, in part, in words and not told."""
    (right,) = bureaus.ask_creditsafe("/getsignatory", searchnumber=number).json()["report"]
    assert (right["companyId"], right["coverage"]) == (number, coverage)
    assert [len(each) for each in right["combinations"]] == alternatives


def test_without_a_good_token_nothing_is_told(bureaus: Bureaus) -> None:
    """X1: a token that was never given."""
    answer = bureaus.ask_creditsafe("/getdata", token="made-up", searchnumber="5599990008", blockname="X_C_CREDIT")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "R3")
    answer = bureaus.ask_creditsafe("/getdata", token="", searchnumber="5599990008", blockname="X_C_CREDIT")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "R2")


class Clock:
    """A clock that a test moves."""

    at = NOON

    def now(self) -> datetime:
        return self.at


def client_at(clock: Clock) -> FlaskClient:
    return create_app(StandIn(username="borgen", password="hemligt", now=clock.now)).test_client()


def test_a_token_is_good_for_an_hour() -> None:
    """X1: and not a second longer."""
    clock = Clock()
    client = client_at(clock)
    token = client.post("/v1/authenticate", json={"username": "borgen", "password": "hemligt"}).get_json()["token"]
    ask = {"query_string": {"searchnumber": "5599990008", "blockname": "X_C_CREDIT"}}
    clock.at = NOON + timedelta(minutes=59, seconds=59)
    assert client.get("/getdata", headers={"Authorization": f"Bearer {token}"}, **ask).status_code == 200
    clock.at = NOON + timedelta(hours=1)
    answer = client.get("/getdata", headers={"Authorization": f"Bearer {token}"}, **ask)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "R4")


def test_after_five_wrong_tries_nobody_is_let_in_for_five_minutes() -> None:
    """X1: the same wrong try, five times within two minutes; the right password is another try."""
    clock = Clock()
    client = client_at(clock)
    wrong = {"username": "borgen", "password": "fel"}
    statuses = []
    for _ in range(6):
        statuses.append(client.post("/v1/authenticate", json=wrong).status_code)
        clock.at += timedelta(seconds=20)
    assert statuses == [401] * 5 + [429]
    assert client.post("/v1/authenticate", json={**wrong, "password": "hemligt"}).status_code == 200
    clock.at += timedelta(minutes=5)
    assert client.post("/v1/authenticate", json=wrong).status_code == 401


def test_wrong_tries_with_time_between_them_lock_nobody_out() -> None:
    """X1: five within two minutes are too many, five within five are not."""
    clock = Clock()
    client = client_at(clock)
    for _ in range(8):
        assert client.post("/v1/authenticate", json={"username": "borgen", "password": "fel"}).status_code == 401
        clock.at += timedelta(seconds=60)


@pytest.mark.parametrize("body", [None, {}, {"username": "borgen"}, {"username": 1, "password": 2}, []])
def test_what_is_no_log_in_is_a_bad_request(bureaus: Bureaus, body: Any) -> None:
    client = client_at(Clock())
    assert client.post("/v1/authenticate", json=body).status_code == 400
