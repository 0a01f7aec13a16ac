"""What the forms call the members of a body, for the list of what has to be put right."""

from underwriting.web.texts import translate

_ROWS = {"guarantors": "apply.guarantor", "beneficial_owners": "apply.owner", "signing_rule": "apply.cosigner"}
_LABELS = {
    "organisation_number": "apply.company_number",
    "requested_amount": "apply.amount",
    "term_months": "apply.term",
    "repayment_plan": "repayment",
    "invoice_delivery": "apply.invoices",
    "invoice_address": "apply.invoice_address",
    "purpose": "apply.purpose_short",
    "expected_monthly_revenue": "apply.revenue",
    "expected_monthly_costs": "apply.costs",
    "monthly_debt_payments": "apply.debts",
    "name": "apply.name",
    "email": "apply.email",
    "phone": "apply.phone",
    "bankgiro": "apply.bankgiro",
    "signatory_personal_number": "apply.signatory_number",
    "guarantors": "apply.guarantors",
    "personal_number": "apply.personal_number",
    "share": "apply.share",
    "information": "information.label",
    "outcome": "console.outcome",
    "limit": "offer.limit",
    "fee_rate": "offer.rate",
    "reason_code": "console.reason_code",
    "reason": "console.reason",
    "question": "console.question_label",
    "conditions": "case.conditions",
    "rejection": "case.rejection",
    "username": "case.receiver",
    "fact": "case.dispute.fact",
    "treatment": "case.dispute.treatment",
    "value": "case.dispute.value",
    "note": "case.dispute.note",
    "document": "case.dispute.document",
    "answer": "reviews.answer",
    "answer_english": "reviews.answer_english",
    "grounds": "case.review.grounds",
    "view": "human_review.view",
    "person": "reviews.asked_by",
    "reference": "application.reference",
    "channel": "console.channel",
    "received_at": "console.received_at",
    "q": "queue.q",
    "kind": "queue.kind",
    "form": "queue.form",
    "assigned": "queue.assigned",
    "least": "queue.least",
    "most": "queue.most",
    "older": "queue.older",
    "order": "queue.order",
    "plan_repayment_plan": "repayment",
    "plan_term_months": "plan_change.whole_term",
    "plan_first_month": "plan_change.first_month",
    "partner_name": "apply.name",
    "partner_number": "agree.partner_number",
    "partner_entered_on": "agree.entry_day",
    "partner_evidence": "agree.source_label",
    "exit_exited_on": "agree.exit_day",
    "exit_evidence": "agree.source_label",
    "broken_on": "agree.limitation_day",
    "release_reason": "agree.release_reason",
    "annulment_ground": "agree.ground",
    "annulment_reason": "agree.reason",
    "evidence": "agree.source_label",
    "report": "desk.report_file",
}


def label_of(pointer: str) -> str:
    """What a form calls the place at *pointer*; empty where it has no name of its own."""
    match pointer.strip("/").split("/"):
        case [kind, number, *member] if kind in _ROWS and number.isdecimal():
            row = translate(_ROWS[kind], number=int(number) + 1)
            return f"{row}, {translate(_LABELS[member[0]])}" if member and member[0] in _LABELS else row
        case [*_, member] if member in _LABELS:
            return translate(_LABELS[member])
    return ""
