"""Two at once, by threads on a committed database: one wins, and the other reads why."""

from collections.abc import Callable
from datetime import date

from agreements.cancellation.service import CancellationUnderWay, ConfirmationNotAwaited
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementStateRefuses
from tests.conftest import LONG
from tests.support.at_once import at_once
from tests.support.running import CANCELLATION_FEE, FEE, LIMIT, RunningWorld, actor
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, AgreementState, CancellationState, PayoutState, RequestChannel

ROUNDS = 20 if LONG else 2


def cancelling(world: RunningWorld, agreement: Agreement, number: int = 1) -> Callable[[], object]:
    """A member of staff records a call of this moment."""
    return lambda: world.cancellations.request(
        agreement.id, RequestChannel.PHONE, received_at=world.clock.now(), actor=actor(number)
    )


def redeeming(world: RunningWorld, agreement: Agreement) -> Callable[[], object]:
    """Another member of staff redeems today."""
    return lambda: world.redemptions.request(agreement.id, date(2026, 3, 3), actor=actor(2))


def test_of_a_cancellation_and_a_redemption_at_once_one_wins_and_the_other_reads_why(
    committed_world: RunningWorld,
) -> None:
    """C4, F3: the money for either is there; the agreement ends once, in the winner's way, and the books balance."""
    world = committed_world
    for _ in range(ROUNDS):
        world.to("2026-03-02 10:00:00")
        agreement = world.running()
        world.to("2026-03-03 10:00:00")
        world.pay(agreement, LIMIT + FEE)
        cancelled, redeemed = at_once(cancelling(world, agreement), redeeming(world, agreement))
        (loser,) = (one for one in (cancelled, redeemed) if isinstance(one, Conflict))
        assert isinstance(loser, AgreementStateRefuses | CancellationUnderWay)
        assert loser.rule in ("C4", "C6", "F3")
        if loser is redeemed:
            assert world.state(agreement) is AgreementState.CANCELLED
            assert world.owed(agreement) == {Account.CREDIT_BALANCE: -Money.kronor(900)}  # 122 400 - 121 500
        else:
            assert world.state(agreement) is AgreementState.REDEEMED
            assert world.owed(agreement) == {}
        assert world.told(agreement).count("cancelled") + world.told(agreement).count("redeemed") == 1


def test_of_two_cancellations_at_once_one_is_taken(committed_world: RunningWorld) -> None:
    """C6: the second reads that one has been received already; the fee is owed once."""
    world = committed_world
    for _ in range(ROUNDS):
        world.to("2026-03-02 10:00:00")
        agreement = world.signed()
        taken = at_once(cancelling(world, agreement, 1), cancelling(world, agreement, 2))
        assert sum(isinstance(one, CancellationUnderWay) for one in taken) == 1
        assert world.state(agreement) is AgreementState.CANCELLED
        assert sum(world.owed(agreement).values(), start=-CANCELLATION_FEE).ore == 0


def test_of_a_confirmation_and_a_rejection_at_once_one_counts(committed_world: RunningWorld) -> None:
    """C5: two second persons judge the same late note."""
    world = committed_world
    for _ in range(ROUNDS):
        world.to("2026-03-02 10:00:00")
        agreement = world.signed()
        received = world.to("2026-03-02 15:59:59")
        world.to("2026-03-02 16:30:00")
        late = world.cancellations.request(
            agreement.id, RequestChannel.EMAIL, received_at=received, actor=actor(1), note="Mejl: Vi ångrar oss"
        )
        judged = at_once(
            lambda late=late: world.cancellations.confirm(late.id, actor=actor(2)),  # type: ignore[misc]
            lambda late=late: world.cancellations.reject(late.id, actor=actor(3)),  # type: ignore[misc]
        )
        assert sum(isinstance(one, ConfirmationNotAwaited) for one in judged) == 1
        stands = world.cancellations.of_agreement(agreement.id)
        assert stands is not None
        cancelled = stands.state is CancellationState.COMPLETED
        assert (world.state(agreement) is AgreementState.CANCELLED) is cancelled


def test_a_payout_and_a_cancellation_at_once_never_pay_out_what_is_cancelled(committed_world: RunningWorld) -> None:
    """C1, C6, P3: either the order is withdrawn and all is over, or it was sent and the money has to come back."""
    world = committed_world
    for _ in range(ROUNDS):
        world.to("2026-03-02 14:00:00")
        agreement = world.signed()
        at_once(world.payouts.send_due, cancelling(world, agreement))
        world.work()
        (payout,) = world.payout_states(agreement)
        if payout is PayoutState.WITHDRAWN:
            assert world.state(agreement) is AgreementState.CANCELLED
        else:
            assert payout is PayoutState.PAID
            assert world.state(agreement) is AgreementState.CANCELLING
            world.pay(agreement, LIMIT + CANCELLATION_FEE)
            assert world.state(agreement) is AgreementState.CANCELLED
            assert world.owed(agreement) == {}
