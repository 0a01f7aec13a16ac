"""One agreement as staff see it: the page with everything that they need and may do, and the way back to it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.annulment.service import Annulments
from agreements.cancellation.service import Cancellations
from agreements.credit.rules import AgreementStateRefuses
from agreements.credit.services.change_signing_rule import SigningRules
from agreements.credit.services.keep_partners import Partners
from agreements.credit.services.release_guarantor import Releases
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.show_liability import GuarantorAtRisk, Liability
from agreements.credit.services.view_agreement import AgreementView
from agreements.payouts.reason_codes import in_words
from agreements.payouts.services.list_payouts import PayoutDesk
from agreements.plan_changes.rules import PlanChangeAskedWrong, PlanChangeRefused
from agreements.plan_changes.service import PlanChanges
from agreements.redemption.rules import RedemptionDayRefused, RedemptionNotYetOpen
from agreements.redemption.service import Redemptions
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted, Outdated
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, stockholm_date
from underwriting.kernel.signing_rule import SignatoryRole
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    AgreementState,
    AnnulmentGround,
    CancellationState,
    CompanyForm,
    GuaranteeState,
    ProposalState,
)
from underwriting.platform import preconditions
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.agreement_forms import (
    ALTERNATIVES,
    NEW_SIGNATORIES,
    PLAN_FIELD,
    in_plan_form,
    plan_change_in,
)
from underwriting.web.division import bar_of, shares_of
from underwriting.web.forms import amount_in
from underwriting.web.history import history_of
from underwriting.web.layout import render
from underwriting.web.texts import translate

_CANCELLABLE = (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.RUNNING)
_ANNULLABLE = (AgreementState.SIGNING, AgreementState.SIGNED)
_HOLDING = (CancellationState.CONDITIONAL, CancellationState.COMPLETED)
_PARTNERSHIPS = (CompanyForm.HB, CompanyForm.KB)


@dataclass(frozen=True)
class AgreementPage:
    """The services that an agreement's page is made of."""

    runtime: Runtime
    agreements: Agreements
    cancellations: Cancellations
    redemptions: Redemptions
    annulments: Annulments
    rules: SigningRules
    plan_changes: PlanChanges

    def show(
        self,
        agreement_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        """The agreement, with *errors* of a form or what was *refused*."""
        caller = current_caller()
        agreement = self.agreements.show(agreement_id, caller)
        plan, wrong = self._plan_change(agreement)
        return render(
            "console/agreement.html",
            status=status,
            agreement=agreement,
            documents=self.agreements.documents(agreement_id, caller),
            bank_says=in_words,
            payouts=PayoutDesk(self.runtime).of_agreement(agreement_id, caller),
            entries=self.agreements.ledger(agreement_id, caller, limit=200).items,
            history=history_of(self.agreements.history(agreement_id, caller), reader=caller.actor),
            **self._rule(agreement_id),
            **self._liability(agreement),
            **self._endings(agreement, caller),
            **plan,
            values=request.form,
            errors=errors or wrong,
            refused=refused,
        )

    def attempt(self, agreement_id: uuid.UUID, act: Callable[[], object], *, to: str = "") -> BaseResponse:
        """Do it to the agreement as the form shows it, and show it *to* a place; what is refused is told.

        Of two at once the first one changes it; the other reads that it has changed, and how it stands now.
        """
        try:
            with preconditions.at_version(agreement_id, request.form.get("version", "")):
                act()
        except InvalidInput as refusal:
            return self.show(agreement_id, errors=refusal.errors, refused=_alone(refusal), status=422)
        except NotPermitted as refusal:
            return self.show(agreement_id, refused=refusal.detail, status=403)
        except (Conflict, Outdated) as refusal:
            return self.show(agreement_id, refused=refusal.detail, status=409)
        return redirect(f"/console/agreements/{agreement_id}{to}", 303)

    @property
    def today(self) -> date:
        """The day in Stockholm."""
        return stockholm_date(self.runtime.clock.now())

    def _rule(self, agreement_id: uuid.UUID) -> dict[str, Any]:
        found = self.rules.show(agreement_id)
        return {
            "rule": found,
            "names_in": lambda rule: {one.person: one.name for one in rule.signatories},
            "signatory_roles": list(SignatoryRole),
            "new_signatories": range(len(found.rule.signatories), len(found.rule.signatories) + NEW_SIGNATORIES),
            "alternative_rows": range(ALTERNATIVES),
        }

    def _liability(self, agreement: AgreementView) -> dict[str, Any]:
        guarantors = Liability(self.runtime).guarantors(agreement.id)
        names = {one.guarantee_id: one.name for one in guarantors}
        return {
            "liable": self.agreements.liable_parties(agreement.id, current_caller()),
            "guarantors": guarantors,
            "guarantor_names": names,
            "partners": Partners(self.runtime).of_agreement(agreement.id),
            "is_partnership": agreement.company_form in _PARTNERSHIPS,
            "releases": Releases(self.runtime).pending_of(agreement.id),
            "releasable": GuaranteeState.IN_FORCE,
            **self._division(agreement, guarantors, names),
        }

    def _division(
        self, agreement: AgreementView, guarantors: tuple[GuarantorAtRisk, ...], names: dict[uuid.UUID, str]
    ) -> dict[str, Any]:
        """The debt of today, or the one that is asked about, among those who are bound."""
        bound = [one for one in guarantors if one.state in (GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)]
        debt = _amount(request.args.get("debt", "")) or agreement.utilised or agreement.limit
        chosen = {name: request.args.getlist(name) for name in ("insolvent", "barred")}
        ids = {name: [one for one in names if str(one) in texts] for name, texts in chosen.items()}
        found = Liability(self.runtime).division(agreement.id, debt, insolvent=ids["insolvent"], barred=ids["barred"])
        return {
            "bound": bound,
            "debt": debt,
            "chosen": chosen,
            "shares": shares_of(found, names, lost=translate("agree.lost")),
            "division_bar": bar_of(found, title=translate("agree.division")),
        }

    def _endings(self, agreement: AgreementView, caller: Caller) -> dict[str, Any]:
        """Cancellation, redemption and annulment: how they stand, and what the reader may do."""
        cancellation = self.cancellations.of_agreement(agreement.id)
        annulment = self.annulments.of_agreement(agreement.id)
        holds = cancellation is not None and cancellation.state in _HOLDING
        awaits = annulment is not None and annulment.state is ProposalState.PENDING
        is_early = agreement.state in _ANNULLABLE and not awaits
        return {
            "cancellation": cancellation,
            "cancellation_note": self.cancellations.note_of(agreement.id) if cancellation is not None else None,
            "annulment": annulment,
            "annulment_awaits": awaits,
            "grounds": list(AnnulmentGround),
            "may_record": may("console.agreement_endings.record", caller)
            and agreement.state in _CANCELLABLE
            and not holds,
            "may_annul": may("console.agreement_endings.annul", caller) and is_early,
            "now_local": self.runtime.clock.now().astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S"),
            **self._redemption(agreement),
        }

    def _plan_change(self, agreement: AgreementView) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
        """The changes of the plan, and what the one that is asked about would be, or what is wrong with it (G7)."""
        sent = request.form if PLAN_FIELD + "repayment_plan" in request.form else request.args
        shown: dict[str, Any] = {"plan_changes": self.plan_changes.of_agreement(agreement.id), "plan_quote": None}
        default = self.plan_changes.asked(agreement.repayment_plan, agreement.term_months, None)
        shown["plan_asked"] = {
            "repayment_plan": sent.get(PLAN_FIELD + "repayment_plan", agreement.repayment_plan),
            "term_months": sent.get(PLAN_FIELD + "term_months", agreement.term_months),
            "first_month": sent.get(PLAN_FIELD + "first_month", default.first_month),
        }
        if request.method != "GET" or PLAN_FIELD + "repayment_plan" not in sent:
            return shown, ()
        try:
            body = plan_change_in(sent, on=self.today)
            asked = self.plan_changes.asked(body.repayment_plan, body.term_months, body.first_month)
            shown["plan_quote"] = self.plan_changes.quote(agreement.id, asked)
            shown["plan_asked"]["first_month"] = asked.first_month
        except PlanChangeRefused as refusal:
            shown["plan_refused"] = refusal.detail
        except PlanChangeAskedWrong as refusal:
            return shown, in_plan_form(refusal.errors)
        except InvalidInput as refusal:
            return shown, refusal.errors
        return shown, ()

    def _redemption(self, agreement: AgreementView) -> dict[str, Any]:
        """What redeeming costs on the day that is asked about, or why it cannot be done now (rules F3, C8, P3)."""
        asked = _day(request.args.get("redeem_on", "")) or _day(request.form.get("on", "")) or self.today
        shown: dict[str, Any] = {"redeem_on": asked.isoformat(), "quote": None, "redemption_refused": None}
        try:
            shown["quote"] = self.redemptions.quote(agreement.id, asked)
        except (RedemptionDayRefused, RedemptionNotYetOpen, AgreementStateRefuses) as refusal:
            shown["redemption_refused"] = refusal.detail
        shown["redemption_open"] = self.redemptions.open_one(agreement.id)
        return shown


def _alone(refusal: InvalidInput) -> Text | None:
    """What is wrong, where no field is."""
    return None if refusal.errors else refusal.detail


def _amount(text: str) -> Money | None:
    try:
        amount = Money.kronor(amount_in(text)) if text else None
    except (InvalidInput, ValueError):
        return None
    return amount if amount and amount > Money.ZERO else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
