"""Payers type what they like: what may name a person is sealed, and found again by whoever has to know (F7, K2)."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.payments.models import IncomingPayment
from agreements.payments.service import ChosenPart, PaymentContradicted
from agreements.payments.services.seal_payers import payer_number, reference_name
from agreements.payments.services.tell_person import payments_of
from tests.support.bgmax_files import BgMax, paid
from tests.support.lending import ANNA
from tests.support.running import LIMIT, RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account

TODAY = date(2026, 3, 2)
SOME = Money.kronor(700)


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    world.to("2026-03-02 10:00:00")
    return world.running()


def read(world: RunningWorld, *payments: list[str], serial: int = 1) -> None:
    """Take a file of *payments*."""
    world.payments.read_file(BgMax(TODAY, serial, serial).of(*payments), actor="staff:1")


def stored(world: RunningWorld) -> list[str]:
    """Each payment's row as text, whatever its columns."""
    with world.runtime.database.transaction() as session:
        rows = session.execute(sa.text("SELECT CAST(one AS text) FROM incoming_payment AS one ORDER BY id"))
        return list(rows.scalars())


@pytest.mark.parametrize("typed", [ANNA.digits, ANNA.digits[2:], ANNA.formatted, "Anna Andersson", "1000000009"])
def test_what_is_not_a_reference_of_ours_is_not_kept_to_be_read(
    world: RunningWorld, agreement: Agreement, typed: str
) -> None:
    """K2, F7: a personal number, a name, an OCR of somebody else's; whoever looks into the payment is told."""
    read(world, paid(1, typed, SOME, code=4))
    (row,) = stored(world)
    assert typed not in row
    (waiting,) = world.payments.unmatched()
    assert waiting.reference == ""
    assert world.payments.look_into(waiting.id).payment.reference == typed


def test_a_reference_of_ours_stays_to_be_read(world: RunningWorld, agreement: Agreement) -> None:
    """F7: it names an agreement and nobody."""
    ocr = str(agreement.ocr)
    read(world, paid(1, ocr, SOME, name="Anna Andersson"))
    (row,) = stored(world)
    assert ocr in row
    assert "Anna" not in row


def test_what_a_payer_typed_is_compared_though_it_is_sealed(world: RunningWorld, agreement: Agreement) -> None:
    """F7: the same again changes nothing; another reference under the bank's same name stops its file."""
    read(world, paid(1, "FAKTURA 7", SOME, code=4))
    read(world, paid(1, "FAKTURA 7", SOME, code=4), paid(2, str(agreement.ocr), SOME), serial=1)
    with pytest.raises(PaymentContradicted):
        world.payments.read_file(
            BgMax(TODAY, 1, stamp=9).of(paid(1, "FAKTURA 8", SOME, code=4), paid(3, "", SOME, code=0)), actor="staff:1"
        )
    assert len(stored(world)) == 2


def test_a_deduction_finds_the_payment_by_a_sealed_reference(world: RunningWorld, agreement: Agreement) -> None:
    """F7: a person said whose it was; the bank takes it back by what its payer had typed."""
    read(world, paid(1, "FAKTURA 7", SOME, code=4))
    (waiting,) = world.payments.unmatched()
    world.payments.match(waiting.id, [ChosenPart(agreement.id)], actor="staff:1")
    assert world.owed(agreement)[Account.CREDIT_BALANCE] == -SOME
    read(world, paid(1, "faktura 7", SOME, code=4, deduction=True), paid(2, str(agreement.ocr), SOME * 2), serial=2)
    assert world.payments.unmatched() == ()
    assert world.owed(agreement) == {Account.PRINCIPAL: LIMIT, Account.CREDIT_BALANCE: -(SOME * 2)}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (ANNA.digits, ANNA.digits),
        (ANNA.digits[2:], ANNA.digits),
        (f"{ANNA.digits[2:8]}-{ANNA.digits[8:]}", ANNA.digits),
        ("5560360793", "5560360793"),
        ("556036-0793", "5560360793"),
        ("165560360793", "5560360793"),
        ("12345", "12345"),
        ("", ""),
    ],
)
def test_a_payers_number_is_found_however_it_is_written(told: str, kept: str) -> None:
    """F7: a sole trader's is a personal number, of which files give ten digits or twelve."""
    assert payer_number(told, on=TODAY) == kept


@pytest.mark.parametrize("other", ["1234 5678", "12345678", "0012345678", "1234-5678"])
def test_a_reference_is_the_same_however_it_is_grouped(other: str) -> None:
    """F7: as numbers are."""
    assert reference_name("12345678") == reference_name(other)


def test_a_person_is_told_of_what_they_paid_and_of_where_their_number_stands(
    world: RunningWorld, agreement: Agreement
) -> None:
    """GDPR 15: with the name and account that the file gives; of another's payment no more than the number itself."""
    read(
        world,
        paid(1, str(agreement.ocr), SOME, sender="3783511", name="Anna Andersson", number=ANNA.digits[2:]),
        paid(2, ANNA.digits[2:], SOME, sender="59990002", code=4, name="Bertil Berg"),
        paid(3, "", SOME, sender="59990002", code=0, name="Bertil Berg"),
    )
    with world.runtime.database.transaction() as session:
        own, other = payments_of(session, world.runtime, ANNA)
    assert shown(own) == {
        "amount": "700.00",
        "reference": agreement.ocr,
        "name": "Anna Andersson",
        "sender": "3783511",
        "organisation_number": ANNA.digits[2:],
    }
    assert shown(other) == {"amount": "700.00", "reference": ANNA.digits[2:]}


def shown(told: dict[str, Any]) -> dict[str, Any]:
    """What is told of one, without its id, day and state."""
    return {name: told[name] for name in told if name not in ("payment_id", "booked_on", "state", "agreement_id")}


def test_of_a_row_from_before_they_were_sealed_the_file_tells(world: RunningWorld, agreement: Agreement) -> None:
    """F7: migration 0036 emptied what stood there, for it has no keys."""
    read(world, paid(1, "FAKTURA 7", SOME, code=4, name="Anna Andersson"), paid(2, str(agreement.ocr), SOME))
    (waiting,) = world.payments.unmatched()
    as_migrated = sa.update(IncomingPayment).values(reference_index=None, payer_encrypted=None, payer_index=None)
    with world.runtime.database.transaction() as session:
        session.execute(as_migrated)
    found = world.payments.look_into(waiting.id)
    assert (found.payment.reference, found.payer.name) == ("FAKTURA 7", "Anna Andersson")
