"""The real client sends payouts to the stand-in bank and asks what became of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests

from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.client import BankClient, BankUnreachable, PayoutFileRefused, PayoutOutcomeUnknown
from agreements.payouts.formats import Debtor, PayoutOrder, pain_001
from agreements.payouts.sandbox.bank import magic_numbers
from tests.support.bank_stand_in import BankWorld, bank_world
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money

LENDER = Debtor("Exempelkredit AB", OrganisationNumber("5599990008"), "SE4550000000058398257466", "ESSESESS")
NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 10:00 in Stockholm, the stand-in's first instant
REJECTED, ANSWER_LOST, NOT_DELIVERED, SLOW, BOOKED_NEXT_DAY = (
    Bankgiro(digits) for digits in ("59990010", "59990028", "59990036", "59990044", "59990051")
)


def order(end_to_end_id: str = "payout-1", *, to: str = "59990002", kronor: int = 250_000) -> PayoutOrder:
    return PayoutOrder(
        end_to_end_id=end_to_end_id,
        bankgiro=Bankgiro(to),
        creditor_name="Åkeri & Söner AB",
        amount=Money.kronor(kronor),
        execute_on=date(2026, 3, 2),
        message="Kredit 1001",
    )


def send(client: BankClient, *orders: PayoutOrder, message_id: str = "file-1") -> None:
    client.send(pain_001(orders, message_id=message_id, debtor=LENDER, created_at=NOON), message_id=message_id)


def booked(end_to_end_id: str = "payout-1") -> PayoutAnswer:
    return PayoutAnswer(end_to_end_id, PayoutStatus.BOOKED, booked_on=date(2026, 3, 2), booked_at=NOON)


class TestTheRoad:
    def test_a_payout_is_booked_with_its_day_and_instant(self, world: BankWorld, client: BankClient) -> None:
        """P2: the bank's answer tells that it is paid, and when."""
        assert client.answer("payout-1") is None
        send(client, order())
        assert client.answer("payout-1") == booked()
        assert world.balance() == "99750000.00"  # 100 000 000 - 250 000
        assert "250\u00a0000\u00a0kr" in world.page()

    def test_a_payout_for_a_later_day_is_accepted_until_that_day_begins(
        self, world: BankWorld, client: BankClient
    ) -> None:
        """P2: accepted is not paid."""
        send(client, replace(order(), execute_on=date(2026, 3, 4)))
        assert client.answer("payout-1") == PayoutAnswer("payout-1", PayoutStatus.ACCEPTED)
        assert world.balance() == "100000000.00"
        world.clock.move_to(datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))
        assert client.answer("payout-1") == PayoutAnswer("payout-1", PayoutStatus.ACCEPTED)
        world.clock.move_to(datetime(2026, 3, 10, 12, tzinfo=UTC))
        assert client.answer("payout-1") == PayoutAnswer(
            "payout-1",
            PayoutStatus.BOOKED,
            booked_on=date(2026, 3, 4),
            booked_at=datetime(2026, 3, 3, 23, 0, tzinfo=UTC),  # midnight in Stockholm
        )

    def test_a_day_that_has_passed_is_booked_when_the_file_is_taken(self, client: BankClient) -> None:
        """P2: the booking day is the bank's, not the one that was asked for."""
        send(client, replace(order(), execute_on=date(2026, 2, 27)))
        assert client.answer("payout-1") == booked()

    def test_every_payment_of_a_file_has_its_own_answer(self, client: BankClient) -> None:
        """P2: one rejected payment does not stop the others."""
        send(client, order("a"), order("b", to=REJECTED.digits))
        assert client.answer("a") == booked("a")
        rejected = client.answer("b")
        assert rejected is not None
        assert (rejected.status, rejected.reason_code, rejected.reason) == (
            PayoutStatus.REJECTED,
            "AC04",
            "Kontot är avslutat",
        )


class TestNeverTwice:
    def test_the_same_file_sent_again_pays_nothing(self, world: BankWorld, client: BankClient) -> None:
        """P1: each payout is paid once, whatever is retried."""
        send(client, order())
        send(client, order())
        assert world.balance() == "99750000.00"

    def test_the_same_payment_in_another_file_pays_nothing(self, world: BankWorld, client: BankClient) -> None:
        """P1: the end-to-end id is the payment, also when the amount differs."""
        send(client, order())
        send(client, order(kronor=1), order("payout-2", kronor=1), message_id="file-2")
        assert world.balance() == "99749999.00"  # 100 000 000 - 250 000 - 1
        assert client.answer("payout-1") == booked()

    def test_other_payments_under_a_known_file_id_are_refused(self, client: BankClient) -> None:
        """P1: a file id is used for one file."""
        send(client, order())
        with pytest.raises(PayoutFileRefused) as refusal:
            send(client, order("payout-2"))
        assert refusal.value.reason == "another_file_under_this_message_id"
        assert client.answer("payout-2") is None

    def test_the_same_payment_from_many_senders_at_once_is_paid_once(
        self, world: BankWorld, client: BankClient
    ) -> None:
        """P1: also when they send at the same moment, each in a file of its own."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: send(client, order(), message_id=f"file-{n}"), range(8)))
        assert world.balance() == "99750000.00"

    def test_a_bank_that_is_started_again_remembers(self, state: Path) -> None:
        """P1: neither side's restart pays twice."""
        with bank_world(state) as first:
            send(first.client(), order())
        with bank_world(state) as second:
            assert second.client().answer("payout-1") == booked()
            send(second.client(), order())
            assert second.balance() == "99750000.00"


class TestUnknown:
    def test_a_lost_answer_is_unknown_and_the_bank_knows_the_payment(self, client: BankClient) -> None:
        """P3: reconciled by asking, and then it turns out to be paid."""
        with pytest.raises(PayoutOutcomeUnknown) as refusal:
            send(client, order(to=ANSWER_LOST.digits))
        assert refusal.value.rule == "P3"
        assert client.answer("payout-1") == booked()

    def test_a_file_lost_on_the_way_is_unknown_and_the_bank_has_never_seen_it(self, client: BankClient) -> None:
        """P3: reconciled by asking, and then it can be sent again, here under a new file id."""
        with pytest.raises(PayoutOutcomeUnknown):
            send(client, order(to=NOT_DELIVERED.digits))
        assert client.answer("payout-1") is None
        send(client, order(to=NOT_DELIVERED.digits), message_id="file-2")
        assert client.answer("payout-1") == booked()

    def test_an_answer_that_comes_too_late_is_unknown(self, world: BankWorld) -> None:
        """P3: a time-out after sending says nothing."""
        impatient = world.client(read_timeout_seconds=0.2)
        with pytest.raises(PayoutOutcomeUnknown):
            send(impatient, order(to=SLOW.digits))
        assert world.client().answer("payout-1") == booked()

    def test_a_payment_booked_the_next_day_is_first_accepted(self, world: BankWorld, client: BankClient) -> None:
        """P2: the booking day is later than the day it was sent."""
        send(client, order(to=BOOKED_NEXT_DAY.digits))
        assert client.answer("payout-1") == PayoutAnswer("payout-1", PayoutStatus.ACCEPTED)
        world.clock.move_to(datetime(2026, 3, 3, 9, tzinfo=UTC))
        answer = client.answer("payout-1")
        assert answer is not None
        assert answer.booked_on == date(2026, 3, 3)

    def test_every_magic_number_is_told_of_in_both_languages(self, world: BankWorld) -> None:
        numbers = magic_numbers()
        assert set(numbers) == {REJECTED, ANSWER_LOST, NOT_DELIVERED, SLOW, BOOKED_NEXT_DAY}
        for number, meaning in numbers.items():
            assert meaning.sv != meaning.en
            assert number.formatted in world.page()


class TestTheBanksOwnChecks:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"<CtrlSum>250000.00", b"<CtrlSum>250000.01"),
            (b"<NbOfTxs>1", b"<NbOfTxs>2"),
            (b">9900<", b">9960<"),
            (b">BGNR<", b">BBAN<"),
            (b">SESBA<", b">DEBLZ<"),
            (b'Ccy="SEK"', b'Ccy="EUR"'),
            (b"pain.001.001.03", b"pain.001.001.09"),
            (b"<EndToEndId>payout-1", b"<EndToEndId>" + b"x" * 36),
            (b"<ReqdExctnDt>2026-03-02", b"<ReqdExctnDt>2026-02-30"),
            (b"<PmtInf>", b"<PmtInf"),
        ],
    )
    def test_a_file_that_does_not_add_up_is_refused_as_a_whole(
        self, client: BankClient, old: bytes, new: bytes
    ) -> None:
        """P2: certainly not taken."""
        content = pain_001([order()], message_id="file-1", debtor=LENDER, created_at=NOON)
        assert old in content
        with pytest.raises(PayoutFileRefused) as refusal:
            client.send(content.replace(old, new), message_id="file-1")
        assert refusal.value.reason == "malformed"
        assert client.answer("payout-1") is None

    def test_a_wrong_token_is_certainly_not_taken(self, world: BankWorld, client: BankClient) -> None:
        stranger = world.client(token="another")
        with pytest.raises(BankUnreachable) as refusal:
            send(stranger, order())
        assert refusal.value.reason == "unauthorized"
        for ask in (lambda: stranger.answer("payout-1"), lambda: stranger.incoming_files(None)):
            with pytest.raises(BankUnreachable):
                ask()
        assert client.answer("payout-1") is None

    def test_no_token_at_all_is_refused(self, world: BankWorld) -> None:
        assert requests.post(f"{world.address}/files", data=b"", timeout=5).status_code == 401
