"""What the bank's files may hold, sent over HTTP in both formats: told twice, divided, taken back, broken (rule F7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from tests.support.beginnings import running
from tests.support.bgmax_files import BgMax, paid
from tests.support.house import Api, HouseWorld
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, Role

DAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Told:
    """One payment of a file: in kronor, with its references, or a text; *serial* is the bank's name of it."""

    serial: int
    amount: int
    references: tuple[str, ...] = ()
    text: str = ""
    taken_back: bool = False


Write = Callable[..., bytes]


def bgmax(*payments: Told, number: int = 1) -> bytes:
    """A file of one deposit."""
    records = []
    for one in payments:
        first, *rest = one.references or ("",)
        share = Money.kronor(one.amount).split(len(rest) + 1)[0]
        payment = paid(
            one.serial,
            first,
            Money.kronor(one.amount),
            code=2 if first else 0,
            extra=[(reference, share, False) for reference in rest],
            texts=[one.text] if one.text else [],
            deduction=one.taken_back,
        )
        records.append(payment)
    return BgMax(DAY, stamp=number).of(*records)


def camt(*payments: Told, number: int = 1) -> bytes:
    """A notification with an entry for each, and the sum of them all."""
    entries = "".join(_entry(one) for one in payments)
    total = sum(one.amount for one in payments)
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>2026-03-02T17:30:35</CreDtTm></GrpHdr>
    <Ntfctn><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id></Acct>
    <TxsSummry><TtlNtries><NbOfNtries>{len(payments)}</NbOfNtries><Sum>{total}.00</Sum></TtlNtries></TxsSummry>
    {entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>""".encode()


def _entry(one: Told) -> str:
    sign = "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>" if one.taken_back else "<CdtDbtInd>CRDT</CdtDbtInd>"
    share = one.amount // max(1, len(one.references))
    divided = f"<RfrdDocAmt><RmtdAmt Ccy='SEK'>{share}.00</RmtdAmt></RfrdDocAmt>" if len(one.references) > 1 else ""
    told = "".join(
        f"<Strd>{divided}<CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" for reference in one.references
    )
    told += f"<Ustrd>{one.text}</Ustrd>" if one.text else ""
    return f"""<Ntry><Amt Ccy="SEK">{one.amount}.00</Amt>{sign}<Sts><Cd>BOOK</Cd></Sts>
    <BookgDt><Dt>{DAY}</Dt></BookgDt><AcctSvcrRef>E-{one.serial}</AcctSvcrRef><NtryDtls><TxDtls>
    <RmtInf>{told}</RmtInf></TxDtls></NtryDtls></Ntry>"""


FORMATS = pytest.mark.parametrize("write", [bgmax, camt])


class Bank:
    """Billing hands in files, and looks at what has become of them."""

    def __init__(self, world: HouseWorld) -> None:
        self.billing: Api = world.staff(Role.BILLING)
        loan = running(world, CompanyForm.AB)
        self.loan = loan
        self.ocr: str = loan.borrower.get(loan.agreement)["ocr"]

    def send(self, content: bytes, status: int = 201) -> Any:
        """The answer to a file."""
        answer = self.billing.send("POST", "/v1/payment-files", {"Content-Type": "text/plain"}, data=content)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def counts(self, content: bytes) -> tuple[int, int]:
        """How many payments of the file were booked, and how many wait for a person."""
        answer = self.send(content)
        return answer["matched"], answer["unmatched"]

    @property
    def kept(self) -> str:
        """The borrower's money, all of which is credit balance: nothing is due yet."""
        lines = [line for entry in self.entries for line in entry["lines"]]
        came = Money.sum(Money.kronor(line["amount"]) for line in lines if line["credit"] == "credit_balance")
        went = Money.sum(Money.kronor(line["amount"]) for line in lines if line["debit"] == "credit_balance")
        return str(came - went)

    @property
    def entries(self) -> list[Any]:
        found: list[Any] = self.loan.borrower.get(f"{self.loan.agreement}/ledger")["items"]
        return found

    def waiting(self) -> list[Any]:
        found: list[Any] = self.billing.get("/v1/payments?status=unmatched")["items"]
        return found


@pytest.fixture
def bank(world: HouseWorld) -> Bank:
    return Bank(world)


@FORMATS
def test_a_file_and_a_payment_that_come_twice_are_booked_once(bank: Bank, write: Write) -> None:
    """F7: the same file; then a file of its own that tells of the same payment and of another one."""
    first = Told(1, 700, (bank.ocr,))
    assert [bank.counts(write(first)) for _ in range(2)] == [(1, 0), (1, 0)]
    assert bank.kept == "700.00"
    assert bank.counts(write(first, Told(2, 50, (bank.ocr,)), number=2)) == (1, 0)
    assert bank.kept == "750.00"
    contradicted = bank.send(write(Told(1, 701, (bank.ocr,)), number=3), status=409)
    assert contradicted["type"] == "/problems/payment-contradicted"
    assert bank.kept == "750.00"


@FORMATS
def test_several_references_of_one_agreement_are_one_payment_to_it(bank: Bank, write: Write) -> None:
    """F7: of which one is nobody's they wait, with all of it."""
    assert bank.counts(write(Told(1, 400, (bank.ocr, bank.ocr)))) == (1, 0)
    assert bank.counts(write(Told(2, 400, (bank.ocr, "1234567897")), number=2)) == (0, 1)
    assert (bank.kept, [one["amount"] for one in bank.waiting()]) == ("400.00", ["400.00"])


@FORMATS
def test_a_free_text_books_nothing_and_suggests_whose_it_is(bank: Bank, write: Write) -> None:
    """F7: a person says so; a text is shown with the payment alone."""
    text = f"tack, betalning {bank.ocr}"
    assert bank.counts(write(Told(1, 300, text=text))) == (0, 1)
    (waiting,) = bank.waiting()
    found = bank.billing.get(f"/v1/payments/{waiting['id']}")
    assert found["payer"]["texts"] == [text]
    assert [(one["agreement_id"], one["grounds"]) for one in found["suggestions"]] == [
        (bank.loan.agreement_id, ["number"])
    ]
    part = {"parts": [{"agreement_id": bank.loan.agreement_id}]}
    bank.billing.post(f"/v1/payments/{waiting['id']}/allocation", part, status=200)
    assert (bank.kept, bank.waiting()) == ("300.00", [])


@FORMATS
def test_what_the_bank_takes_back_is_reversed_and_what_is_in_doubt_waits(bank: Bank, write: Write) -> None:
    """F6, F7: a deduction of BgMax, a reversing debit of camt.054; of another sum it is a person's to say."""
    bank.send(write(Told(1, 700, (bank.ocr,)), Told(2, 50, (bank.ocr,))))
    back = Told(3, 700, (bank.ocr,), taken_back=True)
    assert bank.counts(write(back, Told(4, 1000, (bank.ocr,)), number=2)) == (2, 0)
    assert (bank.kept, [entry["kind"] for entry in bank.entries].count("reversal")) == ("1050.00", 1)
    back = Told(5, 20, (bank.ocr,), taken_back=True)
    assert bank.counts(write(back, Told(6, 30, (bank.ocr,)), number=3)) == (1, 1)
    (waiting,) = bank.waiting()
    found = bank.billing.get(f"/v1/payments/{waiting['id']}")
    original = next(one for one in found["may_take_back"] if one["amount"] == "50.00")
    act = f"/v1/payments/{waiting['id']}/allocation"
    bank.billing.post(act, {"takes_back_id": original["id"]}, status=200)
    assert (bank.kept, bank.waiting()) == ("1060.00", [])


@pytest.mark.parametrize(
    ("write", "right", "wrong", "line"),
    [
        (bgmax, b"000000000000075000SEK", b"000000000000075001SEK", 5),  # the deposit is not its payments
        (bgmax, b"SEK00000002", b"SEK00000003", 5),
        (bgmax, b"7000000002", b"7000000001", 6),  # the end record counts payments
        (camt, b"<NbOfNtries>2<", b"<NbOfNtries>3<", 4),
        (camt, b"<Sum>750.00<", b"<Sum>750.01<", 4),
    ],
)
def test_a_file_that_breaks_its_own_totals_is_refused_whole_with_the_line(
    bank: Bank, write: Write, right: bytes, wrong: bytes, line: int
) -> None:
    """F7: in the caller's language, without a word of what payers wrote; nothing of it is kept."""
    content = write(Told(1, 700, (bank.ocr,)), Told(2, 50, (bank.ocr,)))
    assert content.count(right) == 1
    answer = bank.send(content.replace(right, wrong), status=422)
    assert (answer["type"], answer["detail"].partition(":")[0]) == ("/problems/payment-file-refused", f"Rad {line}")
    assert (bank.kept, bank.waiting()) == ("0.00", [])
    assert bank.counts(content) == (2, 0)
