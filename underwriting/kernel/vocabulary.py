"""The words that stand in columns and on the wire. The lives of the states are in `docs/states.md`."""

from enum import StrEnum


class CompanyForm(StrEnum):
    """Who may apply (rule A1)."""

    AB = "AB"  # aktiebolag
    HB = "HB"  # handelsbolag
    KB = "KB"  # kommanditbolag
    EF = "EF"  # enskild firma, a sole trader


class CreditPurpose(StrEnum):
    """What the business needs the credit for; a private purpose is none (rule A1)."""

    INVENTORY = "inventory"
    EQUIPMENT = "equipment"
    WORKING_CAPITAL = "working_capital"
    EXPANSION = "expansion"
    TAX = "tax"
    OTHER_BUSINESS = "other_business"


class ApplicationState(StrEnum):
    """The life of a credit application."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # signed; waiting for those who must confirm (A6)
    ASSESSING = "assessing"  # reports are retrieved, a decision is made
    REFERRED = "referred"
    INFORMATION_REQUESTED = "information_requested"
    COUNTER_OFFER = "counter_offer"
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"


class GuarantorState(StrEnum):
    """A named guarantor's way from name to confirmation (rule A6)."""

    NAMED = "named"
    INVITED = "invited"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REPLACED = "replaced"


class DecisionOutcome(StrEnum):
    """What a decision says (rule D1)."""

    APPROVED = "approved"
    COUNTER_OFFER = "counter_offer"
    REFERRED = "referred"
    DECLINED = "declined"


class ProposalState(StrEnum):
    """The life of a determination that needs a second person (rule D8).

    A pending one whose application has changed since is expired, whether or not anybody has noted it yet.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ReferralKind(StrEnum):
    """Of what kind the ground is that sends a case to an underwriter: it names nobody, and nothing about them."""

    COMPANY = "company"  # what the register or the remarks say of the company
    PERSON = "person"  # what the register says of a guarantor or owner
    DUE_DILIGENCE = "due_diligence"
    UNKNOWN = "unknown"  # a fact that is needed is not known
    EXPOSURE = "exposure"  # limits over company, group and guarantor, and what is overdue with the lender
    GRADE = "grade"


class ReviewOutcome(StrEnum):
    """What a human review came to (rule D9)."""

    UPHELD = "upheld"
    CHANGED = "changed"


class FactTreatment(StrEnum):
    """How a decision reads a fact that a bureau has wrong: as unknown, or as the evidence shows it (rule D13)."""

    UNKNOWN = "unknown"
    CORRECTED = "corrected"


class AgreementState(StrEnum):
    """The life of a credit agreement."""

    SIGNING = "signing"
    SIGNED = "signed"
    RUNNING = "running"
    CANCELLING = "cancelling"  # cancellation asked for after payout; the money is awaited (C6)
    CANCELLED = "cancelled"
    REDEEMED = "redeemed"
    SETTLED = "settled"
    LAPSED = "lapsed"
    ANNULLED = "annulled"


class GuaranteeState(StrEnum):
    """The life of a personal guarantee (*borgen*)."""

    INVITED = "invited"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REFUSED = "refused"  # declined, or a hard stop: another is to be named
    REPLACED = "replaced"
    RELEASED = "released"  # by the lender and all co-guarantors (G4)
    LAPSED = "lapsed"


class AnnulmentGround(StrEnum):
    """Why an agreement is annulled before anything is paid out."""

    HARD_STOP = "hard_stop"
    FRAUD = "fraud"


class ReleaseState(StrEnum):
    """The life of a guarantor's release (rule G4)."""

    PENDING = "pending"  # the second person or a co-guarantor is missing
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class PayoutState(StrEnum):
    """The life of one payment order to the bank."""

    ORDERED = "ordered"
    HELD = "held"  # a cancellation was asked for, or the company's status is in doubt
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class PayoutFileState(StrEnum):
    """The life of a file of payment orders (rule P2)."""

    PREPARED = "prepared"  # waits for a second person
    RELEASED = "released"
    SENT = "sent"
    DISSOLVED = "dissolved"  # never sent: its day is over, or one of its payouts may not be paid any more


class PaymentState(StrEnum):
    """The life of a payment that has come in, or of a part of one (rule F7)."""

    WAITING = "waiting"  # its file is being booked
    UNMATCHED = "unmatched"  # a person says whose it is
    BOOKED = "booked"
    REVERSED = "reversed"  # the bank has taken it back
    RETURNED = "returned"  # it goes, or has gone, back to its sender
    CAME_BACK = "came_back"  # what the lender had paid back, and the bank has returned


class MatchGround(StrEnum):
    """Why a payment may be for an agreement, the ground that weighs most first."""

    NUMBER = "number"  # of the agreement or an invoice, in the reference or the text
    ORGANISATION_NUMBER = "organisation_number"
    SENDER = "sender"  # has paid on the agreement before
    NAME = "name"  # is like the borrower's
    SUM = "sum"  # is what an invoice asks for


class PaymentFileState(StrEnum):
    """How far a file of incoming payments is; derived, stored nowhere."""

    REFUSED = "refused"  # nothing of it is booked
    WAITING = "waiting"  # it is read; a worker takes it up
    BOOKING = "booking"
    READ = "read"


class RefundState(StrEnum):
    """The life of money that is paid back (rule F8)."""

    ASKED = "asked"  # waits for a second person
    WITHDRAWN = "withdrawn"  # the second person has refused it
    RELEASED = "released"
    SENT = "sent"
    UNKNOWN = "unknown"  # whether the bank has it is not known
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"  # the money has come back


class AccountSource(StrEnum):
    """Who has told whose account it is (rule P1)."""

    BANK = "bank"
    STAFF = "staff"  # on evidence that they have seen


class HeldFor(StrEnum):
    """Why a payout is held until a person has looked into it (rules P1, P4)."""

    HARD_STOP = "hard_stop"
    COMPANY_NOT_FOUND = "company_not_found"  # no bureau knows the company: a person needs other evidence
    ACCOUNT_CHANGED = "account_changed"
    FILE_REFUSED = "file_refused"  # a person did not release the file that it stood in


class CancellationState(StrEnum):
    """What became of a request to cancel (rule C6)."""

    UNCONFIRMED = "unconfirmed"  # recorded after the window closed; a second person confirms (C5)
    CONDITIONAL = "conditional"  # asked for after payout; the money is awaited
    COMPLETED = "completed"
    FALLEN = "fallen"


class CancellationWindow(StrEnum):
    """The two windows (rules C1 and C2)."""

    SAME_DAY = "same_day"
    PAYOUT = "payout"


class WindowPolicy(StrEnum):
    """How the days of the payout window are counted (rule C2)."""

    CALENDAR = "calendar"
    CALENDAR_ROLLED = "calendar_rolled"
    BANKING_DAYS = "banking_days"


class RequestChannel(StrEnum):
    """How a request reached the lender (rule C5)."""

    PORTAL = "portal"
    PHONE = "phone"
    EMAIL = "email"


class RepaymentPlan(StrEnum):
    """How the principal is repaid (*amorteringsplan*, rule G1)."""

    STRAIGHT = "straight"  # rak amortering: equal parts, one a month
    AT_TERM = "at_term"  # the whole in one part at the end of the term


class PlanChangeState(StrEnum):
    """A change of the repayment plan, which the company and every guarantor sign (rule G7)."""

    PENDING = "pending"
    IN_EFFECT = "in_effect"
    LAPSED = "lapsed"  # a signature was missing when the time was over
    WITHDRAWN = "withdrawn"


class InvoiceDelivery(StrEnum):
    """How invoices are sent (rule F4)."""

    EMAIL = "email"
    PAPER = "paper"


class InvoiceKind(StrEnum):
    """What a numbered paper is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceLineKind(StrEnum):
    """What a line asks for."""

    MONTHLY_FEE = "monthly_fee"
    CANCELLATION_FEE = "cancellation_fee"
    REMINDER_FEE = "reminder_fee"
    DEMAND_FEE = "demand_fee"
    PLAN_FEE = "plan_fee"
    LATE_COMPENSATION = "late_compensation"
    LATE_INTEREST = "late_interest"
    PAPER_FEE = "paper_fee"
    INSTALMENT = "instalment"


class LateCharge(StrEnum):
    """What a late claim may cost besides interest, each once (rule R4; lag 1981:739)."""

    REMINDER = "reminder"  # påminnelseavgift
    DEMAND = "demand"  # inkassoavgift
    INSTALMENT_PLAN = "instalment_plan"  # avgift för avbetalningsplan
    COMPENSATION = "compensation"  # förseningsersättning


class CompensationPolicy(StrEnum):
    """For which late claims late-payment compensation is asked (rule R4): for none until a lawyer has signed off."""

    OFF = "off"
    FEE_INVOICES = "fee_invoices"  # what asks for a fee, which is the price of a service
    ALL = "all"


class CreditReason(StrEnum):
    """Why a line is taken back."""

    REVERSED = "reversed"  # the ledger has taken the charge back
    PAYOUT_RETURNED = "payout_returned"
    MISTAKE = "mistake"  # said by a person, as is the next
    GOODWILL = "goodwill"


class FeeCorrectionReason(StrEnum):
    """What the lender learned after a month was charged, and what changed its fee (rule F10)."""

    CANCELLED = "cancelled"  # in time, so that no month costs anything (rule C6)
    PAYOUT_RETURNED = "payout_returned"  # it was never utilised (rule P3)
    PAYOUT_LATE = "payout_late"  # booked in the month or before, and told of afterwards
    PAYMENT_LATE = "payment_late"
    PAYMENT_REVERSED = "payment_reversed"  # the bank has booked it back


class InvoiceState(StrEnum):
    """How far an invoice is paid; derived from the ledger, stored nowhere."""

    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    CREDITED = "credited"


class SigningPurpose(StrEnum):
    """What a BankID order is for."""

    IDENTIFY = "identify"
    APPLICATION = "application"  # A3: the submitter binds the company
    CONFIRMATION = "confirmation"  # A6: a guarantor allows the report
    AGREEMENT = "agreement"
    GUARANTEE = "guarantee"
    COUNTER_OFFER = "counter_offer"
    PLAN_CHANGE = "plan_change"  # G7: for the company
    PLAN_CHANGE_CONSENT = "plan_change_consent"  # G7: a guarantor is bound by the other plan


class SigningState(StrEnum):
    """The life of one BankID order."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"


class Role(StrEnum):
    """The roles of staff. Applicants and guarantors have no role: they see what is theirs."""

    UNDERWRITER = "underwriter"
    SENIOR_UNDERWRITER = "senior_underwriter"
    BILLING = "billing"
    RECOVERY = "recovery"
    AUDITOR = "auditor"  # reads all, writes nothing
    ADMINISTRATOR = "administrator"


UNDERWRITERS = (Role.UNDERWRITER, Role.SENIOR_UNDERWRITER)
"""Who determines cases."""
CASE_READERS = (*UNDERWRITERS, Role.AUDITOR)
"""Who reads applications, and what bureaus said of those who stand in them."""


class LoginMethod(StrEnum):
    """How the holder of a session said who they are."""

    PASSWORD = "password"  # noqa: S105 (a word)
    SIGN_ON = "sign_on"  # by the lender's identity provider
    BANKID = "bankid"


class Awaited(StrEnum):
    """What a member of staff with the right password has still to show."""

    SECOND_FACTOR = "second_factor"
    ENROLMENT = "enrolment"


class Scope(StrEnum):
    """What a machine client may be allowed, each on its own."""

    APPLICATIONS_CREATE = "applications:create"
    APPLICATIONS_READ = "applications:read"
    AGREEMENTS_READ = "agreements:read"
    PAYMENTS_READ = "payments:read"
    PAYMENT_FILES_CREATE = "payment-files:create"
    EVENTS_READ = "events:read"
    WEBHOOK_ENDPOINTS_MANAGE = "webhook-endpoints:manage"


class Account(StrEnum):
    """The accounts of the ledger; a control account has one line per posting and no balance row."""

    BANK = "bank"
    PRINCIPAL = "principal"  # what the borrower owes of what was paid out
    FEE_RECEIVABLE = "fee_receivable"
    FEE_INCOME = "fee_income"
    CANCELLATION_FEE_RECEIVABLE = "cancellation_fee_receivable"
    CANCELLATION_FEE_INCOME = "cancellation_fee_income"
    PAPER_FEE_RECEIVABLE = "paper_fee_receivable"
    PAPER_FEE_INCOME = "paper_fee_income"
    COLLECTION_COST_RECEIVABLE = "collection_cost_receivable"  # reminders, demands, instalment plans, compensation
    COLLECTION_COST_INCOME = "collection_cost_income"
    LATE_INTEREST_RECEIVABLE = "late_interest_receivable"
    LATE_INTEREST_INCOME = "late_interest_income"
    CREDIT_BALANCE = "credit_balance"  # what the borrower paid beyond what was due


class VoucherScope(StrEnum):
    """What one voucher (*verifikation*) of the lender's accounting holds."""

    DAY = "day"  # all of one kind that occurred on one day (bokföringslagen 1999:1078, 5 kap. 6 §)
    ENTRY = "entry"  # one entry of the ledger


class OwnerControl(StrEnum):
    """How somebody owns or controls a company (rule K1; lag 2017:631, 1 kap. 4-6 §§)."""

    VOTES = "votes"  # shares, other holdings or membership, by their votes
    BOARD = "board"  # may appoint more than half of the board
    AGREEMENT = "agreement"  # controls by an agreement or the articles
    PARTNER = "partner"  # an unlimited partner of an HB or KB
    ALTERNATIVE = "alternative"  # nobody owns or controls it: its chair, managing director or the like


class ExposureRelation(StrEnum):
    """Why a person counts as politically exposed (lag 2017:630, 1 kap. 8-10 §§)."""

    SELF = "self"  # has, or had, an important public function
    FAMILY = "family"
    CLOSE_ASSOCIATE = "close_associate"


class RiskClass(StrEnum):
    """How much risk of money laundering a relation holds (lag 2017:630, 2 kap. 3 §)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class DiligenceKind(StrEnum):
    """What a person has to look into before credit is given (rule K1)."""

    BENEFICIAL_OWNERS = "beneficial_owners"  # who owns it is not told, or not in full
    OWNER_DIFFERENCE = "owner_difference"  # the register says something else
    POLITICALLY_EXPOSED = "politically_exposed"  # somebody has not answered
    EXPOSURE_APPROVAL = "exposure_approval"  # a relation with a politically exposed person
    ORIGIN_OF_FUNDS = "origin_of_funds"
    PURPOSE_OF_CREDIT = "purpose_of_credit"
    SOURCE_OF_REPAYMENT = "source_of_repayment"
    RISK_CLASS = "risk_class"  # what the class rests on is not told
    ENHANCED_MEASURES = "enhanced_measures"  # the class is high
    SIGNING_RIGHT = "signing_right"  # by the register, whoever submitted does not sign for the company (A9)


class DiligenceState(StrEnum):
    """The life of what is looked into."""

    OPEN = "open"
    PROPOSED = "proposed"  # waits for somebody with authority
    SETTLED = "settled"


class DiligenceResult(StrEnum):
    """What looking into it came to."""

    SATISFIED = "satisfied"  # looked into, nothing stands in the way
    CORRECTED = "corrected"  # what is true was found and recorded
    REFUSED = "refused"  # no relation may begin
    LAPSED = "lapsed"  # no longer called for
