"""The figures of a case as its page shows them: price, limits, what would have been enough, and the lender's books."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from markupsafe import Markup

from bureau_clients.evidence import Told
from bureau_clients.facts import Absent, Known
from bureau_clients.reports import AnnualAccounts, CompanyReport
from underwriting.decisions.breakdown import ceilings, price_of
from underwriting.decisions.facts import Facts
from underwriting.decisions.pricing import fees_of_plan
from underwriting.decisions.rules import TERMS
from underwriting.decisions.services.read_case import Grounds
from underwriting.decisions.sufficiency import Sufficiency
from underwriting.kernel.money import Money
from underwriting.kernel.wording import percent_in_words
from underwriting.platform.problems import language_of_request
from underwriting.web.accounts import compact
from underwriting.web.case_score import Names
from underwriting.web.charts import Bar, years
from underwriting.web.texts import translate

MOST_YEARS = 5
_SHOWN = ("turnover", "net_result", "equity")
_HUNDREDTH = Decimal("0.0001")  # of a per cent's hundredth: what a rate is shown with


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with what it comes from; *tone* is `total`, `bad` or `faint`."""

    label: str
    value: str = field(repr=False)
    source: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class YearsChart:
    """One figure of the accounts over the years, drawn, and the newest in words."""

    label: str
    newest: str = field(repr=False)
    chart: Markup = field(repr=False)


def price_rows(grounds: Grounds) -> tuple[Row, ...]:
    """From the expected loss to the monthly fee in kronor, each with its source; nothing without a grade."""
    decision, policy = grounds.decision, grounds.policy
    price = price_of(decision, policy)
    if price is None:
        return ()
    in_policy = translate("case.price.policy", version=policy.version)
    in_grade = translate("case.price.grade", grade=price.grade, version=policy.version)
    rows = []
    if policy.prices and price.default_rate is not None and price.loss is not None and price.exact is not None:
        lost = policy.prices.loss_given_default
        how = translate("case.price.loss_how", default=_share(price.default_rate), lost=_share(lost))
        rows = [
            Row(translate("case.price.loss"), _percent(price.loss), f"{how}; {in_grade}"),
            Row(translate("case.price.funds"), _percent(policy.prices.cost_of_funds), in_policy),
            Row(translate("case.price.margin"), _percent(price.margin or Decimal(0)), in_grade),
            Row(translate("case.price.sum"), _percent(price.exact), translate("case.price.sum_how")),
        ]
    rows.append(Row(translate("offer.rate"), _percent(price.fee_rate), in_grade, "total"))
    if decision.limit is not None:
        fee = decision.limit.at_rate_in_kronor(price.fee_rate)
        how = translate("case.price.monthly_how", rate=_percent(price.fee_rate), limit=decision.limit.formatted())
        rows.append(Row(translate("offer.monthly"), fee.formatted(), how, "total"))
        asked = grounds.facts.application
        total = fees_of_plan(
            decision.limit, fee_rate=price.fee_rate, term_months=asked.term_months, plan=asked.repayment_plan
        )
        plan = translate(f"repayment.{asked.repayment_plan}")
        rows.append(Row(translate("offer.total"), total.formatted(), plan, "total"))
    return tuple(rows)


def limit_rows(grounds: Grounds, names: Names) -> tuple[Row, ...]:
    """All that may hold the limit down, each with its value; what binds is told, and stands out."""
    rows = []
    for each in ceilings(grounds.facts, grounds.decision, grounds.policy):
        label = translate("case.limit.asked") if each.bound is None else translate(f"case.limit.{each.bound}")
        whose = "" if each.subject == TERMS or each.bound is None else names(each.subject)
        binds = translate("case.limit.binds") if each.binds else ""
        rows.append(Row(label, each.most.formatted(), binds or whose, "total" if each.binds else ""))
    return tuple(rows)


def enough_in_words(enough: Sufficiency | None) -> tuple[str, ...]:
    """What would have been approved in full, a sentence for each change (rule D14)."""
    if enough is None:
        return ()
    told = []
    if enough.amount is not None:
        told.append(translate("case.enough.amount", amount=enough.amount.formatted()))
    if enough.term_months is not None:
        told.append(translate("case.enough.term", months=enough.term_months))
    if enough.guarantor_income is not None:
        told.append(translate("case.enough.guarantor", income=enough.guarantor_income.formatted()))
    elif enough.amount_with_guarantor is not None and enough.amount_with_guarantor != enough.amount:
        told.append(translate("case.enough.with_guarantor", amount=enough.amount_with_guarantor.formatted()))
    return tuple(told)


def book_rows(facts: Facts, names: Names) -> tuple[Row, ...]:
    """The lender's own history with the company, the group's exposure, and what each person stands for already."""
    own = facts.history
    rows = [
        Row(translate("case.books.credits"), _written(own.earlier_credits)),
        Row(translate("case.books.in_time"), _written(own.claims_paid_in_time)),
        _bad_when_any("case.books.late", own.claims_paid_late),
        _bad_when_any("case.books.overdue", own.overdue),
        Row(translate("case.books.exposure"), _written(own.exposure)),
        Row(translate("case.books.group"), _written(own.group_exposure)),
    ]
    for subject, person in facts.persons():
        promised = translate(
            "case.books.promised",
            risk=person.other_guarantees.formatted(),
            caps=_written(person.promised_guarantees),
        )
        rows.append(Row(names(subject), promised, translate("case.books.guarantees")))
    return tuple(rows)


def accounts_charts(told: Sequence[Told]) -> tuple[YearsChart, ...]:
    """Revenue, result and equity of up to five years, from the bureau that tells the most of them."""
    found: list[Sequence[AnnualAccounts]] = [
        one.report.accounts.value
        for one in told
        if isinstance(one.report, CompanyReport) and isinstance(one.report.accounts, Known)
    ]
    accounts = max(found, key=len, default=())[:MOST_YEARS][::-1]
    charts = (_chart(name, accounts) for name in _SHOWN)
    return tuple(chart for chart in charts if chart is not None)


def _chart(name: str, accounts: Sequence[AnnualAccounts]) -> YearsChart | None:
    amounts = [(year.closed_on, getattr(year, name)) for year in accounts if getattr(year, name) is not None]
    if not amounts:
        return None
    label = translate(f"accounts.{name}")
    bars = [
        Bar(f"{closed_on:%y}", _kronor(amount), f"{closed_on.isoformat()}: {amount.formatted()}")
        for closed_on, amount in amounts
    ]
    title = f"{label}: " + ", ".join(bar.text for bar in bars)
    return YearsChart(label, compact(bars[-1].value), years(bars, title=title))


def _kronor(amount: Money) -> int:
    return amount.in_whole_kronor().ore // 100


def _bad_when_any(key: str, fact: Any) -> Row:
    return Row(translate(key), _written(fact), tone="bad" if isinstance(fact, Known) and fact.value else "")


def _written(fact: Any) -> str:
    if isinstance(fact, Known):
        return fact.value.formatted() if isinstance(fact.value, Money) else str(fact.value)
    return translate("report.absent" if isinstance(fact, Absent) else "report.unknown")


def _percent(rate: Decimal) -> str:
    """A rate with at most two decimals of a per cent."""
    shown = rate.quantize(_HUNDREDTH, ROUND_HALF_UP)
    return percent_in_words(shown).in_language(language_of_request())


def _share(rate: Decimal) -> str:
    """A share, as a rule in whole per cent: `8 %`."""
    return _percent(rate).replace(",00", "").replace(".00", "")
