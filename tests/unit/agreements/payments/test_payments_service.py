"""Money that comes in, on the real database: read once, found its agreement, allocated to the öre, none of it lost."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from agreements.billing.service import charge_month, run_due
from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.payments.formats import PaymentFileRefused
from agreements.payments.models import FetchedFile, IncomingPayment, PaymentFile
from agreements.payments.service import FileResult, PaymentContradicted, TestFileRefused
from agreements.payouts.answers import PayoutAnswer
from agreements.payouts.client import Bank, BankUnreachable
from agreements.payouts.drop import BankDrop
from tests.support.credit import NEXT_DAY_ACCOUNT
from tests.support.running import FEE, LIMIT, PART, RunningWorld, actor
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, AgreementState, GuaranteeState
from underwriting.platform import audit_log

CREDIT, PRINCIPAL, FEES = Account.CREDIT_BALANCE, Account.PRINCIPAL, Account.FEE_RECEIVABLE
TODAY = date(2026, 3, 2)
SOME = Money.kronor(700)


def read(world: RunningWorld, content: bytes) -> FileResult:
    """What billing does with a file."""
    return world.payments.read_file(content, actor=actor())


def counts(world: RunningWorld) -> tuple[int, int]:
    """How many files and payments are kept."""
    with world.runtime.database.transaction() as session:
        files, payments = (sa.select(sa.func.count()).select_from(rows) for rows in (PaymentFile, IncomingPayment))
        return session.scalars(files).one(), session.scalars(payments).one()


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """120 000 kr, paid out on Monday 2 March 2026: 10 000 kr are due on the last bank day of each month from April."""
    world.to("2026-03-02 10:00:00")
    return world.running()


# --- F7: files and payments, each once


def test_the_same_file_read_twice_changes_nothing(world: RunningWorld, agreement: Agreement) -> None:
    """F7: by content."""
    content = world.file((agreement, SOME, TODAY))
    first = read(world, content)
    assert (first.matched, first.unmatched) == (1, 0)
    assert read(world, content) == first
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert counts(world) == (1, 1)


def test_a_payment_that_comes_in_two_files_is_booked_once(world: RunningWorld, agreement: Agreement) -> None:
    """F7: the bank repeats a deposit and adds one payment; the repeated one is known by Bankgirot's numbers."""
    one = world.file((agreement, SOME, TODAY), serial=77)
    read(world, one)
    lines = one.decode("iso-8859-1").split("\r\n")
    lines[0] = lines[0].replace("20260302", "20260303", 1)  # made anew a day later: other bytes, the same payment
    again = read(world, "\r\n".join(lines).encode("iso-8859-1"))
    assert (again.matched, again.unmatched) == (0, 0)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert counts(world) == (2, 1)


def test_a_payment_that_contradicts_an_earlier_one_stops_its_file(world: RunningWorld, agreement: Agreement) -> None:
    """F7: the same numbers of Bankgirot's, another sum: nobody's money may vanish into the first."""
    one = world.file((agreement, SOME, TODAY), serial=77)
    read(world, one)
    other = one.replace(b"000000000000070000", b"000000000000090000")
    assert other != one
    with pytest.raises(PaymentContradicted):
        read(world, other)
    assert counts(world) == (1, 1)


@pytest.mark.parametrize("reference", ["", "FAKTURA 77", "1000000009", "9" * 25])
def test_a_payment_without_an_ocr_that_is_known_waits_for_a_person(world: RunningWorld, reference: str) -> None:
    """F7: no krona is unaccounted for."""
    result = read(world, world.file((reference, SOME, TODAY)))
    assert (result.matched, result.unmatched) == (0, 1)
    (waiting,) = world.payments.unmatched()
    assert (waiting.reference, waiting.amount, waiting.booked_on) == ("", SOME, TODAY)
    assert world.payments.look_into(waiting.id).payment.reference == reference


def test_a_deduction_and_a_payment_with_several_references_wait_for_a_person(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F7: a person says whose they are; the deduction is negative."""
    ocr = str(agreement.ocr)
    records = [
        f"01{'BGMAX':<20}0120260302101500000000T",
        f"05{'59990093':0>10}{'':10}SEK",
        f"20{'':0>10}{ocr:>25}{70000:018d}21{1:012d}0",
        f"22{'':0>10}{'FAKTURA 1':<25}{30000:018d}41{1:012d}0",
        f"21{'':0>10}{ocr:>25}{5000:018d}21{2:012d}00",
        f"15{'58410000010098':0>35}20260302{1:05d}{65000:018d}SEK{2:08d}",
        f"70{1:08d}{1:08d}{1:08d}{1:08d}",
    ]
    result = read(world, "".join(f"{record:<80}\r\n" for record in records).encode("iso-8859-1"))
    assert (result.matched, result.unmatched) == (0, 2)
    assert [payment.amount for payment in world.payments.unmatched()] == [SOME, -Money.kronor(50)]
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}


def test_a_payment_of_nothing_is_no_payment(world: RunningWorld, agreement: Agreement) -> None:
    """F7: BgMax allows it."""
    assert read(world, world.file((agreement, Money.ZERO, TODAY))).matched == 0
    assert counts(world) == (1, 0)


def test_a_file_that_does_not_add_up_is_refused_whole(world: RunningWorld, agreement: Agreement) -> None:
    """F7: naming the line; nothing is kept."""
    content = world.file((agreement, SOME, TODAY), (agreement, SOME, TODAY))
    with pytest.raises(PaymentFileRefused) as refusal:
        read(world, content.replace(b"\n70000000", b"\n90000000", 1))
    assert refusal.value.rule == "F7"
    assert "Rad" in refusal.value.detail.sv
    assert counts(world) == (0, 0)


def test_a_test_file_is_refused_outside_the_sandbox(world: RunningWorld, agreement: Agreement) -> None:
    """F7: money that a test file tells of does not exist."""
    runtime = replace(world.runtime, settings=replace(world.runtime.settings, sandbox=False))
    with pytest.raises(TestFileRefused):
        replace(world.payments, runtime=runtime).read_file(world.file((agreement, SOME, TODAY)), actor=actor())


def test_what_waits_is_listed_in_parts(world: RunningWorld) -> None:
    """F7: two and then one."""
    read(world, world.file(*((f"REF {number}", SOME, TODAY) for number in range(3))))
    first = world.payments.unmatched(limit=2)
    rest = world.payments.unmatched(after=first[-1].id, limit=2)
    typed = [world.payments.look_into(one.id).payment.reference for one in (*first, *rest)]
    assert (typed, len(rest)) == (["REF 0", "REF 1", "REF 2"], 1)


# --- fetching


class Files(Bank):
    """A bank with these files; it hands out what came after the one that is named."""

    def __init__(self, *files: tuple[str, bytes]) -> None:
        self.files = list(files)
        self.handed_out: list[str] = []

    def send(self, file: bytes, *, message_id: str) -> None:
        raise AssertionError(f"nothing is paid out here: {message_id}, {len(file)} bytes")

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        raise AssertionError(f"nothing is asked about here: {end_to_end_id}")

    def holder_of(self, account: Bankgiro) -> str | None:
        raise AssertionError(f"nothing is asked about {account!r} here")

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        ids = [file_id for file_id, _ in self.files]
        rest = self.files[ids.index(after) + 1 :] if after else self.files
        self.handed_out += [file_id for file_id, _ in rest]
        return rest


def test_what_a_payer_sends_through_the_bank_is_fetched_once(world: RunningWorld, agreement: Agreement) -> None:
    """F7: over the wire, from the stand-in."""
    paid = world.bank.pay(bankgiro="5999-0093", reference=agreement.ocr, amount="700.00", payer_name="Åkeriet AB")
    assert paid.ok
    assert (world.payments.fetch_files(), world.payments.fetch_files()) == (1, 0)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}


def test_a_camt_054_is_fetched_from_the_banks_folder_as_bgmax_is(
    world: RunningWorld, agreement: Agreement, tmp_path: Path
) -> None:
    """F7: each once, in the order of their names."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.bgmax").write_bytes(world.file((agreement, SOME, TODAY)))
    (tmp_path / "in" / "2.xml").write_bytes(
        f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
        <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-03-02T17:30:35</CreDtTm></GrpHdr>
        <Ntfctn><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id></Acct><Ntry><Amt Ccy="SEK">50.00</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>
        <NtryDtls><TxDtls><RmtInf><Strd><CdtrRefInf><Ref>{agreement.ocr}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
        </NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>""".encode()
    )
    fetching = replace(world.payments, bank=BankDrop(tmp_path))
    assert [fetching.fetch_files() for _ in range(2)] == [2, 0]
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -(SOME + Money.kronor(50))}


def test_a_file_that_is_refused_is_kept_and_those_after_it_are_read(world: RunningWorld, agreement: Agreement) -> None:
    """F7: one bad file must not hold up the rest, nor be lost; once it can be read it is."""
    bad, good = world.file((agreement, SOME, TODAY)), world.file((agreement, SOME, TODAY))
    bank = Files(("a", bad[:-82]), ("b", good))
    payments = replace(world.payments, bank=bank)
    assert (payments.fetch_files(), payments.fetch_files()) == (2, 0)
    assert bank.handed_out == ["a", "b"]
    with world.runtime.database.transaction() as session:
        refused = list(session.scalars(sa.select(PaymentFile.refused).order_by(PaymentFile.id)))
        kept = session.scalars(sa.select(PaymentFile).where(PaymentFile.refused.is_not(None))).one()
        noted = [entry.action for entry in audit_log.entries_of(session, f"payment-file:{kept.id}")]
        content = world.runtime.cipher.decrypt(kept.content_encrypted, context="payment_file.content")
    assert refused == ["payment-file-refused", None]
    assert noted == ["payment_file.refused"]
    assert content == bad[:-82]
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}


def test_a_file_that_was_refused_is_read_when_it_can_be(world: RunningWorld, agreement: Agreement) -> None:
    """F7: it contradicted a payment that, say, a person has put right since."""
    content = world.file((agreement, SOME, TODAY))
    payments = replace(world.payments, bank=Files(("a", content)))
    outside = replace(world.runtime, settings=replace(world.runtime.settings, sandbox=False))
    assert replace(payments, runtime=outside).fetch_files() == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}
    assert read(world, content).matched == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert counts(world) == (1, 1)


def test_a_file_that_was_handed_in_before_is_not_fetched_again_and_again(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F7: the same content under two ids of the bank's."""
    content = world.file((agreement, SOME, TODAY))
    read(world, content)
    bank = Files(("a", content), ("b", content))
    payments = replace(world.payments, bank=bank)
    assert [payments.fetch_files() for _ in range(2)] == [2, 0]
    with world.runtime.database.transaction() as session:
        assert len(session.scalars(sa.select(FetchedFile)).all()) == 2
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}


def test_a_bank_that_does_not_answer_is_told_to_whoever_asked(world: RunningWorld) -> None:
    """F1: a fee run that reads the bank's answers first must know."""

    class Silent(Files):
        def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
            raise BankUnreachable(f"no_answer after {after}")

    with pytest.raises(BankUnreachable):
        replace(world.payments, bank=Silent()).fetch_files()


# --- F8: allocation


def test_a_payment_pays_the_fee_before_the_instalment_and_the_rest_is_kept(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F8: on 30 April 2 400 of March's fee and 10 000 of principal are due; of 13 000 kr 600 are left."""
    world.to("2026-04-30 12:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.pay(agreement, Money.kronor(2_399))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, FEES: Money.kronor(1)}
    world.pay(agreement, Money.kronor(10_601))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(600)}


def test_every_ore_of_odd_sums_is_accounted_for(world: RunningWorld, agreement: Agreement) -> None:
    """F8: 0.01 + 2 399.98 + 0.02 + 9 999.99 = 2 400 + 9 999.99 + 0.01, and 0.01 over."""
    world.to("2026-04-30 12:00:00")
    charge_month(world.runtime, Month(2026, 3))
    for amount, owed in (
        (Money(1), {PRINCIPAL: LIMIT, FEES: FEE - Money(1)}),
        (Money(239_998), {PRINCIPAL: LIMIT, FEES: Money(1)}),
        (Money(2), {PRINCIPAL: LIMIT - Money(1)}),
        (Money(999_999), {PRINCIPAL: LIMIT - PART}),
        (Money(1), {PRINCIPAL: LIMIT - PART, CREDIT: -Money(1)}),
    ):
        world.pay(agreement, amount)
        assert world.owed(agreement) == owed
    paid = Money.kronor(12_400) + Money(1)
    assert world.balances(agreement)[Account.BANK] == paid - LIMIT


def test_the_payments_of_a_file_are_booked_by_their_day_whatever_their_order(world: RunningWorld) -> None:
    """F8: two agreements and two days in one file; each agreement's earlier day comes first."""
    world.to("2026-03-02 10:00:00")
    agreements = [world.running() for _ in range(2)]
    world.to("2026-05-05 12:00:00")
    late = world.file(*((one, Money.kronor(20_000), date(2026, 5, 4)) for one in agreements), serial=2)
    early = world.file(*((one, Money.kronor(15_000), date(2026, 4, 30)) for one in agreements), serial=1)
    deposits = [content.decode().split("\r\n")[1:-2] for content in (late, early)]
    head = late.decode().split("\r\n")[0]
    end = f"70{4:08d}{0:08d}{0:08d}{2:08d}"
    records = [head, *deposits[0], *deposits[1], f"{end:<80}", ""]
    assert read(world, "\r\n".join(records).encode()).matched == 4
    for one in agreements:  # 10 000 were due on 30 April; the rest waits for 29 May
        assert world.owed(one) == {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(25_000)}


def test_money_for_an_agreement_that_is_not_paid_out_is_kept(world: RunningWorld) -> None:
    """F8: nothing is owed yet."""
    world.to("2026-03-02 10:00:00")
    agreement = world.granted()
    world.pay(agreement, SOME)
    assert world.owed(agreement) == {CREDIT: -SOME}


# --- credit balances, and the end of the term


def test_a_credit_balance_pays_the_instalment_on_its_day_and_not_before(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F8: 11 000 kr came early; 10 000 are due on Thursday 30 April."""
    world.pay(agreement, Money.kronor(11_000))
    world.to("2026-04-29 05:00:00")
    assert world.payments.use_balances(date(2026, 4, 29)) == 0
    world.to("2026-04-30 05:00:00")
    assert world.payments.use_balances(date(2026, 4, 30)) == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(1_000)}
    assert world.payments.use_balances(date(2026, 4, 30)) == 0


def test_a_credit_balance_is_used_as_often_as_something_falls_due(world: RunningWorld, agreement: Agreement) -> None:
    """F8: 30 000 kr came at once: the fee of March, the instalments of April and May, a part of June's."""
    world.pay(agreement, Money.kronor(30_000))
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    for on, owed in (
        (date(2026, 4, 2), {PRINCIPAL: LIMIT, CREDIT: -Money.kronor(27_600)}),
        (date(2026, 4, 30), {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(17_600)}),
        (date(2026, 5, 29), {PRINCIPAL: LIMIT - PART * 2, CREDIT: -Money.kronor(7_600)}),
        (date(2026, 6, 30), {PRINCIPAL: Money.kronor(92_400)}),
    ):
        world.to(f"{on} 05:00:00")
        assert world.payments.use_balances(on) == 1
        assert world.owed(agreement) == owed


@pytest.fixture
def short(world: RunningWorld) -> Agreement:
    """20 000 kr over two months, paid out on 2 March: 10 000 on 30 April and 29 May; 400, 400 and 200 kr of fees.

    The second payment lacks one öre; the fee of May is not charged.
    """
    world.to("2026-03-02 10:00:00")
    agreement = world.running(limit=Money.kronor(20_000), term_months=2)
    for charged, month, paid, amount in (
        ("2026-04-01", Month(2026, 3), "2026-04-30", Money.kronor(10_400)),
        ("2026-05-04", Month(2026, 4), "2026-05-29", Money.kronor(10_400) - Money(1)),
    ):
        world.to(f"{charged} 20:00:00")
        charge_month(world.runtime, month)
        world.to(f"{paid} 12:00:00")
        world.pay(agreement, amount)
    assert world.owed(agreement) == {PRINCIPAL: Money(1)}
    return agreement


def close(world: RunningWorld, on: str) -> int:
    """The daily job of that day."""
    world.to(f"{on} 05:00:00")
    return world.payments.close_ended(date.fromisoformat(on))


def test_what_is_paid_back_is_settled_when_the_plan_has_ended(world: RunningWorld, short: Agreement) -> None:
    """F3: not before the last month's fee is charged and paid; then its guarantees end, and what is over is kept."""
    world.pay(short, Money(1))
    assert world.owed(short) == {}
    assert [close(world, on) for on in ("2026-05-29", "2026-05-30", "2026-06-01")] == [0, 0, 0]
    world.to("2026-06-01 20:00:00")
    charge_month(world.runtime, Month(2026, 5))
    assert world.owed(short) == {FEES: Money.kronor(200)}
    assert close(world, "2026-06-02") == 0
    world.pay(short, Money.kronor(250))
    assert close(world, "2026-06-02") == 1
    assert world.state(short) is AgreementState.SETTLED
    assert world.guarantee_states(short) == {GuaranteeState.ENDED}
    assert world.owed(short) == {CREDIT: -Money.kronor(50)}
    assert close(world, "2026-06-03") == 0


def test_what_owes_an_ore_of_principal_after_its_plan_stays(world: RunningWorld, short: Agreement) -> None:
    """F3: until it is paid. And F1: overdue principal costs no fee of June."""
    world.to("2026-06-01 20:00:00")
    charge_month(world.runtime, Month(2026, 5))
    assert world.owed(short) == {PRINCIPAL: Money(1), FEES: Money.kronor(200)}
    assert close(world, "2026-07-02") == 0
    assert world.state(short) is AgreementState.RUNNING
    assert charge_month(world.runtime, Month(2026, 6)).count == 0
    world.pay(short, Money.kronor(200))  # F8: the instalment of 29 May is older than the fee of May
    assert world.owed(short) == {FEES: Money(1)}
    assert close(world, "2026-07-02") == 0
    world.pay(short, Money(1))
    assert close(world, "2026-07-02") == 1


def test_what_waits_for_the_banks_answer_is_not_settled(world: RunningWorld) -> None:
    """P3: a second drawdown is sent on the day before the plan's last; the bank's answer is read in June."""
    world.to("2026-03-02 10:00:00")
    half = Money.kronor(10_000)
    agreement = world.running(limit=half * 2, asked=half, term_months=2, payout_account=NEXT_DAY_ACCOUNT)
    world.to("2026-03-03 10:00:00")
    world.later(minutes=1)
    world.to("2026-05-28 10:00:00")
    with world.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id).status_checked_at = world.clock.now()
    world.payouts.request_drawdown(agreement.id, half, actor=actor())
    world.payouts.send_due()
    run_due(world.runtime, date(2026, 5, 28))
    world.to("2026-05-29 10:00:00")
    world.pay(agreement, Money.kronor(10_400))  # fees of 200 and 200, instalments of 5 000 and 5 000
    world.to("2026-06-01 20:00:00")
    charge_month(world.runtime, Month(2026, 5))
    world.pay(agreement, Money.kronor(100))  # 5 000 kr were overdue since April: 2 % of the other 5 000
    assert world.owed(agreement) == {}
    assert close(world, "2026-06-02") == 0
    world.later(minutes=1)
    assert world.owed(agreement) == {PRINCIPAL: half}
