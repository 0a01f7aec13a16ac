"""The ways out of a credit: cancelled in either window, refused outside them, redeemed early."""

from datetime import date
from decimal import Decimal
from typing import Any

from underwriting.demo.lending import Loan, view
from underwriting.demo.stage import Stage
from underwriting.demo.wire import Refused
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words


def cancel_the_same_day(stage: Stage, loan: Loan, *, fee: Money) -> None:
    """In the same-day window and before payout: cancelled at once, for the fee alone (rules C1, C3)."""
    asked = _request(stage, loan)
    _check_request(stage, loan, asked, window="same_day", state="completed", total=fee)
    stage.check(f"{loan.chapter}: state after the cancellation", view(stage, loan)["state"], "cancelled")
    stage.tell(
        loan.chapter,
        Text(
            "{name} ångrar sig i sista sekunden: begäran om hävning kom in före 16.00 den dag krediten beviljades. "
            "Avtalet är hävt; det kostar {fee}.",
            "{name} has second thoughts in the last second: the request to cancel (häva) came before 16:00 on the day "
            "of the approval. The agreement is cancelled; that costs {fee}.",
        ),
        name=loan.applicant.signatory.name,
        fee=fee.formatted(),
    )


def be_refused(stage: Stage, loan: Loan, *, rule: str) -> None:
    """Outside the windows: refused, and told which window was missed and what is left (rules C4, C8)."""
    try:
        _request(stage, loan)
    except Refused as refusal:
        stage.check(f"{loan.chapter}: status of the refusal", refusal.status, 409)
        stage.check(f"{loan.chapter}: rule of the refusal", refusal.rule, rule)
        stage.note(loan.chapter, **{f"refused_{rule}": refusal.detail})
        stage.tell(
            loan.chapter,
            Text("{name} vill häva. Nekas ({rule}): ”{why}”", "{name} wants to cancel. Refused ({rule}): “{why}”"),
            name=loan.applicant.signatory.name,
            rule=rule,
            why=refusal.detail,
        )
    else:
        stage.check(f"{loan.chapter}: the late cancellation", "taken", "refused")


def ask_to_cancel(stage: Stage, loan: Loan, *, fee: Money, pay_by: date) -> Money:
    """In the payout window: conditional on the money (rule C6). What has to be paid."""
    total = Money.kronor(view(stage, loan)["utilised"]) + fee
    asked = _request(stage, loan)
    _check_request(stage, loan, asked, window="payout", state="conditional", total=total)
    stage.check(f"{loan.chapter}: to be paid by", asked["pay_by"], pay_by.isoformat())
    stage.tell(
        loan.chapter,
        Text(
            "{name} begär hävning i fönstrets sista sekund. Villkor: {total}, det vill säga kapitalet och {fee} i "
            "avgift, är inne senast {day.sv} (tre bankdagar).",
            "{name} asks to cancel in the window's last second. On condition that {total}, the principal and a fee of "
            "{fee}, has arrived by {day.en} (three bank days).",
        ),
        name=loan.applicant.signatory.name,
        total=total.formatted(),
        fee=fee.formatted(),
        day=day_in_words(pay_by),
    )
    return total


def be_cancelled(stage: Stage, loan: Loan, *, month: str) -> None:
    """The money has come in time: cancelled, and the month's fee taken back (rule C6)."""
    agreement = view(stage, loan)
    stage.check(f"{loan.chapter}: state after the money", agreement["state"], "cancelled")
    explained = fee_of(stage, loan, month)
    stage.check(f"{loan.chapter}: the fee of {month} is taken back", bool(explained.get("reversed_at")), True)
    stage.note(loan.chapter, reversed_fee=explained["fee"])
    stage.tell(
        loan.chapter,
        Text(
            "Pengarna är inne i tid: avtalet är hävt, borgen upphör och oktobers avgift på {fee} är återförd.",
            "The money is there in time: the agreement is cancelled, the guarantees end, and October's fee of {fee} "
            "is taken back.",
        ),
        fee=Money.kronor(explained["fee"]).formatted(),
    )


def redeem(stage: Stage, loan: Loan, on: date, *, principal: Money, running_fee: Money) -> None:
    """Redeemed early: quoted, paid with the OCR number at the bank, done (rule F3)."""
    token = stage.citizen(loan.applicant.signatory).token
    path = f"/v1/agreements/{loan.agreement_id}"
    quote = stage.web.get(f"{path}/redemption-quote?on={on.isoformat()}", token=token)
    total = principal + running_fee
    stage.check(f"{loan.chapter}: principal of the quote", quote["principal"], str(principal))
    stage.check(f"{loan.chapter}: sum of the quote", quote["total"], str(total))
    stage.note(loan.chapter, redemption={name: quote[name] for name in ("principal", "unpaid_fees", "total")})
    stage.web.send("POST", f"{path}/redemption", {"on": on.isoformat()}, token=token)
    stage.tell(
        loan.chapter,
        Text(
            "{name} vill lösa krediten i förtid. Lösen kostar {total} i dag: kapitalet {principal} och hela december "
            "månads avgift {fee}. Den som löser senare än {last.sv} betalar också januari.",
            "{name} wants to redeem (lösa) the credit early. Today that costs {total}: principal {principal} and the "
            "whole fee of December, {fee}. Whoever redeems later than {last.en} pays January too.",
        ),
        name=loan.applicant.signatory.name,
        total=total.formatted(),
        principal=principal.formatted(),
        fee=running_fee.formatted(),
        last=day_in_words(date.fromisoformat(quote["last_day"])),
    )
    stage.bank.pay(str(total), ocr=loan.ocr, payer=loan.applicant.signatory.name)
    stage.run_jobs()
    stage.check(f"{loan.chapter}: state after the redemption", view(stage, loan)["state"], "redeemed")
    stage.tell(
        loan.chapter,
        Text(
            "Betalningen med OCR {ocr} är inne: krediten är löst och borgen upphör.",
            "The payment with OCR number {ocr} has arrived: the credit is redeemed and the guarantees end.",
        ),
        ocr=loan.ocr,
    )


def fee_of(stage: Stage, loan: Loan, month: str) -> dict[str, Any]:
    """How the fee of *month* comes about, as the borrower may read it (rule F10)."""
    token = stage.citizen(loan.applicant.signatory).token
    found: dict[str, Any] = stage.web.get(f"/v1/agreements/{loan.agreement_id}/fees/{month}", token=token)
    return found


def _request(stage: Stage, loan: Loan) -> dict[str, Any]:
    found: dict[str, Any] = stage.web.send(
        "POST",
        f"/v1/agreements/{loan.agreement_id}/cancellation",
        {},
        token=stage.citizen(loan.applicant.signatory).token,
    )
    return found


def _check_request(stage: Stage, loan: Loan, asked: dict[str, Any], *, window: str, state: str, total: Money) -> None:
    to_pay = Decimal(asked["fee"]) + Decimal(asked["principal_to_repay"])
    stage.check(f"{loan.chapter}: window of the cancellation", asked["window"], window)
    stage.check(f"{loan.chapter}: state of the cancellation", asked["state"], state)
    stage.check(f"{loan.chapter}: sum of the cancellation", Money.kronor(to_pay), total)
    stage.note(loan.chapter, cancellation={"window": window, "fee": asked["fee"], "to_pay": str(total)})
