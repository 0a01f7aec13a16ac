"""The texts of the pages: every one that is used is there in both languages, and no other."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from agreements.documents.rules import DocumentKind
from agreements.guarantees.rules import Liability
from agreements.ledger.rules import PostingKind
from agreements.receivables.service import InvoiceFilter
from bureau_clients.limits import BreakerState
from bureau_clients.questions import CopyNotice, Outcome, SubjectKind
from bureau_clients.reports import (
    AnnualAccounts,
    CompanyReport,
    CompanyStatus,
    Coverage,
    PersonReport,
    Verdict,
    fact_types,
)
from underwriting.applications.rules import ApplicationEvent
from underwriting.decisions.authority import Beyond
from underwriting.decisions.policy import Condition
from underwriting.decisions.queue import Assigned, QueueOrder
from underwriting.decisions.rules import COMPANY, DUE_DILIGENCE, GROUP, OWNER, TERMS, Bound, Card
from underwriting.decisions.services.find_policy import PolicyState
from underwriting.due_diligence.rules import MatchState
from underwriting.kernel.signing_rule import RuleSource, SignatoryRole
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    AnnulmentGround,
    ApplicationState,
    CancellationState,
    CancellationWindow,
    CompanyForm,
    CreditPurpose,
    DecisionOutcome,
    DiligenceState,
    FeeCorrectionReason,
    GuaranteeState,
    GuarantorState,
    HeldFor,
    InvoiceState,
    LoginMethod,
    MatchGround,
    OwnerControl,
    PaymentFileState,
    PaymentState,
    PayoutState,
    PlanChangeState,
    ProposalState,
    ReferralKind,
    RefundState,
    RepaymentPlan,
    RequestChannel,
    ReviewOutcome,
    RiskClass,
    Role,
    Scope,
)
from underwriting.platform.job_runs import RunState
from underwriting.platform.message_models import AttemptOutcome, DeliveryState
from underwriting.platform.read_log import DataKind
from underwriting.web.due_diligence import MATCH
from underwriting.web.reports import COMPANY_GROUPS, PERSON_GROUPS

WEB = Path(__file__).resolve().parents[3] / "underwriting" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
MODULES = sorted(WEB.rglob("*.py"))

IN_TEMPLATE = re.compile(r"""\bt\(\s*(?P<q>["'])(?P<key>[\w.]+)(?P=q)\s*(?P<then>~?)""")
KEY = re.compile(r"[a-z_]+(\.\w+)+")

EVENTS = (
    {f"application.{event}" for event in ApplicationEvent}
    | {f"application.guarantor_{state}" for state in (GuarantorState.CONFIRMED, GuarantorState.REFUSED)}
    | {f"agreement.{state}" for state in AgreementState if state is not AgreementState.SIGNING}
    | {f"guarantee.{state}" for state in GuaranteeState}
    | {f"guarantee.release_{what}" for what in ("asked", "approved", "consented", "withdrawn")}
    | {f"agreement.signing_rule_{what}" for what in ("entered", "approved", "rejected")}
    | {f"agreement.partner_{what}" for what in ("recorded", "exit_recorded", "exit_corrected", "limitation_broken")}
    | {f"agreement.annulment_{what}" for what in ("asked", "approved", "rejected")}
    | {f"payout.{state}" for state in PayoutState}
    | {f"cancellation.{what}" for what in ("received", "confirmed", "rejected", "fallen")}
    | {"application.created", "agreement.granted", "agreement.signature_received"}
    | {f"override.{what}" for what in ("proposed", "approved", "rejected", "expired")}
    | {"review.requested", "review.answered", "review.deadline_near", "case.assigned", "case.given_back"}
    | {"bureau_question.allowed", "payment.booked", "redemption.requested", "read"}
    | {"late_interest.booked", "late_charge.charged"}
    | {f"plan_change.{what}" for what in ("proposed", "signature_received", "in_effect", "lapsed", "withdrawn")}
    | {f"invoice.{what}" for what in ("issued", "credited", "paper_fee_taken_back", "delivery_chosen")}
) - {"application.guarantor_answered"}

FAMILIES: dict[str, Iterable[str]] = {
    "account.": Account,
    "account.method.": LoginMethod,
    "accounts.": {field.name for field in fields(AnnualAccounts)} - {"closed_on"},
    "agree.annulment_state.": ProposalState,
    "agree.ground.": AnnulmentGround,
    "agree.guarantee_state.": GuaranteeState,
    "agree.liability.": {f"{one}{part}" for one in Liability for part in ("", ".group")},
    "agree.role.": SignatoryRole,
    "agree.source.": RuleSource,
    "agreement.state.": AgreementState,
    "approvals.beyond.": (Beyond.LIMIT, Beyond.FEE),
    "audit.kind.": DataKind,
    "application.lead.": ApplicationState,
    "application.state.": ApplicationState,
    "billing.file_state.": PaymentFileState,
    "billing.ground.": MatchGround,
    "billing.only.": InvoiceFilter,
    "billing.payment_state.": PaymentState,
    "refunds.state.": (RefundState.ASKED, RefundState.RELEASED, RefundState.SENT, RefundState.UNKNOWN),
    "bureaus.about.": SubjectKind,
    "bureaus.state.": BreakerState,
    "cancel.state.": CancellationState,
    "cancel.sure.": ("at_once", "conditional"),
    "cancel.window.": CancellationWindow,
    "case.limit.": {*Bound, "asked", "binds"} - {Bound.SIGNED_FEE_RATE},
    "case.review.": ReviewOutcome,
    "company_status.": CompanyStatus,
    "console.channel.": RequestChannel,
    "console.outcome.": Outcome,
    "control.": OwnerControl,
    "copy.": CopyNotice,
    "coverage.": Coverage,
    "diligence.control.": OwnerControl,
    "diligence.item.": DiligenceState,
    "diligence.kind.": (MATCH,),
    "diligence.risk.": RiskClass,
    "diligence.role.": ("company", "signatory", "owner", "guarantor"),
    "diligence.state.": MatchState,
    "docs.place.": ("query", "header"),
    "document.": DocumentKind,
    "fact.": fact_types(CompanyReport).keys() | fact_types(PersonReport).keys(),
    "fees.reason.": FeeCorrectionReason,
    "form.": {*CompanyForm, *(f"{form}.hint" for form in CompanyForm)},
    "guarantee.lead.": GuaranteeState,
    "guarantee.state.": GuaranteeState,
    "guarantor.state.": [state for state in GuarantorState if state is not GuarantorState.REPLACED],
    "history.": EVENTS,
    "invitation.state.": ("confirmed", "refused", "closed"),
    **{f"invited.{what}.": ("guarantee", "agreement") for what in ("title", "lead", "next.read", "next.decide")},
    "jobs.state.": RunState,
    "invoices.state.": InvoiceState,
    "ledger.kind.": PostingKind,
    "messages.outcome.": AttemptOutcome,
    "messages.state.": DeliveryState,
    "offer.heading.": (DecisionOutcome.APPROVED, DecisionOutcome.COUNTER_OFFER),
    "outcome.": DecisionOutcome,
    "payouts.state.": PayoutState,
    "desk.held.": HeldFor,
    "desk.state.": PayoutState,
    "plan_change.lead.": PlanChangeState,
    "plan_change.state.": PlanChangeState,
    "policies.card.": Card,
    "policies.state.": PolicyState,
    "policies.when.": Condition,
    "purpose.": CreditPurpose,
    "queue.assigned.": Assigned,
    "queue.caption.": QueueOrder,
    "queue.kind.": ReferralKind,
    "queue.order.": QueueOrder,
    "apply.repayment.": RepaymentPlan,
    "repayment.": RepaymentPlan,
    "role.": Role,
    "scope.": Scope,
    "rates.state.": [state for state in ProposalState if state is not ProposalState.EXPIRED],
    "report.group.": COMPANY_GROUPS.keys() | PERSON_GROUPS.keys(),
    "signature.is.": [state for state in GuaranteeState if state not in ("invited", "signed", "in_force")],
    "signing.heading.": ("identify", "sign"),
    "start.path.": {f"{step}{part}" for step in ("apply", "confirm", "decide", "sign") for part in ("", ".text")},
    "webhooks.state.": ("active", "failing", "disabled"),
    "subject.": (COMPANY, OWNER, GROUP, TERMS, DUE_DILIGENCE),
    "verdict.": Verdict,
}
"""The beginnings of keys whose ends are words of the product, and those words."""


def texts(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((WEB / "translations" / f"{language}.json").read_text("utf-8"))
    return read


def in_templates() -> Iterator[tuple[str, bool]]:
    """Every key that a template names, and whether something is added to it."""
    for template in TEMPLATES:
        for found in IN_TEMPLATE.finditer(template.read_text("utf-8")):
            yield found["key"], bool(found["then"])


def in_modules() -> Iterator[tuple[str, bool]]:
    """Every string in the modules that looks like a key, and every beginning of one that is filled in."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginning = str(node.values[0].value)
                if KEY.fullmatch(beginning + "x"):
                    yield beginning, True
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, False


USED = {*in_templates(), *in_modules()}
BEGINNINGS = {key for key, goes_on in USED if goes_on}
OF_FAMILIES = {f"{beginning}{word}" for beginning, words in FAMILIES.items() for word in words}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(texts("sv")) == list(texts("en"))


def test_every_key_of_a_template_exists() -> None:
    assert {key for key, goes_on in in_templates() if not goes_on} - texts("sv").keys() == set()


def test_every_word_of_the_product_that_pages_show_has_a_text() -> None:
    assert BEGINNINGS - FAMILIES.keys() == set()
    assert OF_FAMILIES - texts("sv").keys() == set()


def test_every_key_that_is_translated_in_a_module_exists() -> None:
    translated = re.compile(r"""translate\(\s*"([\w.]+)"(?: if [^"]+? else "([\w.]+)")?""")
    named = {key for module in MODULES for found in translated.findall(module.read_text("utf-8")) for key in found}
    assert named - {""} - texts("sv").keys() == set()


def test_no_text_is_left_that_nobody_shows() -> None:
    assert texts("sv").keys() - {key for key, _ in USED} - OF_FAMILIES == set()


@pytest.mark.parametrize("key", sorted(texts("sv")))
def test_a_text_is_filled_alike_in_both_languages(key: str) -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    swedish, english = texts("sv")[key], texts("en")[key]
    assert swedish.strip() == swedish != ""
    assert english.strip() == english != ""
    assert places(swedish) == places(english)
