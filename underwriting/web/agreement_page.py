"""What the page of an agreement says to the company or a guarantor, gathered from the services that know it."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Response, request

from agreements.billing import service as billing
from agreements.cancellation.rules import CancellationNotYetOpen, CancellationWindowClosed
from agreements.cancellation.service import Cancellations
from agreements.credit.rules import AgreementStateRefuses
from agreements.credit.services.open_invitation import SigningInvitations
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.show_declined import DeclinedGuarantors
from agreements.credit.services.view_agreement import AgreementView, DocumentView, Part
from agreements.invoices.service import Invoices
from agreements.payouts.service import Payouts
from agreements.plan_changes.service import PlanChanges
from agreements.redemption.rules import RedemptionDayRefused, RedemptionNotYetOpen
from agreements.redemption.service import Redemptions
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_WAITING = (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.CANCELLING)
_WAITING_SECONDS = 5
_LONGEST_PAUSE_SECONDS = 300


@dataclass(frozen=True)
class AgreementPage:
    """The page of one agreement, as whoever asks may see it."""

    runtime: Runtime
    agreements: Agreements
    cancellations: Cancellations
    redemptions: Redemptions
    payouts: Payouts
    invoices: Invoices
    plan_changes: PlanChanges

    def show(self, agreement_id: uuid.UUID, caller: Caller, *, refused: Text | None = None) -> Response:
        """The page; after a refusal with what was *refused* at its top. NotFound for whoever has no part in it."""
        agreement = self.agreements.show(agreement_id, caller)
        part = self._of_company(agreement, caller)
        return render(
            "portal/agreement.html",
            status=409 if refused else 200,
            refresh_seconds=None if refused else self._look_again_after(agreement, part),
            version=_version(agreement, part),
            agreement=agreement,
            refused=refused,
            bankgiro=self.runtime.settings.lender.bankgiro.formatted,
            documents=self.agreements.documents(agreement_id, caller),
            may_sign=self._may_sign(agreement, caller),
            own_guarantee=self._guarantee_to_sign(agreement, caller),
            plan_change=self.plan_changes.waiting_for(agreement.id, caller.require_person()),
            **part,
        )

    def _may_sign(self, agreement: AgreementView, caller: Caller) -> bool:
        """Whether the caller is asked to sign for the company; what else is needed is looked at on the way there."""
        if agreement.state is not AgreementState.SIGNING or all(one.has_signed for one in agreement.signatures):
            return False
        own = agreement_among(self.agreements.documents(agreement.id, caller))
        invited = own is not None and self.agreements.require(agreement.id, caller) is Part.BORROWER
        return invited and not SigningInvitations(self.runtime).has_signed(agreement.id, caller)

    def _guarantee_to_sign(self, agreement: AgreementView, caller: Caller) -> uuid.UUID | None:
        """The caller's own guarantee where it waits for a signature."""
        if agreement.state is not AgreementState.SIGNING:
            return None
        own = self.agreements.guarantees_of_person(caller)
        waiting = (one.id for one in own if one.agreement_id == agreement.id and one.state is GuaranteeState.INVITED)
        return next(waiting, None)

    def _of_company(self, agreement: AgreementView, caller: Caller) -> dict[str, Any]:
        """What only those who sign for the company see: payouts, windows, redemption, fees and books."""
        if self.agreements.require(agreement.id, caller) is Part.GUARANTOR:
            return {"is_borrower": False}
        with self.runtime.database.transaction() as session:
            fees = billing.fees_of(session, agreement.id)
        return {
            "is_borrower": True,
            "guarantees": self.agreements.guarantees(agreement.id, caller),
            "declined": DeclinedGuarantors(self.runtime).of_agreement(agreement.id, caller),
            "drawdowns": self.payouts.drawdowns(agreement.id),
            "fees": fees,
            "invoices": self.invoices.of_agreement(agreement.id),
            "entries": self.agreements.ledger(agreement.id, caller, limit=200).items,
            "new_fees_of": lambda quote: Money.sum(fee.fee for fee in quote.new_fees),
            "entry_sum": lambda entry: Money.sum(line.amount for line in entry.posting.lines),
            **self._cancelling(agreement.id),
            **self._redeeming(agreement.id),
        }

    def _cancelling(self, agreement_id: uuid.UUID) -> dict[str, Any]:
        shown: dict[str, Any] = {"cancellation": self.cancellations.of_agreement(agreement_id), "quote": None}
        try:
            shown["quote"] = self.cancellations.quote(agreement_id)
        except (CancellationWindowClosed, CancellationNotYetOpen) as refusal:
            shown["cancellation_closed"] = refusal.detail
        except AgreementStateRefuses:
            pass
        return shown

    def _redeeming(self, agreement_id: uuid.UUID) -> dict[str, Any]:
        on = day_in(request.args.get("on", "")) or stockholm_date(self.runtime.clock.now())
        shown: dict[str, Any] = {"redeem_on": on.isoformat(), "redemption": None}
        try:
            shown["redemption"] = self.redemptions.quote(agreement_id, on)
            shown["redemption_open"] = self.redemptions.open_one(agreement_id)
        except RedemptionDayRefused as refusal:
            shown["redemption_refused"] = refusal.detail
        except (RedemptionNotYetOpen, AgreementStateRefuses):
            pass
        return shown

    def _look_again_after(self, agreement: AgreementView, part: dict[str, Any]) -> int | None:
        """In how many seconds the page may say something else: soon where others act, at the end of an open window."""
        if agreement.state in _WAITING:
            return _WAITING_SECONDS
        if not part.get("quote"):
            return None
        last_second: datetime = part["quote"].window.last_second
        left = (last_second - self.runtime.clock.now()).total_seconds()
        return max(_WAITING_SECONDS, min(math.ceil(left) + 1, _LONGEST_PAUSE_SECONDS))


def agreement_among(documents: Sequence[DocumentView]) -> DocumentView | None:
    """The agreement itself among the *documents* that somebody may read."""
    return next((one for one in documents if one.kind == "agreement"), None)


def day_in(text: str) -> date | None:
    """The day that *text* says as a form sends it, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _version(agreement: AgreementView, part: dict[str, Any]) -> str:
    """Another word whenever the page has something else to say."""
    quote = part.get("quote")
    told = [
        agreement.state,
        sum(one.has_signed for one in agreement.signatures),
        *(one.state for one in part.get("guarantees", ())),
        *(one.payout_state for one in part.get("drawdowns", ())),
        quote.window.kind if quote else "",
    ]
    return "-".join(map(str, told))
