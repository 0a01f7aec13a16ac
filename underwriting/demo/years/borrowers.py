"""Borrowers of the long demo: their agreements, laid down as signed, and what each of them will do with theirs.

Nobody applies, is assessed or signs here: two thousand times BankID and sealing would be another hour. An agreement is
entered by the product's own function, with its guarantees; its documents and letters are left out, and signatures are
noted as if they had come. From the order of the first payout on everything is the product's own work.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import (
    Contact,
    GrantedTerms,
    GuarantorDetails,
    PriceFigures,
    Signatory,
    SigningRule,
    enter,
    move,
)
from agreements.credit.services.keep_agreement import choose_invoice_delivery
from agreements.guarantees import service as guarantees
from agreements.payouts.service import Payouts
from agreements.signing.sandbox.people import DEMO_PEOPLE
from underwriting.demo.years.payers import Behaviour, behaviour_of
from underwriting.kernel.bank_days import next_bank_day
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, InvoiceDelivery, RepaymentPlan
from underwriting.platform.runtime import Runtime

_FORMS = {CompanyForm.AB: 60, CompanyForm.HB: 10, CompanyForm.KB: 10, CompanyForm.EF: 20}
_TERMS_MONTHS = (6, 12, 12, 18, 24)
_RATES = ("0.0150", "0.0175", "0.0200", "0.0250")
_ACCOUNT = Bankgiro("59990002")
_NUMBERS = {
    CompanyForm.AB: ("5599990008", "5599990016"),
    CompanyForm.HB: ("9699990009",),
    CompanyForm.KB: ("9699990017",),
}
_CANCELS, _REDEEMS, _DRAWS_TWICE, _ON_PAPER, _AT_TERM = 0.02, 0.08, 0.15, 0.05, 0.1
_LAID_DOWN = "demo"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a borrower will do: the day of the agreement, how they pay, and when they cancel, draw again or redeem."""

    number: int
    granted_on: date
    form: CompanyForm
    kind: Behaviour
    limit: Money
    first_drawdown: Money
    fee_rate: Decimal
    term_months: int
    repayment_plan: RepaymentPlan
    on_paper: bool
    cancels_on: date | None
    draws_again_on: date | None
    redeems_on: date | None

    @property
    def name(self) -> str:
        """What the company is called."""
        return f"Provbolag {self.number} {self.form}"


def plans(count: int, *, first: date, last: date, chance: Random) -> Iterator[Plan]:
    """*count* borrowers whose agreements are granted on bank days spread evenly from *first* through *last*."""
    days = (last - first).days + 1
    for number in range(1, count + 1):
        yield _plan(number, next_bank_day(first + timedelta(days=(number - 1) * days // count)), chance)


def enter_signed(runtime: Runtime, payouts: Payouts, plan: Plan) -> tuple[uuid.UUID, str]:
    """Lay down the agreement as signed, and have its first payout ordered; its id and OCR reference."""
    at = runtime.clock.now()
    facts = AgreementFacts(company_signed=True, guarantees_signed=True)
    with runtime.database.transaction() as session:
        entered = enter(session, runtime, _granted(plan, at), at=at)
        if entered is None:
            raise LookupError("an application of the demo has an agreement already")
        agreement, invited = entered
        for guarantee, _ in invited:
            guarantees.record_signature(session, guarantee, actor=_LAID_DOWN, at=at)
        if plan.on_paper:
            address = f"{plan.name}\nProvgatan {plan.number}\n111 11 Provstad"
            choose_invoice_delivery(runtime, agreement, InvoiceDelivery.PAPER, address=address)
        agreement.signed_at = at
        move(session, agreement, AgreementEvent.SIGNATURES_COMPLETE, at=at, actor=_LAID_DOWN, facts=facts)
        payouts.agreement_signed(session, agreement, at)
        return agreement.id, agreement.ocr or ""


def _plan(number: int, granted_on: date, chance: Random) -> Plan:
    limit = Money.kronor(chance.randrange(30_000, 600_000, 1_000))
    term = chance.choice(_TERMS_MONTHS)
    again = chance.random() < _DRAWS_TWICE
    leaves = chance.random()
    cancels = leaves < _CANCELS
    redeems = _CANCELS <= leaves < _CANCELS + _REDEEMS
    month = timedelta(days=30)
    return Plan(
        number=number,
        granted_on=granted_on,
        form=chance.choices(list(_FORMS), weights=list(_FORMS.values()))[0],
        kind=behaviour_of(chance),
        limit=limit,
        first_drawdown=Money.kronor(limit.ore // 200_000 * 1_000) if again else limit,
        fee_rate=Decimal(chance.choice(_RATES)),
        term_months=term,
        repayment_plan=RepaymentPlan.AT_TERM if chance.random() < _AT_TERM else RepaymentPlan.STRAIGHT,
        on_paper=chance.random() < _ON_PAPER,
        cancels_on=granted_on + timedelta(days=chance.randint(1, 4)) if cancels else None,
        draws_again_on=granted_on + month * chance.randint(1, 3) if again and not cancels else None,
        redeems_on=next_bank_day(granted_on + month * chance.randint(2, term - 2)) if redeems else None,
    )


def _granted(plan: Plan, at: datetime) -> GrantedTerms:
    signatory, second, third = (DEMO_PEOPLE[(plan.number + place) % len(DEMO_PEOPLE)] for place in range(3))
    person = PersonalNumber(signatory.personal_number)
    asked = {CompanyForm.EF: (), CompanyForm.AB: (signatory, second)}.get(plan.form, (second, third))
    months = Decimal(plan.term_months + 1) / 2 if plan.repayment_plan is RepaymentPlan.STRAIGHT else plan.term_months
    return GrantedTerms(
        application_id=uuid.uuid4(),
        company_form=plan.form,
        company=person if plan.form is CompanyForm.EF else _organisation(plan),
        borrower_name=plan.name,
        contact=Contact(signatory.name, f"bolag{plan.number}@provbolag.example", "+46701234567"),
        payout_account=_ACCOUNT,
        signing_rule=SigningRule.jointly((Signatory(person, signatory.name),)),
        signatory=person,
        limit=plan.limit,
        fee_rate=plan.fee_rate,
        term_months=plan.term_months,
        repayment_plan=plan.repayment_plan,
        figures=PriceFigures(plan.limit.at_rate_in_kronor(plan.fee_rate * months), plan.fee_rate * 24),
        guarantors=tuple(
            (
                PersonalNumber(one.personal_number),
                GuarantorDetails(one.name, f"borgen{plan.number}@provbolag.example", "+46701234568"),
            )
            for one in asked
        ),
        status_checked_at=at,
        asked=plan.first_drawdown,
    )


def _organisation(plan: Plan) -> OrganisationNumber:
    numbers = _NUMBERS[plan.form]
    return OrganisationNumber(numbers[plan.number % len(numbers)])
