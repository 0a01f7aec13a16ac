"""The smaller bodies: determinations, signings, drawdowns, cancellations, redemptions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from schemas.agreement_values import CancellationBody, DrawdownBody, RedemptionBody, SigningBody
from schemas.agreements import CancellationRequestSchema, DrawdownRequestSchema, RedemptionRequestSchema
from schemas.decisions import OverrideSchema
from schemas.loading import Body, load, loading
from schemas.signings import SigningRequestSchema
from schemas.values import OverrideBody
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome, RequestChannel, SigningPurpose

TODAY = date(2026, 11, 22)
SUBJECT = "018f3c1e-0000-7000-8000-000000000001"
BOTH_PRICES = [("/limit", None), ("/fee_rate", None)]
GROUND = {"reason_code": "capacity", "reason": "Lägre intäkter än angivet"}


def refused(schema: Body[Any], body: dict[str, Any]) -> list[tuple[str, str | None]]:
    with pytest.raises(InvalidInput) as refusal:
        load(schema, body, on=TODAY)
    errors: tuple[FieldError, ...] = refusal.value.errors
    assert all(error.detail.sv and error.detail.en for error in errors)
    return [(error.pointer, error.rule) for error in errors]


def test_an_underwriter_approves_with_limit_and_rate() -> None:
    """D8: outcome, limit and fee, with a reason code and a text."""
    body = {"outcome": "counter_offer", "limit": "100000.00", "fee_rate": "0.0275", **GROUND}
    assert load(OverrideSchema(), body, on=TODAY) == OverrideBody(
        outcome=DecisionOutcome.COUNTER_OFFER,
        limit=Money.kronor(100_000),
        fee_rate=Decimal("0.0275"),
        reason_code="capacity",
        reason="Lägre intäkter än angivet",
    )


def test_an_underwriter_declines_without_a_price() -> None:
    """D8: a decline has no limit."""
    declined = load(OverrideSchema(), {"outcome": "declined", **GROUND}, on=TODAY)
    assert (declined.limit, declined.fee_rate) == (None, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"outcome": "approved", **GROUND}, [("/limit", "D8"), ("/fee_rate", "D8")]),
        ({"outcome": "approved", "limit": "100000.00", **GROUND}, [("/fee_rate", "D8")]),
        ({"outcome": "declined", "limit": "100000.00", **GROUND}, [("/limit", "D8")]),
        ({"outcome": "referred", **GROUND}, [("/outcome", "D8")]),
        ({"outcome": "declined", "reason_code": "capacity"}, [("/reason", None)]),
        ({"outcome": "declined", "reason_code": "capacity", "reason": " "}, [("/reason", None)]),
        ({"outcome": "approved", "limit": 100_000, "fee_rate": 0.0275, **GROUND}, BOTH_PRICES),
    ],
)
def test_a_determination_is_whole_or_refused(body: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    """D8: an underwriter determines with a reason; half a price is none."""
    assert refused(OverrideSchema(), body) == expected


def test_a_log_in_has_no_subject_and_a_signature_has_one() -> None:
    """S1: a signature is on a document."""
    identify = load(SigningRequestSchema(), {"purpose": "identify"}, on=TODAY)
    assert identify == SigningBody(purpose=SigningPurpose.IDENTIFY, subject_id=None)
    guarantee = load(SigningRequestSchema(), {"purpose": "guarantee", "subject_id": SUBJECT}, on=TODAY)
    assert guarantee == SigningBody(purpose=SigningPurpose.GUARANTEE, subject_id=UUID(SUBJECT))
    assert refused(SigningRequestSchema(), {"purpose": "guarantee"}) == [("/subject_id", None)]
    assert refused(SigningRequestSchema(), {"purpose": "identify", "subject_id": SUBJECT}) == [("/subject_id", None)]


@pytest.mark.parametrize("purpose", ["application", "confirmation", "counter_offer"])
def test_a_signature_that_begins_elsewhere_is_not_started_here(purpose: str) -> None:
    """A3: submitting starts its own signature, on the text that was shown."""
    assert refused(SigningRequestSchema(), {"purpose": purpose, "subject_id": SUBJECT}) == [("/purpose", None)]


def test_a_drawdown_states_its_amount() -> None:
    """P1: drawdowns up to the limit."""
    assert load(DrawdownRequestSchema(), {"amount": "50000"}, on=TODAY) == DrawdownBody(amount=Money.kronor(50_000))
    assert refused(DrawdownRequestSchema(), {"amount": 50_000}) == [("/amount", None)]
    assert refused(DrawdownRequestSchema(), {}) == [("/amount", None)]


def test_a_cancellation_comes_by_the_portal_unless_staff_say_otherwise() -> None:
    """C5: by phone or e-mail staff record channel and time."""
    portal = load(CancellationRequestSchema(), {}, on=TODAY)
    assert portal == CancellationBody(channel=RequestChannel.PORTAL, received_at=None)
    phone = load(
        CancellationRequestSchema(), {"channel": "phone", "received_at": "2026-11-22T15:59:59+01:00"}, on=TODAY
    )
    assert phone.received_at == datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)
    assert refused(CancellationRequestSchema(), {"channel": "fax"}) == [("/channel", None)]
    assert refused(CancellationRequestSchema(), {"received_at": "2026-11-22T15:59:59"}) == [("/received_at", None)]


def test_a_redemption_names_its_day() -> None:
    """F3: a quote says the sum for a given day."""
    assert load(RedemptionRequestSchema(), {"on": "2026-11-30"}, on=TODAY) == RedemptionBody(on=date(2026, 11, 30))
    assert refused(RedemptionRequestSchema(), {"on": "2026-11-31"}) == [("/on", None)]


def test_nothing_is_read_against_a_day_that_is_over() -> None:
    load(RedemptionRequestSchema(), {"on": "2026-11-30"}, on=TODAY)
    with pytest.raises(LookupError):
        loading()
