"""What is paid to the lender reaches it as BgMax, read by the lender's own reader."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from agreements.payments.formats import IncomingPayment, Payer, ReferenceCode, parse
from agreements.payouts.client import BankClient
from agreements.payouts.sandbox.bgmax import Received, write
from tests.support.bank_stand_in import LENDER_BANKGIRO, BankWorld, bank_world
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money

OCR = "20261100012347"  # 202611000123 with its length digit and check digit


def test_a_payment_arrives_with_reference_amount_and_booking_day(world: BankWorld, client: BankClient) -> None:
    """F7: what was paid is what the file says."""
    assert client.incoming_files(None) == []
    paid = world.pay(bankgiro="5999-0093", reference=OCR, amount="3270.00", payer_name="Åkeri & Söner AB")
    assert paid.status_code == 201
    ((file_id, content),) = client.incoming_files(None)
    assert file_id == paid.json()["file_id"]
    file = parse(content)
    assert (file.created_at, file.is_test) == (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), True)
    (deposit,) = file.deposits
    assert (deposit.receiver, deposit.booked_on) == (LENDER_BANKGIRO.digits, date(2026, 3, 2))
    assert deposit.payments == (
        IncomingPayment(
            sender="",
            reference=OCR,
            amount=Money.kronor("3270.00"),
            reference_code=ReferenceCode.OCR,
            channel=1,
            serial="000000000001",
            payer=Payer(name="Åkeri & Söner AB"),
        ),
    )


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (OCR, ReferenceCode.OCR),
        ("20261100012348", ReferenceCode.OCR_WRONG),
        ("1230", ReferenceCode.OCR_WRONG),  # the check digit is right and there is no length digit: 3 is not 4
        ("FAKTURA 77", ReferenceCode.FREE),
        ("", ReferenceCode.NONE),
    ],
)
def test_a_wrong_reference_is_let_through_and_marked(
    world: BankWorld, client: BankClient, reference: str, code: ReferenceCode
) -> None:
    """F7: soft control: a person looks at what does not match."""
    world.pay(bankgiro="59990093", reference=reference, amount="1.00")
    ((_, content),) = client.incoming_files(None)
    (payment,) = parse(content).deposits[0].payments
    assert (payment.reference, payment.reference_code) == (reference, code)


def test_files_come_in_order_and_after_the_last_one_read(world: BankWorld, client: BankClient) -> None:
    """F7: nothing is read twice or passed over."""
    ids = [world.pay(bankgiro="59990093", reference=OCR, amount=f"{n}.00").json()["file_id"] for n in range(1, 12)]
    assert [file_id for file_id, _ in client.incoming_files(None)] == ids
    assert [file_id for file_id, _ in client.incoming_files(ids[8])] == ids[9:]
    assert client.incoming_files(ids[-1]) == []


def test_a_file_is_the_same_bytes_each_time_also_after_a_restart(state: Path) -> None:
    """F7: a file read twice changes nothing, since it is known by its content."""
    with bank_world(state) as first:
        first.pay(bankgiro="59990093", reference=OCR, amount="1.00")
        before = first.client().incoming_files(None)
    with bank_world(state) as second:
        second.clock.move_to(datetime(2026, 5, 1, tzinfo=UTC))
        assert second.client().incoming_files(None) == before


def test_two_payments_alike_are_two_payments(world: BankWorld, client: BankClient) -> None:
    """F7: bankgiro, day, deposit and payment serial tell them apart."""
    for _ in range(2):
        world.pay(bankgiro="59990093", reference=OCR, amount="1.00")
    deposits = [parse(content).deposits[0] for _, content in client.incoming_files(None)]
    assert len({(deposit.booked_on, deposit.serial, deposit.payments[0].serial) for deposit in deposits}) == 2
    assert world.balance() == "100000002.00"


def test_an_earlier_booking_day_can_be_given(world: BankWorld, client: BankClient) -> None:
    world.pay(bankgiro="59990093", reference=OCR, amount="1.00", booked_on="2026-02-27")
    ((_, content),) = client.incoming_files(None)
    assert parse(content).deposits[0].booked_on == date(2026, 2, 27)


def test_the_day_is_stockholms(world: BankWorld, client: BankClient) -> None:
    world.clock.move_to(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))  # 00:30 on 3 March in Stockholm
    world.pay(bankgiro="59990093", reference=OCR, amount="1.00")
    ((_, content),) = client.incoming_files(None)
    assert parse(content).deposits[0].booked_on == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"bankgiro": "5999-0002"}, "bankgiro_invalid"),
        ({"bankgiro": "5999-0094"}, "bankgiro_invalid"),
        ({"bankgiro": ""}, "bankgiro_invalid"),
        ({"reference": "x" * 26}, "reference_invalid"),
        ({"reference": "a\nb"}, "reference_invalid"),
        ({"payer_name": "a\r\n70"}, "payer_name_invalid"),
        ({"amount": "0"}, "amount_invalid"),
        ({"amount": "-1.00"}, "amount_invalid"),
        ({"amount": "1.005"}, "amount_invalid"),
        ({"amount": "1e99"}, "amount_invalid"),
        ({"amount": "NaN"}, "amount_invalid"),
        ({"amount": "Infinity"}, "amount_invalid"),
        ({"amount": "kronor"}, "amount_invalid"),
        ({"amount": 1500.0}, "amount_invalid"),
        ({"amount": None}, "amount_invalid"),
        ({"booked_on": "2026-03-03"}, "booked_on_invalid"),
        ({"booked_on": "2 mars"}, "booked_on_invalid"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(world: BankWorld, change: dict[str, object], error: str) -> None:
    refusal = world.pay(**{"bankgiro": "59990093", "reference": OCR, "amount": "1.00", **change})
    assert (refusal.status_code, refusal.json()) == (422, {"error": error})
    assert world.balance() == "100000000.00"


def test_a_person_pays_by_the_form_as_people_write(world: BankWorld, client: BankClient) -> None:
    form = {"bankgiro": "5999-0093", "reference": OCR, "amount": "1 500,50", "booked_on": "", "payer_name": ""}
    page = requests.post(f"{world.address}/payments", data=form, timeout=5)
    assert page.status_code == 200
    assert "Inbetalningar hittills: 1." in page.text
    ((_, content),) = client.incoming_files(None)
    assert parse(content).deposits[0].amount == Money(150_050)


def test_a_wrong_field_is_said_beside_it_and_what_was_typed_stays(world: BankWorld) -> None:
    form = {"bankgiro": "5999-0093", "reference": "<b>", "amount": "noll"}
    page = requests.post(f"{world.address}/payments", data=form, timeout=5)
    assert page.status_code == 422
    tree = html.fromstring(page.content)
    assert tree.xpath("string(/html/@lang)") == "sv"
    assert tree.xpath("string(//input[@id='amount']/@aria-describedby)") == "amount-error"
    assert (
        tree.xpath("string(//*[@id='amount-error'])") == "Skriv beloppet med högst två decimaler, till exempel 1500,00."
    )
    assert tree.xpath("string(//input[@id='reference']/@value)") == "<b>"
    assert tree.xpath("count(//input[not(@id = //label/@for)])") == 0.0


def test_a_file_nobody_made_is_not_found(world: BankWorld) -> None:
    headers = {"Authorization": "Bearer a token of the stand-in"}
    for name in ("BGMAX-000000001", "BGMAX-1", "BGMAX"):
        assert requests.get(f"{world.address}/incoming/{name}", headers=headers, timeout=5).status_code == 404


@given(
    payments=st.lists(
        st.tuples(
            st.text(st.characters(codec="iso-8859-1", categories=("L", "N", "P", "S")), max_size=25),
            st.integers(min_value=1, max_value=10**12),
            st.text(st.characters(codec="iso-8859-1", categories=("L", "N", "P", "S")), max_size=35),
        ),
        max_size=5,
    )
)
def test_whatever_is_written_is_read_back(payments: list[tuple[str, int, str]]) -> None:
    """F7: the stand-in's writer and the lender's reader follow the same layout."""
    received = [Received(n, reference, Money(ore), name) for n, (reference, ore, name) in enumerate(payments, start=1)]
    content = write(
        received,
        bankgiro=Bankgiro("1234566"),
        account="58410000010098",
        booked_on=date(2026, 10, 25),
        deposit_serial=7,
        created_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30, the second time that night
    )
    (deposit,) = parse(content).deposits
    assert deposit.receiver == "1234566"
    assert [(p.reference, p.amount.ore, p.payer.name) for p in deposit.payments] == payments
    assert deposit.amount.ore == sum(ore for _, ore, _ in payments)
