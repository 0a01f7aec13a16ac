"""Whose a payment is, what it pays, and what the bank takes back, on the real database (rules F7, F8)."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.billing.service import charge_month, run_due
from agreements.credit.models import Agreement
from agreements.credit.service import details_of, get_agreement
from agreements.invoices.service import Invoices, InvoiceView
from agreements.payments.models import IncomingPayment, PaymentFile
from agreements.payments.service import (
    ChosenPart,
    PartsRefused,
    PaymentContradicted,
    PaymentNotReversible,
    PaymentNotUnmatched,
)
from agreements.payments.services import book_chunks, read_file
from tests.support.bgmax_files import BgMax, paid
from tests.support.running import FEE, LIMIT, PART, RunningWorld, actor
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import Account, InvoiceState, MatchGround, PaymentFileState, PaymentState

CREDIT, PRINCIPAL, FEES = Account.CREDIT_BALANCE, Account.PRINCIPAL, Account.FEE_RECEIVABLE
TODAY = date(2026, 3, 2)
LATE = Money.kronor("98.52")
INTEREST, EARNED = Account.LATE_INTEREST_RECEIVABLE, Account.LATE_INTEREST_INCOME
SOME = Money.kronor(700)


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """120 000 kr, paid out on Monday 2 March 2026: 10 000 kr are due on the last bank day of each month from April."""
    world.to("2026-03-02 10:00:00")
    return world.running()


def read(world: RunningWorld, content: bytes) -> read_file.FileResult:
    return world.payments.read_file(content, actor=actor())


def bill(world: RunningWorld, text: str) -> None:
    """What the evening's jobs do on a day."""
    world.to(text)
    on = stockholm_date(world.clock.now())
    run_due(world.runtime, on)
    assert Invoices(world.runtime).issue_due(on) is not None


def invoices_of(world: RunningWorld, agreement: Agreement) -> list[InvoiceView]:
    """Its invoices, the oldest first."""
    return list(Invoices(world.runtime).of_agreement(agreement.id))[::-1]


def rows(world: RunningWorld) -> list[IncomingPayment]:
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(IncomingPayment).order_by(IncomingPayment.id)))


# --- F8: the claim that the payer names


def test_the_invoice_that_is_named_is_paid_before_an_older_one(world: RunningWorld, agreement: Agreement) -> None:
    """F8, R5: April's stays open while May's is paid, and takes what is left over: its late interest first.

    29 days at 10 %: 19.07 on the fee's 2 400 and 79.45 on 10 000.
    """
    bill(world, "2026-04-01 21:00:00")
    bill(world, "2026-05-04 21:00:00")
    april, may = invoices_of(world, agreement)
    world.to("2026-05-29 12:00:00")
    read(world, BgMax(date(2026, 5, 29)).of(paid(1, may.ocr or "", may.payable)))
    april, may = invoices_of(world, agreement)
    assert (april.state, may.state) == (InvoiceState.OPEN, InvoiceState.PAID)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - PART, FEES: FEE, INTEREST: LATE, EARNED: -LATE}
    read(world, BgMax(date(2026, 5, 29), serial=2).of(paid(1, may.ocr or "", SOME)))
    april, may = invoices_of(world, agreement)
    assert (april.open, may.open) == (FEE + PART - (SOME - LATE), Money.ZERO)


def test_an_invoice_that_is_named_is_paid_before_its_day(world: RunningWorld, agreement: Agreement) -> None:
    """F8: the payer chooses the debt; within it the fee comes before principal."""
    bill(world, "2026-04-01 21:00:00")
    (april,) = invoices_of(world, agreement)
    world.to("2026-04-10 12:00:00")
    read(world, BgMax(date(2026, 4, 10)).of(paid(1, april.ocr or "", FEE + SOME)))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - SOME}
    assert invoices_of(world, agreement)[0].open == PART - SOME


def test_the_agreements_own_reference_pays_the_oldest_that_is_due(world: RunningWorld, agreement: Agreement) -> None:
    """F8: the fee of March comes first; of 30 April the fee comes before the instalment."""
    world.to("2026-05-29 12:00:00")
    charge_month(world.runtime, Month(2026, 3))
    charge_month(world.runtime, Month(2026, 4))
    world.pay(agreement, FEE + SOME)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, FEES: FEE - SOME}
    world.pay(agreement, FEE)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - SOME}


# --- F7: several references


def test_a_payment_for_two_agreements_is_divided_by_the_sums_it_tells(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F7: and both parts together are what the bank told of."""
    other = world.running()
    content = BgMax(TODAY).of(
        paid(
            1,
            "",
            SOME,
            code=3,
            extra=[(str(agreement.ocr), Money.kronor(300), False), (str(other.ocr), Money.kronor(400), False)],
        )
    )
    result = read(world, content)
    assert (result.matched, result.unmatched) == (2, 0)
    assert world.owed(agreement)[CREDIT] == -Money.kronor(300)
    assert world.owed(other)[CREDIT] == -Money.kronor(400)
    assert [(row.part, row.told_ore) for row in rows(world)] == [(0, SOME.ore), (1, SOME.ore)]
    again = read(world, content.replace(b"101500000000", b"101500000001"))  # told anew
    assert (again.matched, again.unmatched) == (0, 0)
    assert len(rows(world)) == 2


def test_invoices_of_one_agreement_less_a_credit_note_are_one_payment(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F7: all that is named is the agreement's, so that the sums need not tell more."""
    bill(world, "2026-04-01 21:00:00")
    (april,) = invoices_of(world, agreement)
    content = BgMax(date(2026, 4, 30)).of(
        paid(1, "", FEE, code=3, extra=[(april.ocr or "", FEE + SOME, False), ("KREDIT 5", SOME, True)])
    )
    world.to("2026-04-30 12:00:00")
    assert read(world, content).matched == 1
    assert invoices_of(world, agreement)[0].open == PART


@pytest.mark.parametrize("second", ["", "FAKTURA 77", "1000000009"])
def test_one_reference_that_nobody_knows_leaves_the_payment_to_a_person(
    world: RunningWorld, agreement: Agreement, second: str
) -> None:
    """F7: nobody's money is guessed at."""
    extra = [(str(agreement.ocr), Money.kronor(300), False), (second, Money.kronor(400), False)]
    assert read(world, BgMax(TODAY).of(paid(1, "", SOME, code=3, extra=extra))).unmatched == 1


# --- F7: a file and a payment twice


def test_a_file_that_comes_with_other_line_ends_is_the_same_file(world: RunningWorld, agreement: Agreement) -> None:
    """F7: known by what its maker calls it."""
    content = BgMax(TODAY).of(paid(1, str(agreement.ocr), SOME))
    first = read(world, content)
    assert read(world, content.replace(b"\r\n", b"\n")) == first
    assert len(rows(world)) == 1


def test_camt_054_is_booked_as_bgmax_is(world: RunningWorld, agreement: Agreement) -> None:
    """F7: by its reference; told again under another message id it changes nothing."""
    content = camt(entry("700.00", str(agreement.ocr)))
    assert (read(world, content).matched, read(world, content).matched) == (1, 1)
    assert read(world, content.replace(b"M-1", b"M-2")).matched == 0
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}


def test_the_same_message_id_for_other_payments_is_refused(world: RunningWorld, agreement: Agreement) -> None:
    """F7: nobody's money may vanish behind a number."""
    read(world, camt(entry("700.00", str(agreement.ocr))))
    with pytest.raises(PaymentContradicted):
        read(world, camt(entry("700.00", str(agreement.ocr), name="E-2")))


def camt(*entries: str) -> bytes:
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-03-02T17:30:35</CreDtTm></GrpHdr>
    <Ntfctn><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id></Acct>{"".join(entries)}</Ntfctn>
    </BkToCstmrDbtCdtNtfctn></Document>""".encode()


def entry(amount: str, ocr: str, *, name: str = "E-1", taken_back: bool = False, end_to_end: str = "PAYER-7") -> str:
    indicator = "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>" if taken_back else "<CdtDbtInd>CRDT</CdtDbtInd>"
    return f"""<Ntry><Amt Ccy="SEK">{amount}</Amt>{indicator}<Sts><Cd>BOOK</Cd></Sts>
    <BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>{name}</AcctSvcrRef><NtryDtls><TxDtls>
    <Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>
    <RmtInf><Strd><CdtrRefInf><Ref>{ocr}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>"""


# --- F6, F7: what the bank takes back


def test_a_deduction_of_a_whole_payment_reverses_it_and_its_notes(world: RunningWorld, agreement: Agreement) -> None:
    """F7: everything is as it was before the payment, but for what April's bore until its day."""
    bill(world, "2026-04-01 21:00:00")
    bill(world, "2026-05-04 21:00:00")
    world.to("2026-05-29 12:00:00")
    before, asked = world.owed(agreement), invoices_of(world, agreement)
    ocr = asked[1].ocr or ""
    read(world, BgMax(date(2026, 5, 29)).of(paid(1, ocr, FEE + SOME, sender="3783511")))
    assert world.owed(agreement) != before
    back = BgMax(date(2026, 5, 29), serial=2).of(
        paid(1, "FAKTURA", FEE + SOME, code=4), paid(2, ocr, FEE + SOME, sender="3783511", deduction=True)
    )
    assert (read(world, back).matched, read(world, back).unmatched) == (1, 1)
    assert world.owed(agreement) == before | {INTEREST: LATE, EARNED: -LATE}
    assert invoices_of(world, agreement) == asked
    assert [row.state for row in rows(world)] == ["reversed", "unmatched", "booked"]
    assert world.actions(agreement)[-1] == "payment.reversed"


def test_a_debit_of_camt_054_takes_back_what_its_own_id_names(world: RunningWorld, agreement: Agreement) -> None:
    """F7: though two payments are of that sum."""
    read(
        world,
        camt(entry("700.00", str(agreement.ocr)), entry("700.00", str(agreement.ocr), name="E-2", end_to_end="P-8")),
    )
    taken = camt(entry("700.00", str(agreement.ocr), name="E-3", taken_back=True)).replace(b"M-1", b"M-2")
    assert read(world, taken).matched == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert [row.state for row in rows(world)] == ["reversed", "booked", "booked"]


def test_use_of_a_balance_that_is_taken_back_is_undone_first(world: RunningWorld, agreement: Agreement) -> None:
    """F6: 11 000 kr were kept, 10 000 of them paid an instalment since; then the bank takes the payment back."""
    read(world, BgMax(TODAY).of(paid(1, str(agreement.ocr), Money.kronor(11_000))))
    world.to("2026-04-30 05:00:00")
    assert world.payments.use_balances(date(2026, 4, 30)) == 1
    taken = paid(1, str(agreement.ocr), Money.kronor(11_000), deduction=True)
    other = paid(2, "FRITT", Money.kronor(12_000), code=4)
    assert read(world, BgMax(date(2026, 4, 30), serial=2).of(taken, other)).matched == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}


@pytest.mark.parametrize("payments", [0, 2])
def test_a_deduction_in_doubt_waits_for_a_person(world: RunningWorld, agreement: Agreement, payments: int) -> None:
    """F7: no payment of that sum, or two."""
    records = [paid(number, str(agreement.ocr), SOME) for number in range(1, payments + 1)]
    result = read(
        world, BgMax(TODAY).of(*records, paid(8, "", SOME, code=4), paid(9, str(agreement.ocr), SOME, deduction=True))
    )
    assert result.unmatched == 2
    doubt = world.payments.look_into(rows(world)[-1].id)
    assert len(doubt.may_take_back) == payments


def test_of_a_larger_payment_the_rest_is_booked_anew(world: RunningWorld, agreement: Agreement) -> None:
    """F7: 50 of 700 kr are taken back twice, by a person; more than is left is refused."""
    taken = [paid(number, "KREDIT", Money.kronor(50), code=4, deduction=True) for number in (2, 3)]
    too_much = paid(4, "KREDIT", Money.kronor(601), code=4, deduction=True)
    kept = paid(5, "FRITT", SOME * 2, code=4)
    read(world, BgMax(TODAY).of(paid(1, str(agreement.ocr), SOME), *taken, too_much, kept))
    original, first, second, third, _ = rows(world)
    for one in (first, second):
        view = world.payments.take_back(one.id, original.id, actor=actor(2))
        assert (view.state, view.takes_back_id, view.matched_by) == (PaymentState.BOOKED, original.id, actor(2))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -Money.kronor(600)}
    with pytest.raises(PaymentNotReversible):
        world.payments.take_back(third.id, original.id, actor=actor(2))
    with pytest.raises(PaymentNotUnmatched):
        world.payments.take_back(first.id, original.id, actor=actor(2))


# --- F7: a person says whose it is


def grounds(world: RunningWorld, payment: IncomingPayment) -> dict[Any, tuple[MatchGround, ...]]:
    return {one.agreement_id: one.grounds for one in world.payments.look_into(payment.id).suggestions}


@pytest.mark.parametrize("text", ["Betalning {number}", "ocr {ocr}", "lån {grouped} tack"])
def test_a_number_in_the_text_is_a_ground(world: RunningWorld, agreement: Agreement, text: str) -> None:
    """F7: an agreement's number or reference, also in groups."""
    ocr = str(agreement.ocr)
    written = text.format(number=agreement.number, ocr=ocr, grouped=f"{ocr[:4]} {ocr[4:]}")
    read(world, BgMax(TODAY).of(paid(1, "", SOME, code=0, texts=[written])))
    assert grounds(world, rows(world)[0]) == {agreement.id: (MatchGround.NUMBER,)}


def test_who_has_paid_before_and_whose_number_it_is_are_grounds(world: RunningWorld, agreement: Agreement) -> None:
    """F7: found by blind index: neither the account nor the number is stored to be read."""
    with world.runtime.database.transaction() as session:
        found = get_agreement(session, agreement.id)
        number = world.runtime.cipher.decrypt(found.company_encrypted, context="agreement.company").decode()
        name = details_of(world.runtime, found).name
    read(world, BgMax(TODAY).of(paid(1, str(agreement.ocr), SOME, sender="3783511")))
    read(world, BgMax(TODAY, 2).of(paid(1, "", SOME, code=0, sender="3783511", number=number, name=name)))
    row = rows(world)[-1]
    expected = (MatchGround.ORGANISATION_NUMBER, MatchGround.SENDER, MatchGround.NAME)
    assert grounds(world, row) == {agreement.id: expected}
    assert b"3783511" not in (row.payer_encrypted or b"")
    payer = world.payments.look_into(row.id).payer
    assert (payer.name, payer.account, payer.organisation_number) == (name, "3783511", number)


def test_a_name_that_is_like_is_a_ground_where_an_invoice_asks_for_the_sum(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F7: a sum alone is none."""
    bill(world, "2026-04-01 21:00:00")
    (april,) = invoices_of(world, agreement)
    with world.runtime.database.transaction() as session:
        name = details_of(world.runtime, get_agreement(session, agreement.id)).name
    content = BgMax(date(2026, 4, 30)).of(
        paid(1, "", april.payable, code=0, name=name.upper()), paid(2, "", april.payable, code=0, name="Helt Annan HB")
    )
    read(world, content)
    alike, other = rows(world)
    (suggestion,) = world.payments.look_into(alike.id).suggestions
    assert (suggestion.invoice_id, suggestion.grounds) == (april.id, (MatchGround.NAME, MatchGround.SUM))
    assert grounds(world, other) == {}


def test_nothing_is_booked_until_a_person_says_so_and_then_once(world: RunningWorld, agreement: Agreement) -> None:
    """F7: kept with who and when; divided as they say, what is left waits."""
    other = world.running()
    read(world, BgMax(TODAY).of(paid(1, "", SOME, code=0)))
    (row,) = rows(world)
    parts = [ChosenPart(agreement.id, Money.kronor(300)), ChosenPart(other.id, Money.kronor(150))]
    views = world.payments.match(row.id, parts, actor=actor(2))
    assert [(view.amount, view.state) for view in views] == [
        (Money.kronor(300), PaymentState.BOOKED),
        (Money.kronor(150), PaymentState.BOOKED),
        (Money.kronor(250), PaymentState.UNMATCHED),
    ]
    assert (views[0].matched_by, views[0].matched_at) == (actor(2), world.clock.now())
    assert world.owed(agreement)[CREDIT] == -Money.kronor(300)
    assert world.owed(other)[CREDIT] == -Money.kronor(150)
    with pytest.raises(PaymentNotUnmatched):
        world.payments.match(row.id, parts, actor=actor(2))
    (left,) = world.payments.unmatched()
    world.payments.match(left.id, [ChosenPart(other.id)], actor=actor(2))
    assert world.owed(other)[CREDIT] == -Money.kronor(400)
    assert {one.told_ore for one in rows(world)} == {SOME.ore}
    assert sum(one.amount_ore for one in rows(world)) == SOME.ore


def test_a_person_may_name_the_invoice(world: RunningWorld, agreement: Agreement) -> None:
    """F8: as the payer's own reference would have."""
    bill(world, "2026-04-01 21:00:00")
    bill(world, "2026-05-04 21:00:00")
    may = invoices_of(world, agreement)[1]
    read(world, BgMax(date(2026, 5, 4)).of(paid(1, "FAKTURA MAJ", may.payable, code=4)))
    world.payments.match(rows(world)[0].id, [ChosenPart(agreement.id, invoice_id=may.id)], actor=actor(2))
    assert [view.state for view in invoices_of(world, agreement)] == [InvoiceState.OPEN, InvoiceState.PAID]


def test_parts_that_do_not_make_up_the_payment_are_refused(world: RunningWorld, agreement: Agreement) -> None:
    """F7: and change nothing."""
    other = world.running()
    read(world, BgMax(TODAY).of(paid(1, "", SOME, code=0)))
    (row,) = rows(world)
    too_much = [ChosenPart(agreement.id, SOME), ChosenPart(other.id, Money(1))]
    twice = [ChosenPart(agreement.id, Money(1)), ChosenPart(agreement.id, Money(1))]
    for parts in ([], too_much, twice, [ChosenPart(agreement.id, Money.ZERO)], [ChosenPart(agreement.id, -SOME)]):
        with pytest.raises(PartsRefused):
            world.payments.match(row.id, parts, actor=actor(2))
    with pytest.raises(PartsRefused):
        world.payments.match(row.id, [ChosenPart(agreement.id, invoice_id=other.id)], actor=actor(2))
    with pytest.raises(NotFound):
        world.payments.match(agreement.id, [ChosenPart(agreement.id)], actor=actor(2))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}
    assert len(world.payments.unmatched()) == 1


# --- F7: big files


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_file, "AT_ONCE", 2)
    monkeypatch.setattr(book_chunks, "AGREEMENTS_AT_ONCE", 2)


@pytest.mark.usefixtures("small_chunks")
def test_a_big_file_is_booked_by_workers(world: RunningWorld, agreement: Agreement) -> None:
    """F7: what was handed in waits; in chunks of two agreements everything finds its place, once."""
    agreements = [agreement, *(world.running() for _ in range(4))]
    payments = [paid(number, str(one.ocr), SOME) for number, one in enumerate([*agreements, agreement], start=1)]
    content = BgMax(TODAY).of(
        *payments, paid(8, "", SOME, code=0), paid(9, str(agreements[1].ocr), SOME, deduction=True)
    )
    result = read(world, content)
    assert (result.state, result.matched, result.unmatched) == (PaymentFileState.WAITING, 0, 0)
    assert (world.payments.book_begun(), world.payments.book_begun()) == (1, 0)
    result = read(world, content)
    assert (result.state, result.matched, result.unmatched) == (PaymentFileState.READ, 7, 1)
    (view,) = world.payments.files(limit=5)
    assert (view.state, view.payments, view.booked, view.unmatched) == (PaymentFileState.READ, 8, 7, 1)
    assert [world.owed(one).get(CREDIT, Money.ZERO) for one in agreements] == [
        -SOME * 2,
        Money.ZERO,
        -SOME,
        -SOME,
        -SOME,
    ]


@pytest.mark.usefixtures("small_chunks")
def test_a_big_file_that_contradicts_is_refused_whole_by_the_worker(world: RunningWorld, agreement: Agreement) -> None:
    """F7: and is kept, with why."""
    read(world, BgMax(TODAY).of(paid(1, str(agreement.ocr), SOME)))
    wrong = BgMax(TODAY, stamp=1).of(*(paid(number, str(agreement.ocr), SOME * 2) for number in (1, 2, 3)))
    assert read(world, wrong).state is PaymentFileState.WAITING
    assert world.payments.book_begun() == 0
    newest = world.payments.files(limit=1)[0]
    assert (newest.state, newest.refused, newest.payments) == (PaymentFileState.REFUSED, "payment-contradicted", 0)
    assert world.owed(agreement)[CREDIT] == -SOME


def test_who_paid_is_under_the_key_of_its_file(world: RunningWorld, agreement: Agreement) -> None:
    """K2: so that it is erased with the file."""
    read(world, BgMax(TODAY).of(paid(1, str(agreement.ocr), SOME, name="Åkeri & Söner AB")))
    with world.runtime.database.transaction() as session:
        file = session.scalars(sa.select(PaymentFile)).one()
        payer = session.scalars(sa.select(IncomingPayment.payer_encrypted)).one()
    assert world.runtime.cipher.subject_of(payer or b"") == f"payment_file:{file.sha256.hex()}"
