"""Granted agreements over HTTP: signed, shown, drawn on; with the routes of these features alone."""

import hashlib
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.bankid_stand_in import BankIdWorld
from tests.support.credit import (
    ANNA,
    ERIK,
    MARIA,
    STRANGER,
    CreditWorld,
    api_of,
    bearer_of,
    bearer_of_staff,
)
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import AgreementState, PayoutState, Role


@pytest.fixture
def api(credit: CreditWorld) -> FlaskClient:
    return api_of(credit)


def sign_by_api(credit: CreditWorld, api: FlaskClient, purpose: str, subject: uuid.UUID, who: PersonalNumber) -> Any:
    """The person starts an order, signs in the app and looks; the view of the order."""
    body = {"purpose": purpose, "subject_id": str(subject)}
    started = api.post("/v1/signings", json=body, headers=bearer_of(credit, who))
    assert started.status_code == 201, started.text
    order = started.json
    assert order is not None
    assert credit.bankid.act(f"orders/{order['qr_content']}/sign", {}).ok
    credit.pass_wall(seconds=3)
    return api.get(f"/v1/signings/{order['signing_id']}", headers={"Signing-Secret": order["secret"]}).json


def settle(credit: CreditWorld) -> None:
    while credit.payouts.send_due() + credit.payouts.reconcile_due():
        pass


def test_the_road_from_granted_to_paid_out_by_the_api(credit: CreditWorld, api: FlaskClient) -> None:
    """G2, P1: each signs with the own log-in, and what is paid out is seen in the books."""
    agreement = credit.grant()
    for person in (ERIK, MARIA):
        guarantee = credit.guarantee_of(agreement.id, person)
        assert sign_by_api(credit, api, "guarantee", guarantee.id, person)["state"] == "complete"
    assert sign_by_api(credit, api, "agreement", agreement.id, ANNA)["state"] == "complete"
    settle(credit)
    shown = api.get(f"/v1/agreements/{agreement.id}", headers=bearer_of(credit, ANNA)).json
    assert shown is not None
    assert shown["state"] == "running"
    assert (shown["limit"], shown["utilised"], shown["fee_rate"]) == ("218000.00", "218000.00", "0.015")
    assert shown["plan"][0] == {"number": 1, "due_on": "2026-04-30", "amount": "18166.67"}
    books = api.get(f"/v1/agreements/{agreement.id}/ledger", headers=bearer_of(credit, ANNA)).json
    assert books is not None
    (entry,) = books["items"]
    assert entry["kind"] == "payout"
    assert entry["lines"] == [{"debit": "principal", "credit": "bank", "amount": "218000.00"}]


def test_whoever_identifies_is_logged_in(credit: CreditWorld, api: FlaskClient) -> None:
    started = api.post("/v1/signings", json={"purpose": "identify"}).json
    assert started is not None
    credit.bankid.act(f"orders/{started['qr_content']}/sign", {"personal_number": ANNA.digits})
    credit.pass_wall(seconds=3)
    secret = {"Signing-Secret": started["secret"]}
    token = api.get(f"/v1/signings/{started['signing_id']}", headers=secret).json["session_token"]  # type: ignore[index]
    agreement = credit.grant()
    seen = api.get(f"/v1/agreements/{agreement.id}", headers={"Authorization": f"Bearer {token}"})
    assert seen.status_code == 200


def test_a_browser_is_logged_in_by_a_cookie_and_is_not_shown_the_token(
    credit: CreditWorld, api: FlaskClient, bankid: BankIdWorld
) -> None:
    started = api.post("/v1/signings", json={"purpose": "identify"}).json
    assert started is not None
    bankid.act(f"orders/{started['qr_content']}/sign", {"personal_number": ANNA.digits})
    credit.pass_wall(seconds=3)
    answer = api.get(f"/v1/signings/{started['signing_id']}")
    assert answer.json is not None
    assert answer.json["state"] == "complete"
    assert "session_token" not in answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    agreement = credit.grant()
    assert api.get(f"/v1/agreements/{agreement.id}").status_code == 200


def test_a_key_of_somebody_without_a_name_gives_nobody_the_others_secret(api: FlaskClient) -> None:
    """A7: callers without a name share one, so their keys are not kept."""
    key = {"Idempotency-Key": "1"}
    first = api.post("/v1/signings", json={"purpose": "identify"}, headers=key).json
    second = api.post("/v1/signings", json={"purpose": "identify"}, headers=key).json
    assert first is not None
    assert second is not None
    assert first["secret"] != second["secret"]


def test_the_same_key_starts_one_order(credit: CreditWorld, api: FlaskClient) -> None:
    """A7: for a caller with a name."""
    agreement = credit.grant()
    headers = bearer_of(credit, ANNA) | {"Idempotency-Key": "1"}
    body = {"purpose": "agreement", "subject_id": str(agreement.id)}
    first = api.post("/v1/signings", json=body, headers=headers)
    second = api.post("/v1/signings", json=body, headers=headers)
    assert first.json == second.json


def test_a_signature_needs_a_log_in_and_a_part_in_the_agreement(credit: CreditWorld, api: FlaskClient) -> None:
    """S2: 401 without a log-in, 404 for whoever has nothing to sign there."""
    agreement = credit.grant()
    body = {"purpose": "agreement", "subject_id": str(agreement.id)}
    assert api.post("/v1/signings", json=body).status_code == 401
    for person in (ERIK, STRANGER):
        assert api.post("/v1/signings", json=body, headers=bearer_of(credit, person)).status_code == 404


def test_what_is_signed_or_over_is_refused_by_rule(credit: CreditWorld, api: FlaskClient) -> None:
    """G2, S1: 409, naming the rule."""
    agreement = credit.grant(guarantors=())
    sign_by_api(credit, api, "agreement", agreement.id, ANNA)
    body = {"purpose": "agreement", "subject_id": str(agreement.id)}
    refused = api.post("/v1/signings", json=body, headers=bearer_of(credit, ANNA))
    assert refused.status_code == 409
    assert refused.json is not None
    assert (refused.json["type"], refused.json["rule"]) == ("/problems/nothing-to-sign", "G2")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/purpose"),
        ({"purpose": "application"}, "/purpose"),
        ({"purpose": "agreement"}, "/subject_id"),
        ({"purpose": "identify", "subject_id": str(uuid.UUID(int=1))}, "/subject_id"),
        ({"purpose": "agreement", "subject_id": "1"}, "/subject_id"),
        ({"purpose": "identify", "more": 1}, "/more"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_its_member(api: FlaskClient, body: dict[str, Any], pointer: str) -> None:
    refused = api.post("/v1/signings", json=body)
    assert refused.status_code == 422
    assert refused.json is not None
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


def test_an_order_can_be_cancelled_by_its_holder_alone(credit: CreditWorld, api: FlaskClient) -> None:
    agreement = credit.grant(guarantors=())
    started = credit.start_agreement(agreement.id)
    url = f"/v1/signings/{started.signing_id}"
    assert api.delete(url).status_code == 404
    assert api.delete(url, headers={"Signing-Secret": "guess"}).status_code == 404
    assert api.delete(url, headers={"Signing-Secret": started.secret}).status_code == 204
    seen = api.get(url, headers={"Signing-Secret": started.secret}).json
    assert seen is not None
    assert seen["state"] == "failed"


def test_an_agreement_is_shown_without_personal_numbers(credit: CreditWorld, api: FlaskClient) -> None:
    """D7: to guarantors and borrower; a stranger finds nothing."""
    agreement = credit.grant()
    for person, status in ((ANNA, 200), (ERIK, 200), (STRANGER, 404)):
        for part in ("", "/guarantees", "/liable-parties", "/documents"):
            answer = api.get(f"/v1/agreements/{agreement.id}{part}", headers=bearer_of(credit, person))
            assert answer.status_code == status
            assert ERIK.digits[8:] not in answer.text
    assert api.get(f"/v1/agreements/{agreement.id}").status_code == 401
    assert api.get(f"/v1/agreements/{uuid.uuid4()}", headers=bearer_of(credit, ANNA)).status_code == 404


def test_the_document_is_read_as_it_was_signed(credit: CreditWorld, api: FlaskClient) -> None:
    """S1: its bytes have the hash that the list tells."""
    agreement = credit.grant()
    headers = bearer_of(credit, ERIK)
    *_, listed = api.get(f"/v1/agreements/{agreement.id}/documents", headers=headers).json["items"]  # type: ignore[index]
    url = f"/v1/agreements/{agreement.id}/documents/{listed['id']}"
    answer = api.get(url, headers=headers)
    assert hashlib.sha256(answer.data).hexdigest() == listed["sha256"]
    assert answer.content_type == listed["media_type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{listed["id"]}-sv.pdf"'
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert api.get(url, headers=bearer_of(credit, MARIA)).status_code == 404
    aid = api.get(f"{url}?language=en", headers=headers)
    assert aid.data.startswith(b"%PDF-1.7")
    assert aid.data != answer.data


def test_the_books_are_for_borrower_and_staff(credit: CreditWorld, api: FlaskClient) -> None:
    agreement = credit.grant()
    url = f"/v1/agreements/{agreement.id}/ledger"
    assert api.get(url, headers=bearer_of(credit, ERIK)).status_code == 404
    assert api.get(url, headers=bearer_of_staff(credit, Role.BILLING)).json == {"items": []}
    for query in ("cursor=1", "limit=x"):
        assert api.get(f"{url}?{query}", headers=bearer_of(credit, ANNA)).status_code == 422


def test_the_borrower_draws_the_rest_of_the_limit(credit: CreditWorld, api: FlaskClient) -> None:
    """P1: once for one key; a guarantor may not; more than is left is refused by rule."""
    agreement = credit.signed(asked=Money.kronor(100_000))
    settle(credit)
    url, anna = f"/v1/agreements/{agreement.id}/drawdowns", bearer_of(credit, ANNA)
    assert api.post(url, json={"amount": "1000.00"}, headers=bearer_of(credit, ERIK)).status_code == 404
    assert api.post(url, json={"amount": 1000}, headers=anna).status_code == 422
    key = {"Idempotency-Key": "draw-1"}
    first = api.post(url, json={"amount": "118000.00"}, headers=anna | key)
    again = api.post(url, json={"amount": "118000.00"}, headers=anna | key)
    assert (first.status_code, first.json) == (201, again.json)
    refused = api.post(url, json={"amount": "0.01"}, headers=anna)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["rule"] == "P1"
    settle(credit)
    listed = api.get(url, headers=anna).json
    assert listed is not None
    assert [(one["amount"], one["payout_state"]) for one in listed["items"]] == [
        ("100000.00", "paid"),
        ("118000.00", "paid"),
    ]


def test_the_register_answers_staff_alone(credit: CreditWorld, api: FlaskClient) -> None:
    """G6: by the id of any of the person's guarantees."""
    agreement = credit.signed()
    settle(credit)
    assert credit.agreement(agreement.id).state == AgreementState.RUNNING
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    url = f"/v1/guarantors/{guarantee.id}/exposure"
    exposure = api.get(url, headers=bearer_of_staff(credit, Role.UNDERWRITER)).json
    assert exposure is not None
    assert (exposure["caps"], exposure["at_risk"]) == ("327000.00", "218000.00")
    assert api.get(url).status_code == 401
    assert api.get(url, headers=bearer_of(credit, ERIK)).status_code == 401
    unknown = f"/v1/guarantors/{uuid.uuid4()}/exposure"
    assert api.get(unknown, headers=bearer_of_staff(credit, Role.BILLING)).status_code == 404


def test_a_payout_is_released_by_billing_alone(credit: CreditWorld, api: FlaskClient) -> None:
    """P4: an underwriter may not, and an unknown payout is not found."""
    agreement = credit.signed(guarantors=())
    (view,) = credit.payouts.drawdowns(agreement.id)
    assert view.payout_state is PayoutState.ORDERED
    url = f"/v1/payouts/{uuid.uuid4()}/release"
    assert api.post(url, headers=bearer_of(credit, ANNA)).status_code == 401
    assert api.post(url, headers=bearer_of_staff(credit, Role.UNDERWRITER)).status_code == 403
    assert api.post(url, headers=bearer_of_staff(credit, Role.BILLING)).status_code == 404
