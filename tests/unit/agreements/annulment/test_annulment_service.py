"""Annulment before payout: asked for by one, settled by another, while nothing is paid."""

import uuid

import pytest

from agreements.annulment.service import AnnulledBySamePerson, AnnulmentPending, Annulments
from agreements.credit.rules import AgreementStateRefuses
from tests.support.credit import CreditWorld
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import (
    AgreementState,
    AnnulmentGround,
    GuaranteeState,
    PayoutState,
    ProposalState,
    Role,
)
from underwriting.platform.authentication import Caller

FIRST = Caller(actor="staff:1", role=Role.UNDERWRITER, username="a")
SECOND = Caller(actor="staff:2", role=Role.UNDERWRITER, username="b")
FRAUD = AnnulmentGround.FRAUD


def ask(credit: CreditWorld, agreement_id: uuid.UUID) -> uuid.UUID:
    """Whoever finds it asks; the annulment's id."""
    return Annulments(credit.runtime).ask(agreement_id, FRAUD, reason="Falska uppgifter", caller=FIRST).id


def settle(credit: CreditWorld) -> None:
    while credit.payouts.send_due() + credit.payouts.reconcile_due():
        pass


def test_nothing_is_sent_while_it_waits_and_everything_when_it_is_dropped(credit: CreditWorld) -> None:
    """D8: the payout stays ordered, is not lost, and goes out when the doubt is gone."""
    agreement = credit.signed(guarantors=())
    annulment = ask(credit, agreement.id)
    settle(credit)
    assert credit.payout(agreement.id).payout_state is PayoutState.ORDERED
    with pytest.raises(AgreementStateRefuses) as refused:
        credit.payouts.request_drawdown(agreement.id, Money.kronor(1), actor="person:1")
    assert refused.value.rule == "P4"
    Annulments(credit.runtime).reject(annulment, caller=FIRST)
    settle(credit)
    assert credit.payout(agreement.id).payout_state is PayoutState.PAID


def test_the_second_person_ends_agreement_guarantees_and_payout(credit: CreditWorld) -> None:
    """D8, G2: what was signed binds nobody any more, and no fee is owed."""
    agreement = credit.signed()
    annulment = ask(credit, agreement.id)
    with pytest.raises(AnnulledBySamePerson):
        Annulments(credit.runtime).approve(annulment, caller=FIRST)
    done = Annulments(credit.runtime).approve(annulment, caller=SECOND)
    assert (done.state, done.reason) == (ProposalState.APPROVED, "Falska uppgifter")
    settle(credit)
    assert credit.agreement(agreement.id).state == AgreementState.ANNULLED
    assert credit.payout(agreement.id).payout_state is PayoutState.WITHDRAWN
    states = {one.state for one in credit.agreements.guarantees(agreement.id, FIRST)}
    assert states == {GuaranteeState.LAPSED}
    for verdict in (Annulments(credit.runtime).approve, Annulments(credit.runtime).reject):
        with pytest.raises(NotFound):
            verdict(annulment, caller=SECOND)


def test_one_waits_at_a_time_and_none_after_the_payout(credit: CreditWorld) -> None:
    """P3: money that has left, or may have, is not annulled."""
    agreement = credit.signed(guarantors=())
    ask(credit, agreement.id)
    with pytest.raises(AnnulmentPending):
        ask(credit, agreement.id)
    paid = credit.signed(guarantors=())
    settle(credit)
    with pytest.raises(AgreementStateRefuses):
        ask(credit, paid.id)


def test_an_agreement_without_one_has_none(credit: CreditWorld) -> None:
    agreement = credit.grant()
    assert Annulments(credit.runtime).of_agreement(agreement.id) is None
