"""What integrators are told: every kind of event, and the members of its data. Ids, states, instants and amounts only.

An event names what has happened to one *subject*, an application or an agreement for example; those of one subject are
told in the order in which they happened. No member can hold a name, an address or a person's number: there is no form
for one.
"""

from collections.abc import Mapping

from underwriting.kernel.event_forms import EventKind, Form, Member
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    AgreementState,
    ApplicationState,
    CancellationState,
    CancellationWindow,
    DecisionOutcome,
    InvoiceDelivery,
    PayoutState,
    PlanChangeState,
    RepaymentPlan,
    RequestChannel,
)

_APPLICATION = (Member("application_id", Form.ID), Member("state", Form.WORD, ApplicationState))
_AGREEMENT = (Member("agreement_id", Form.ID), Member("application_id", Form.ID))
_AGREEMENT_STATE = (*_AGREEMENT, Member("state", Form.WORD, AgreementState))
_PAYOUT = (
    Member("agreement_id", Form.ID),
    Member("payout_id", Form.ID),
    Member("state", Form.WORD, PayoutState),
    Member("amount", Form.AMOUNT),
)

_PLAN_CHANGE = (*_AGREEMENT, Member("plan_change_id", Form.ID), Member("state", Form.WORD, PlanChangeState))


def _application(name: str, swedish: str, english: str, *more: Member) -> EventKind:
    return EventKind(f"application.{name}", "application", Text(swedish, english), (*_APPLICATION, *more))


def _agreement(name: str, swedish: str, english: str, *more: Member) -> EventKind:
    return EventKind(f"agreement.{name}", "agreement", Text(swedish, english), (*_AGREEMENT_STATE, *more))


def _payout(name: str, swedish: str, english: str, *more: Member) -> EventKind:
    return EventKind(f"payout.{name}", "agreement", Text(swedish, english), (*_PAYOUT, *more))


def _plan_change(name: str, swedish: str, english: str) -> EventKind:
    members = (
        *_PLAN_CHANGE,
        Member("repayment_plan", Form.WORD, RepaymentPlan),
        Member("term_months", Form.COUNT),
        Member("first_month", Form.MONTH),
    )
    return EventKind(f"plan_change.{name}", "agreement", Text(swedish, english), members)


APPLICATION_SUBMITTED = _application(
    "submitted", "Ansökan är undertecknad och bindande", "The application is signed and binds"
)
APPLICATION_ASSESSING = _application(
    "assessing", "Alla borgensmän har svarat; ansökan prövas", "Every guarantor has answered; it is being assessed"
)
APPLICATION_REFERRED = _application(
    "referred", "En handläggare avgör ansökan", "An underwriter determines the application"
)
APPLICATION_INFORMATION_REQUESTED = _application(
    "information_requested", "Den sökande har ombetts komplettera", "The applicant was asked for information"
)
APPLICATION_DECIDED = _application(
    "decided",
    "Ansökan är beviljad, avslagen eller besvarad med ett motbud",
    "The application is approved, declined or answered with a counter-offer",
    Member("decision_id", Form.ID),
    Member("outcome", Form.WORD, DecisionOutcome),
    Member("limit", Form.AMOUNT, optional=True),
    Member("fee_rate", Form.RATE, optional=True),
    Member("term_months", Form.COUNT),
    Member("repayment_plan", Form.WORD, RepaymentPlan),
)
APPLICATION_REVIEW_REQUESTED = _application(
    "review_requested",
    "En omprövning av beslutet är begärd",
    "A human review of the decision was asked for",
    Member("answer_by", Form.INSTANT),
)
APPLICATION_REVIEW_ANSWERED = _application(
    "review_answered",
    "Begäran om omprövning är besvarad",
    "The request for human review is answered",
    Member("answer_by", Form.INSTANT),
)
APPLICATION_OFFER_ACCEPTED = _application("offer_accepted", "Motbudet är antaget", "The counter-offer is accepted")
APPLICATION_LAPSED = _application("lapsed", "Ansökan har förfallit", "The application has lapsed")

AGREEMENT_GRANTED = _agreement(
    "granted",
    "Krediten är beviljad; avtal och borgensåtaganden väntar på underskrifter",
    "The credit is granted; agreement and guarantees wait for signatures",
    Member("limit", Form.AMOUNT),
    Member("fee_rate", Form.RATE),
    Member("term_months", Form.COUNT),
    Member("repayment_plan", Form.WORD, RepaymentPlan),
    Member("sign_by", Form.INSTANT),
)
AGREEMENT_SIGNED = _agreement("signed", "Alla har undertecknat", "Everybody has signed")
AGREEMENT_RUNNING = _agreement(
    "running",
    "Avtalet löper: den första utbetalningen är bokförd, eller en hävning har fallit",
    "The agreement runs: its first payout is booked, or a cancellation fell",
)
AGREEMENT_CANCELLED = _agreement("cancelled", "Avtalet är hävt", "The agreement is cancelled")
AGREEMENT_REDEEMED = _agreement("redeemed", "Krediten är löst i förtid", "The credit was redeemed early")
AGREEMENT_SETTLED = _agreement("settled", "Krediten är slutbetald", "The credit is paid in full at its term")
AGREEMENT_LAPSED = _agreement(
    "lapsed", "En underskrift saknades när tiden var ute", "A signature was missing when the time was over"
)

AGREEMENT_ANNULLED = _agreement(
    "annulled",
    "Avtalet är annullerat innan något har betalats ut",
    "The agreement was annulled before anything was paid out",
)

CANCELLATION_RECEIVED = EventKind(
    "cancellation.received",
    "agreement",
    Text("En begäran om hävning har kommit in", "A request to cancel was received"),
    (
        *_AGREEMENT,
        Member("cancellation_id", Form.ID),
        Member("state", Form.WORD, CancellationState),
        Member("window", Form.WORD, CancellationWindow),
        Member("channel", Form.WORD, RequestChannel),
        Member("received_at", Form.INSTANT),
        Member("fee", Form.AMOUNT),
    ),
)
CANCELLATION_FALLEN = EventKind(
    "cancellation.fallen",
    "agreement",
    Text(
        "Hävningen gäller inte: pengarna kom inte i tid, eller så avvisades den",
        "The cancellation has no effect: the money did not come in time, or it was rejected",
    ),
    (*_AGREEMENT, Member("cancellation_id", Form.ID), Member("state", Form.WORD, CancellationState)),
)
REDEMPTION_REQUESTED = EventKind(
    "redemption.requested",
    "agreement",
    Text("Förtida lösen är begärd", "Early redemption was asked for"),
    (
        *_AGREEMENT,
        Member("redemption_id", Form.ID),
        Member("on", Form.DAY),
        Member("total", Form.AMOUNT),
    ),
)
PLAN_CHANGE_PROPOSED = _plan_change(
    "proposed",
    "En annan plan för återbetalning väntar på underskrifter",
    "Another repayment plan waits for signatures",
)
PLAN_CHANGE_IN_EFFECT = _plan_change(
    "in_effect",
    "Alla har undertecknat; den andra planen gäller",
    "Everybody has signed; the other plan applies",
)
PLAN_CHANGE_LAPSED = _plan_change(
    "lapsed",
    "En underskrift saknades när tiden var ute; planen gäller som förut",
    "A signature was missing when the time was over; the plan stays as it was",
)
PLAN_CHANGE_WITHDRAWN = _plan_change(
    "withdrawn",
    "Kreditgivaren har tagit tillbaka förslaget; planen gäller som förut",
    "The lender has withdrawn the proposal; the plan stays as it was",
)

PAYOUT_ORDERED = _payout("ordered", "En utbetalning är beordrad", "A payout is ordered")
PAYOUT_HELD = _payout("held", "Utbetalningen är stoppad och utreds", "The payout is held and looked into")
PAYOUT_SENT = _payout("sent", "Utbetalningen är skickad till banken", "The payout was sent to the bank")
PAYOUT_BOOKED = _payout(
    "booked", "Banken har bokfört utbetalningen", "The bank has booked the payout", Member("booked_on", Form.DAY)
)
PAYOUT_FAILED = _payout("failed", "Banken har inte betalat", "The bank has not paid")
PAYOUT_RETURNED = _payout(
    "returned", "Pengarna kom tillbaka; utbetalningen räknas inte", "The money came back; the payout does not count"
)
PAYOUT_WITHDRAWN = _payout("withdrawn", "Utbetalningen är återtagen", "The payout was withdrawn before it was sent")

PAYMENT_BOOKED = EventKind(
    "payment.booked",
    "agreement",
    Text("En betalning är bokförd på avtalet", "A payment was booked on the agreement"),
    (
        *_AGREEMENT,
        Member("payment_id", Form.ID),
        Member("amount", Form.AMOUNT),
        Member("booked_on", Form.DAY),
    ),
)
PAYMENT_REVERSED = EventKind(
    "payment.reversed",
    "agreement",
    Text(
        "Banken har tagit tillbaka en betalning, hel eller i del", "The bank has taken back a payment, whole or in part"
    ),
    (
        *_AGREEMENT,
        Member("payment_id", Form.ID),
        Member("amount", Form.AMOUNT),
        Member("booked_on", Form.DAY),
    ),
)
FEE_RUN_CHARGED = EventKind(
    "fee_run.charged",
    "fee_run",
    Text(
        "En månads avgifter är debiterade; summorna gäller hela månaden hittills",
        "A month's fees are charged; the sums are of the whole month until now",
    ),
    (Member("month", Form.MONTH), Member("count", Form.COUNT), Member("charged", Form.AMOUNT)),
)
INVOICE_ISSUED = EventKind(
    "invoice.issued",
    "agreement",
    Text("En faktura är utställd och skickad", "An invoice was issued and sent"),
    (
        *_AGREEMENT,
        Member("invoice_id", Form.ID),
        Member("number", Form.COUNT),
        Member("month", Form.MONTH),
        Member("payable", Form.AMOUNT),
        Member("due_on", Form.DAY),
        Member("delivery", Form.WORD, InvoiceDelivery),
    ),
)
INVOICE_CREDITED = EventKind(
    "invoice.credited",
    "agreement",
    Text("Rader i en faktura är krediterade", "Lines of an invoice were credited"),
    (
        *_AGREEMENT,
        Member("invoice_id", Form.ID),
        Member("credit_note_id", Form.ID),
        Member("number", Form.COUNT),
        Member("credited", Form.AMOUNT),
    ),
)
INVOICE_RUN_ISSUED = EventKind(
    "invoice_run.issued",
    "invoice_run",
    Text("En månads fakturor är utställda", "A month's invoices are issued"),
    (Member("month", Form.MONTH), Member("count", Form.COUNT), Member("payable", Form.AMOUNT)),
)
WEBHOOK_ENDPOINT_DISABLED = EventKind(
    "webhook_endpoint.disabled",
    "webhook_endpoint",
    Text(
        "En mottagare av händelser har inte tagit emot på länge och får inga fler",
        "A receiver of events has not taken any for long and gets no more",
    ),
    (Member("endpoint_id", Form.ID), Member("failing_since", Form.INSTANT)),
)

_POLICY = (Member("policy_id", Form.ID),)
POLICY_DRAFTED = EventKind(
    "policy.drafted", "policy", Text("Ett utkast till policy är skrivet", "A policy was drafted"), _POLICY
)
POLICY_APPROVED = EventKind(
    "policy.approved",
    "policy",
    Text("En andra person har godkänt ett utkast till policy", "A second person has approved a drafted policy"),
    _POLICY,
)
POLICY_PUBLISHED = EventKind(
    "policy.published",
    "policy",
    Text("En policy är satt i kraft från ett ögonblick", "A policy was put in force from an instant"),
    (*_POLICY, Member("in_force_from", Form.INSTANT)),
)
DECISION_REPLAY_DIFFERED = EventKind(
    "decision.replay_differed",
    "decision",
    Text(
        "Ett beslut blev inte detsamma när det gjordes om på det som är sparat",
        "A decision did not come out the same when it was made again on what is kept",
    ),
    (Member("decision_id", Form.ID), Member("application_id", Form.ID), Member("replayed_on", Form.DAY)),
)

CATALOGUE: tuple[EventKind, ...] = (
    APPLICATION_SUBMITTED,
    APPLICATION_ASSESSING,
    APPLICATION_REFERRED,
    APPLICATION_INFORMATION_REQUESTED,
    APPLICATION_DECIDED,
    APPLICATION_REVIEW_REQUESTED,
    APPLICATION_REVIEW_ANSWERED,
    APPLICATION_OFFER_ACCEPTED,
    APPLICATION_LAPSED,
    AGREEMENT_GRANTED,
    AGREEMENT_SIGNED,
    AGREEMENT_RUNNING,
    AGREEMENT_CANCELLED,
    AGREEMENT_REDEEMED,
    AGREEMENT_SETTLED,
    AGREEMENT_LAPSED,
    AGREEMENT_ANNULLED,
    CANCELLATION_RECEIVED,
    CANCELLATION_FALLEN,
    REDEMPTION_REQUESTED,
    PLAN_CHANGE_PROPOSED,
    PLAN_CHANGE_IN_EFFECT,
    PLAN_CHANGE_LAPSED,
    PLAN_CHANGE_WITHDRAWN,
    PAYOUT_ORDERED,
    PAYOUT_HELD,
    PAYOUT_SENT,
    PAYOUT_BOOKED,
    PAYOUT_FAILED,
    PAYOUT_RETURNED,
    PAYOUT_WITHDRAWN,
    PAYMENT_BOOKED,
    PAYMENT_REVERSED,
    FEE_RUN_CHARGED,
    INVOICE_ISSUED,
    INVOICE_CREDITED,
    INVOICE_RUN_ISSUED,
    WEBHOOK_ENDPOINT_DISABLED,
    POLICY_DRAFTED,
    POLICY_APPROVED,
    POLICY_PUBLISHED,
    DECISION_REPLAY_DIFFERED,
)
"""Every kind, in the order of a credit's life."""
KINDS: Mapping[str, EventKind] = {kind.name: kind for kind in CATALOGUE}
