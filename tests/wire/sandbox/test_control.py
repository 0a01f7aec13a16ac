"""The control endpoint, over HTTP."""

from typing import Any

import pytest
import requests
from flask import Flask

from bureau_clients.sandbox.control import Control, control_panel
from bureau_clients.sandbox.faults import Fault
from bureau_clients.sandbox.questions import Kind
from tests.wire.sandbox.conftest import PATIENCE_SECONDS, Bureaus
from tests.wire.sandbox.test_faults import ask_json, ask_xml


def call(bureaus: Bureaus, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{bureaus.address}/control/{path}", json=body, timeout=PATIENCE_SECONDS)


def test_a_fault_is_for_so_many_questions_of_one_kind(bureaus: Bureaus) -> None:
    """X1: and the other bureau is left alone."""
    body = {"fault": "server_error", "kind": "company", "times": 2}
    made = call(bureaus, "POST", "creditsafe/faults", body)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in body} == body
    assert ask_xml(bureaus, "7701072394", block="X_P_CREDIT").status_code == 200
    assert [ask_xml(bureaus).status_code for _ in range(3)] == [500, 500, 200]
    assert ask_json(bureaus).status_code == 200
    assert call(bureaus, "GET", "creditsafe/faults").json() == {"faults": []}


def test_a_fault_is_for_one_number_until_it_is_taken_back(bureaus: Bureaus) -> None:
    """X1: with or without the century, and however the number is written."""
    call(bureaus, "POST", "creditsafe/faults", {"fault": "not_handled", "number": "19770107-2394"})
    assert [ask_xml(bureaus, "7701072394", block="X_P_CREDIT").status_code for _ in range(2)] == [503, 503]
    assert ask_xml(bureaus).status_code == 200
    (set_,) = call(bureaus, "GET", "creditsafe/faults").json()["faults"]
    assert call(bureaus, "DELETE", f"creditsafe/faults/{set_['id']}").status_code == 204
    assert ask_xml(bureaus, "7701072394", block="X_P_CREDIT").status_code == 200


def test_the_latest_fault_goes_first_and_a_set_one_before_a_numbers_own(bureaus: Bureaus) -> None:
    for fault in ("server_error", "too_many"):
        call(bureaus, "POST", "creditsafe/faults", {"fault": fault, "times": 1})
    assert [ask_xml(bureaus, "5599999041").status_code for _ in range(3)] == [429, 500, 503]


def test_all_faults_of_a_bureau_are_taken_back_at_once(bureaus: Bureaus) -> None:
    for bureau in ("creditsafe", "bisnode"):
        call(bureaus, "POST", f"{bureau}/faults", {"fault": "server_error", "kind": "company"})
    assert call(bureaus, "DELETE", "creditsafe/faults").status_code == 204
    assert (ask_xml(bureaus).status_code, ask_json(bureaus).status_code) == (200, 500)


def test_a_tokens_fault_leaves_no_token(bureaus: Bureaus) -> None:
    """X1: the kind `token`."""
    call(bureaus, "POST", "bisnode/faults", {"fault": "server_error", "kind": "token", "times": 1})
    with pytest.raises(requests.JSONDecodeError):
        bureaus.token()
    assert bureaus.token()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": "flood"},
        {"fault": "legal_reasons"},
        {"fault": "slow", "kind": "horse"},
        {"fault": "slow", "times": 0},
        {"fault": "slow", "times": "2"},
        {"fault": "slow", "times": True},
        {"fault": "slow", "number": 5599990008},
        {"fault": "slow", "when": "now"},
        {"fault": []},
        [],
        None,
    ],
)
def test_what_cannot_be_set_is_refused(bureaus: Bureaus, body: Any) -> None:
    answer = call(bureaus, "POST", "creditsafe/faults", body)
    assert answer.status_code == 422
    assert "cannot be set" in answer.json()["error"]
    assert bureaus.control.faults("creditsafe") == ()


def test_there_are_two_bureaus(bureaus: Bureaus) -> None:
    assert call(bureaus, "GET", "upplysningen/faults").status_code == 404


def test_what_was_asked_can_be_read_and_forgotten(bureaus: Bureaus) -> None:
    """X1: operation, kind, what, number, reference, time and outcome."""
    ask_xml(bureaus)
    (asked,) = call(bureaus, "GET", "creditsafe/questions").json()["questions"]
    assert asked.pop("at").endswith("+00:00")
    assert asked == {
        "operation": "GetDataBySecure",
        "kind": "company",
        "what": "X_C_CREDIT",
        "number": "5599990008",
        "reference": "t",
        "outcome": "answered",
    }
    assert call(bureaus, "DELETE", "creditsafe/questions").status_code == 204
    assert call(bureaus, "GET", "creditsafe/questions").json() == {"questions": []}


def test_only_this_machine_is_answered() -> None:
    """X1: whatever address the service listens on."""
    control = Control()
    app = Flask("control")
    app.register_blueprint(control_panel(control))
    client = app.test_client()
    for address, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403), ("", 403)):
        answer = client.get("/control/bisnode/faults", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status


def test_tests_need_no_http() -> None:
    """X1: the same by calls."""
    control = Control()
    first = control.inject("bisnode", Fault.SILENT, kind=Kind.PERSON, times=3)
    second = control.inject("bisnode", Fault.CUT)
    control.take_back("bisnode", first.id)
    assert control.faults("bisnode") == (second,)
