"""The stand-in answers what BankID answers, also to those who ask wrongly."""

import base64
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.bankid_stand_in import ANNA, BankIdWorld

VISIBLE = base64.b64encode("Räksmörgås".encode()).decode()
SIGN = {"endUserIp": "192.0.2.7", "userVisibleData": VISIBLE}


@pytest.fixture
def party(world: BankIdWorld) -> Iterator[httpx.Client]:
    certificates = world.certificates
    context = ssl.create_default_context(cafile=str(certificates.ca))
    context.load_cert_chain(certificates.client_certificate, certificates.client_key)
    with httpx.Client(base_url=world.base_url, verify=context, trust_env=False) as party:
        yield party


@pytest.mark.parametrize(
    ("call", "body", "details"),
    [
        ("auth", {}, "Incorrect endUserIp"),
        ("auth", {"endUserIp": "localhost"}, "Incorrect endUserIp"),
        ("auth", {"endUserIp": "192.0.2.7", "extra": 1}, "Unknown parameter"),
        ("auth", {"endUserIp": "192.0.2.7", "userVisibleData": "A" * 1504}, "Invalid parameter userVisibleData"),
        ("sign", {"endUserIp": "192.0.2.7"}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userVisibleData": ""}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userVisibleData": "åäö"}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userVisibleData": "QUJD\n"}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userVisibleData": "A" * 40_004}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userVisibleData": 7}, "Invalid parameter userVisibleData"),
        ("sign", {**SIGN, "userNonVisibleData": "A" * 200_004}, "Invalid parameter userNonVisibleData"),
        ("sign", {**SIGN, "requirement": {"personalNumber": "7902092381"}}, "Incorrect personalNumber"),
        ("sign", {**SIGN, "requirement": {"shoeSize": 42}}, "Invalid parameter requirement"),
        ("collect", {}, "Incorrect orderRef"),
        ("collect", {"orderRef": 7}, "Incorrect orderRef"),
        ("collect", {"orderRef": "nobody"}, "No such order"),
        ("cancel", {"orderRef": "nobody"}, "No such order"),
    ],
)
def test_a_wrong_parameter_is_named(party: httpx.Client, call: str, body: dict[str, Any], details: str) -> None:
    response = party.post(call, json=body)
    assert (response.status_code, response.json()) == (400, {"errorCode": "invalidParameters", "details": details})


def test_texts_of_exactly_the_longest_length_are_taken(party: httpx.Client) -> None:
    body = {**SIGN, "userVisibleData": "A" * 40_000, "userNonVisibleData": "A" * 200_000}
    assert party.post("sign", json=body).status_code == 200


def test_a_body_that_is_no_json_object_is_refused(party: httpx.Client) -> None:
    for content in (b"", b"{", b"[]", b"\xff"):
        response = party.post("auth", content=content, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["errorCode"]) == (400, "invalidParameters")


def test_another_content_type_method_or_path_has_its_own_code(party: httpx.Client) -> None:
    form = party.post("auth", data={"endUserIp": "192.0.2.7"})
    assert (form.status_code, form.json()["errorCode"]) == (415, "unsupportedMediaType")
    read = party.get("auth")
    assert (read.status_code, read.json()["errorCode"]) == (405, "methodNotAllowed")
    lost = party.post("authenticate", json={})
    assert (lost.status_code, lost.json()["errorCode"]) == (404, "notFound")


def test_an_order_in_progress_has_its_own_code(party: httpx.Client) -> None:
    body = {**SIGN, "requirement": {"personalNumber": ANNA.digits}}
    assert party.post("sign", json=body).status_code == 200
    again = party.post("sign", json=body)
    assert (again.status_code, again.json()["errorCode"]) == (400, "alreadyInProgress")


def test_a_new_order_has_four_different_references(party: httpx.Client) -> None:
    answer = party.post("sign", json=SIGN).json()
    assert set(answer) == {"orderRef", "autoStartToken", "qrStartToken", "qrStartSecret"}
    assert len(set(answer.values())) == 4


def test_the_final_answer_has_completion_data_and_no_hint(world: BankIdWorld, party: httpx.Client) -> None:
    order = party.post("sign", json=SIGN).json()
    world.act(f"orders/{order['autoStartToken']}/sign", {"personal_number": ANNA.digits})
    answer = party.post("collect", json={"orderRef": order["orderRef"]}).json()
    assert set(answer) == {"orderRef", "status", "completionData"}
    assert set(answer["completionData"]) == {"user", "device", "bankIdIssueDate", "signature", "ocspResponse"}
    assert answer["completionData"]["user"] == {
        "personalNumber": "197902092381",
        "name": "Anna Lindqvist",
        "givenName": "Anna",
        "surname": "Lindqvist",
    }
    assert answer["completionData"]["bankIdIssueDate"] == "2025-03-02"  # a year before the stand-in's day
