"""What the months cost: fees charged, explained and paid by OCR at the bank."""

from collections.abc import Mapping
from decimal import Decimal

from underwriting.demo.leaving import fee_of
from underwriting.demo.lending import Loan, view
from underwriting.demo.stage import Stage
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.wording import percent_in_words

_MONTHS: Mapping[str, Text] = {"2026-10": Text("oktober", "October"), "2026-11": Text("november", "November")}


def be_charged(stage: Stage, loan: Loan, month: str, *, basis: Money, fee: Money) -> None:
    """The fee run has charged *month*: on its highest use, in whole kronor (rules F1, F2, F10)."""
    found = fee_of(stage, loan, month)
    stage.check(f"{loan.chapter}: {month} is charged", bool(found.get("charged_at")), True)
    stage.check(f"{loan.chapter}: basis of {month}", found["basis"], str(basis))
    stage.check(f"{loan.chapter}: fee of {month}", found["fee"], str(fee))
    stage.note(loan.chapter, fees=[*stage.facts[loan.chapter].get("fees", []), {"month": month, "fee": found["fee"]}])
    stage.tell(
        loan.chapter,
        Text(
            "Månadsavgiften för {month.sv} är debiterad: som mest {basis} utnyttjat × {rate.sv} = {product}, i hela "
            "kronor {fee}.",
            "The monthly fee (månadsavgift) of {month.en} is charged: at most {basis} utilised × {rate.en} = "
            "{product}, in whole kronor {fee}.",
        ),
        month=_MONTHS[month],
        basis=basis.formatted(),
        rate=percent_in_words(Decimal(found["rate"])),
        product=Money.kronor(found["product"]).formatted(),
        fee=fee.formatted(),
    )


def pay(stage: Stage, loan: Loan, amount: Money, what: Text) -> None:
    """Pay *amount* with the agreement's OCR number; the bank's file is read and matched."""
    stage.bank.pay(str(amount), ocr=loan.ocr, payer=loan.applicant.signatory.name)
    stage.run_jobs()
    stage.tell(
        loan.chapter,
        Text("{name} betalar {amount} med OCR {ocr}: {what.sv}.", "{name} pays {amount} with OCR {ocr}: {what.en}."),
        name=loan.applicant.signatory.name,
        amount=amount.formatted(),
        ocr=loan.ocr,
        what=what,
    )


def owe(stage: Stage, loan: Loan, principal: Money) -> None:
    """Check what is still utilised."""
    stage.check(f"{loan.chapter}: utilised", view(stage, loan)["utilised"], str(principal))
