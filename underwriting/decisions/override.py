"""What an underwriter may determine in a referred case, and what that makes of it (rules D2, D3, D8, D10, K1)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DecisionOutcome
from underwriting.kernel.wording import percent_in_words


class ReasonCode(StrEnum):
    """Why an underwriter determined a case as they did; a text always stands beside it."""

    ABILITY_TO_PAY = "ability_to_pay"
    DOCUMENTS_SEEN = "documents_seen"  # accounts, contracts, a certificate of registration
    FIGURES_DOUBTFUL = "figures_doubtful"
    IDENTITY_DOUBTFUL = "identity_doubtful"
    DUE_DILIGENCE = "due_diligence"
    PURPOSE = "purpose"
    GUARANTORS = "guarantors"
    FACT_DISPUTED = "fact_disputed"  # what a bureau has told was wrong
    COMPANY_REMARKS = "company_remarks"
    GUARANTOR_REMARKS = "guarantor_remarks"
    RATING = "rating"
    COMPANY_AGE = "company_age"
    EMPLOYEES = "employees"
    PAST_TURNOVER = "past_turnover"


REASON_TEXTS: dict[ReasonCode, Text] = {
    ReasonCode.ABILITY_TO_PAY: Text("Framtida betalningsförmåga", "Future ability to pay"),
    ReasonCode.DOCUMENTS_SEEN: Text("Underlag som har visats", "Documents that were shown"),
    ReasonCode.FIGURES_DOUBTFUL: Text("Lämnade uppgifter stämmer inte", "The figures given do not hold"),
    ReasonCode.IDENTITY_DOUBTFUL: Text("Identitet eller behörighet är oklar", "Identity or authority is in doubt"),
    ReasonCode.DUE_DILIGENCE: Text("Kundkännedom", "Know your customer"),
    ReasonCode.PURPOSE: Text("Kreditens ändamål", "The purpose of the credit"),
    ReasonCode.GUARANTORS: Text("Borgensmännen", "The guarantors"),
    ReasonCode.FACT_DISPUTED: Text("En uppgift från upplysningsföretaget är fel", "A fact told by the bureau is wrong"),
    ReasonCode.COMPANY_REMARKS: Text("Företagets betalningsanmärkningar", "The company's payment remarks"),
    ReasonCode.GUARANTOR_REMARKS: Text("Borgensmans betalningsanmärkningar", "A guarantor's payment remarks"),
    ReasonCode.RATING: Text("Kreditbetyg", "Rating"),
    ReasonCode.COMPANY_AGE: Text("Företagets ålder", "The company's age"),
    ReasonCode.EMPLOYEES: Text("Antal anställda", "Number of employees"),
    ReasonCode.PAST_TURNOVER: Text("Tidigare omsättning", "Past turnover"),
}
"""The reason codes as people read them."""

NO_GROUND_FOR_DECLINE: dict[ReasonCode, str] = {
    ReasonCode.COMPANY_REMARKS: "D2",
    ReasonCode.RATING: "D2",
    ReasonCode.COMPANY_AGE: "D2",
    ReasonCode.EMPLOYEES: "D2",
    ReasonCode.PAST_TURNOVER: "D2",
    ReasonCode.GUARANTOR_REMARKS: "D3",
}
"""What may limit or price a credit and is alone no reason to decline it, with the rule that says so."""

_UNKNOWN_CODE = Text("Välj en av skälskoderna", "Choose one of the reason codes")
_NO_GROUND = Text(
    "{reason.sv} är inte ensamt ett skäl till avslag; begränsa, prissätt eller ange det verkliga skälet",
    "{reason.en} alone is no reason to decline; limit, price, or give the real reason",
)
_OVER_ASKED = Text("Högst det sökta beloppet, {asked}", "At most the amount asked for, {asked}")
_UNDER_SMALLEST = Text(
    "En gräns under minsta beloppet {least} är ingen kredit; ärendet ligger kvar",
    "A limit below the smallest amount {least} is no credit; the case stays referred",
)
_OVER_EXPOSURE = Text(
    "Högst {most}: gränserna för engagemang med företag, grupp och borgensmän lämnar inte mer",
    "At most {most}: the limits on what is out with company, group and guarantors leave no more",
)
_NOT_IN_PRICE_TABLE = Text("Välj en av avgifterna: {rates.sv}", "Choose one of the fees: {rates.en}")
_NO_CONDITIONS = Text("Ett avslag har inga villkor", "A decline has no conditions")
_NOT_AN_OFFER = Text(
    "De sökta villkoren är ett bifall, inte ett motbud", "The terms asked for are an approval, not a counter-offer"
)


class HardStopStands(Conflict):
    """A hard stop is known; the case can only be declined. Rule D10."""

    slug = "hard-stop-stands"
    title = Text(
        "Ärendet har ett absolut hinder och kan bara avslås", "The case has a hard stop and can only be declined"
    )
    rule = "D10"


class DueDiligenceIncomplete(Conflict):
    """Know-your-customer has gaps that nobody has filled: no approval before. Rule K1."""

    slug = "due-diligence-incomplete"
    title = Text(
        "Kundkännedomen är inte fullständig; begär uppgifterna först",
        "Know-your-customer is not complete; ask for the information first",
    )
    rule = "K1"


class DecidingOnOneself(Conflict):
    """The underwriter is a party to the case. Rule D8."""

    slug = "deciding-on-oneself"
    title = Text("Ingen avgör ett ärende som rör en själv", "Nobody determines a case that concerns themselves")
    rule = "D8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredCase:
    """What bounds a determination. *declined_before*: the applicant has been sent a decline. *no_longer_binding*: the
    time is over for which the application binds (rule A3). *exposure_leaves* is the most that the lender may have out
    more, which no authority exceeds (rule G6); None where nothing limits it.
    """

    asked: Money
    smallest_amount: Money
    signed_fee_rate: Decimal
    fee_rates: Collection[Decimal]
    hard_stop: bool
    due_diligence_gap: bool
    declined_before: bool
    no_longer_binding: bool = False
    exposure_leaves: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """How an underwriter determines a case; without limit and rate when it is declined.

    *conditions* are what the credit is given on beside its terms, in the words that the applicant accepts.
    """

    outcome: DecisionOutcome
    limit: Money | None
    fee_rate: Decimal | None
    reason_code: str
    conditions: str | None = field(default=None, repr=False)


def outcome_of(determination: Determination, case: ReferredCase) -> DecisionOutcome:
    """What *determination* makes of *case*: a counter-offer where the applicant has to accept it, else as asked for.

    That is where terms are worse than asked for or conditions are set, after a decline, and where the application binds
    no more.

    Raises InvalidInput with every fault of the determination, HardStopStands, DueDiligenceIncomplete.
    """
    errors = tuple(_faults(determination, case))
    if errors:
        raise InvalidInput(errors=errors, rule=errors[0].rule)
    if determination.outcome is DecisionOutcome.DECLINED:
        return DecisionOutcome.DECLINED
    if case.hard_stop:
        raise HardStopStands
    if case.due_diligence_gap:
        raise DueDiligenceIncomplete
    if _needs_acceptance(determination, case):
        return DecisionOutcome.COUNTER_OFFER
    return DecisionOutcome.APPROVED


def _faults(determination: Determination, case: ReferredCase) -> Iterator[FieldError]:
    declines = determination.outcome is DecisionOutcome.DECLINED
    if determination.reason_code not in set(ReasonCode):
        yield FieldError("/reason_code", _UNKNOWN_CODE, "D8")
    elif declines and determination.reason_code in NO_GROUND_FOR_DECLINE:
        code = ReasonCode(determination.reason_code)
        yield FieldError("/reason_code", _NO_GROUND.filled(reason=REASON_TEXTS[code]), NO_GROUND_FOR_DECLINE[code])
    if declines:
        if determination.conditions is not None:
            yield FieldError("/conditions", _NO_CONDITIONS, "D8")
        return
    limit, rate = determination.limit, determination.fee_rate
    if limit is None or limit > case.asked:
        yield FieldError("/limit", _OVER_ASKED.filled(asked=case.asked.formatted()), "D8")
    elif limit < case.smallest_amount:
        yield FieldError("/limit", _UNDER_SMALLEST.filled(least=case.smallest_amount.formatted()), "D2")
    elif case.exposure_leaves is not None and limit > case.exposure_leaves:
        yield FieldError("/limit", _OVER_EXPOSURE.filled(most=case.exposure_leaves.formatted()), "G6")
    if rate is None or rate not in case.fee_rates:
        words = [percent_in_words(each) for each in sorted(case.fee_rates)]
        rates = Text(", ".join(each.sv for each in words), ", ".join(each.en for each in words))
        yield FieldError("/fee_rate", _NOT_IN_PRICE_TABLE.filled(rates=rates), "D8")
    offered = determination.outcome is DecisionOutcome.COUNTER_OFFER
    if offered and not _needs_acceptance(determination, case):
        yield FieldError("/outcome", _NOT_AN_OFFER, "D1")


def _needs_acceptance(determination: Determination, case: ReferredCase) -> bool:
    is_new = case.declined_before or case.no_longer_binding
    return is_new or determination.conditions is not None or _is_worse(determination, case)


def _is_worse(determination: Determination, case: ReferredCase) -> bool:
    limit, rate = determination.limit, determination.fee_rate
    return limit is None or rate is None or limit < case.asked or rate > case.signed_fee_rate
