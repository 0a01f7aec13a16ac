"""Facts and decisions as JSON and back: what is kept encrypted, hashed, and replayed from (rule D7)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from bureau_clients.facts import Absent, Fact, Known, Unknown
from underwriting.decisions.facts import (
    COMPANY_FACTS,
    PERSON_FACTS,
    ApplicationFacts,
    CompanyFacts,
    DueDiligenceFacts,
    Facts,
    PersonFacts,
    Screening,
)
from underwriting.decisions.history import HISTORY_FACTS, NOT_READ, HistoryFacts, not_read
from underwriting.decisions.scoring import Decision, Fired
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome, RepaymentPlan

T = TypeVar("T")

_READERS: Mapping[type, Callable[[Any], Any]] = {
    Money: Money.kronor,
    date: date.fromisoformat,
    bool: lambda value: _exactly(bool, value),
    int: lambda value: _exactly(int, value),
}


def canonical_json(facts: Facts) -> str:
    """*facts* as JSON with sorted keys, no blanks and decimal strings; equal facts give equal text."""
    return _canonical(_facts_to_json(facts))


def facts_from_json(text: str | bytes) -> Facts:
    """The facts that `canonical_json` wrote; KeyError or ValueError for anything else."""
    return _facts_from_json(json.loads(text))


def decision_to_json(decision: Decision) -> str:
    """*decision* with its trace, as canonical JSON; equal decisions give equal text, by which a replay is compared."""
    return _canonical(
        {
            "outcome": str(decision.outcome),
            "limit": _text_or_none(decision.limit),
            "fee_rate": None if decision.fee_rate is None else _plain(decision.fee_rate),
            "grade": decision.grade,
            "points": decision.points,
            "capacity": _text_or_none(decision.capacity),
            "counted": decision.counted,
            "trace": [fired._asdict() for fired in decision.trace],
            "policy_version": decision.policy_version,
            "policy_sha256": decision.policy_sha256,
        }
    )


def decision_from_json(text: str | bytes) -> Decision:
    """The decision that `decision_to_json` wrote; KeyError, TypeError or ValueError for anything else."""
    content = json.loads(text)
    return Decision(
        outcome=DecisionOutcome(content["outcome"]),
        limit=_money_or_none(content["limit"]),
        fee_rate=None if content["fee_rate"] is None else Decimal(content["fee_rate"]),
        grade=content["grade"],
        points=content["points"],
        capacity=_money_or_none(content["capacity"]),
        counted=content["counted"],
        trace=tuple(Fired(**fired) for fired in content["trace"]),
        policy_version=content["policy_version"],
        policy_sha256=content["policy_sha256"],
    )


def fact_to_json(fact: Fact[Any]) -> str:
    """One fact, as canonical JSON."""
    return _canonical(_fact_to_json(fact))


def fact_from_json(text: str | bytes, type_: type) -> Fact[Any]:
    """The fact that `fact_to_json` wrote, of values of *type_*; KeyError or ValueError for anything else."""
    return _fact_from_json(json.loads(text), _READERS.get(type_, type_))


def sha256_of(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(rate: Decimal) -> str:
    """A rate without trailing zeros or exponent, so that equal rates are written alike."""
    return f"{rate.normalize():f}"


def _text_or_none(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def _money_or_none(text: str | None) -> Money | None:
    return None if text is None else Money.kronor(text)


def _facts_to_json(facts: Facts) -> dict[str, Any]:
    application, diligence = facts.application, facts.due_diligence
    return {
        "application": {
            "form": str(application.form),
            "asked": str(application.asked),
            "term_months": application.term_months,
            "repayment_plan": str(application.repayment_plan),
            "revenue": str(application.revenue),
            "costs": str(application.costs),
            "debt_payments": str(application.debt_payments),
            "highest_fee_rate": _plain(application.highest_fee_rate),
        },
        "company": {"no_match": facts.company.no_match, **_written(facts.company, COMPANY_FACTS)},
        "owner": facts.owner and _person_to_json(facts.owner),
        "guarantors": [_person_to_json(person) for person in facts.guarantors],
        "due_diligence": {
            "gaps": list(diligence.gaps),
            "sanctions": str(diligence.sanctions),
            "politically_exposed": diligence.politically_exposed,
        },
        "history": _written(facts.history, HISTORY_FACTS),
    }


def _person_to_json(person: PersonFacts) -> dict[str, Any]:
    return {
        "reference": person.reference,
        "no_match": person.no_match,
        "minor": person.minor,
        "other_guarantees": str(person.other_guarantees),
        "promised_guarantees": _fact_to_json(person.promised_guarantees),
        **_written(person, PERSON_FACTS),
    }


def _written(holder: object, types: Mapping[str, type]) -> dict[str, Any]:
    return {name: _fact_to_json(getattr(holder, name)) for name in types}


def _fact_to_json(fact: Fact[Any]) -> dict[str, Any]:
    origin = {"source": fact.source, "at": fact.at.astimezone(UTC).isoformat()}
    if isinstance(fact, Known):
        plain = fact.value if isinstance(fact.value, bool | int) else str(fact.value)
        return {"known": plain, **origin}
    return {"absent" if isinstance(fact, Absent) else "unknown": True, **origin}


def _facts_from_json(content: Mapping[str, Any]) -> Facts:
    application, diligence = content["application"], content["due_diligence"]
    amounts = {name: Money.kronor(application[name]) for name in ("asked", "revenue", "costs", "debt_payments")}
    return Facts(
        application=ApplicationFacts(
            form=CompanyForm(application["form"]),
            term_months=_exactly(int, application["term_months"]),
            # not asked for before there was a choice
            repayment_plan=RepaymentPlan(application.get("repayment_plan", RepaymentPlan.STRAIGHT)),
            highest_fee_rate=Decimal(application["highest_fee_rate"]),
            **amounts,
        ),
        company=CompanyFacts(
            no_match=_exactly(bool, content["company"]["no_match"]), **_read(content["company"], COMPANY_FACTS)
        ),
        owner=content["owner"] and _person_from_json(content["owner"]),
        guarantors=tuple(_person_from_json(person) for person in content["guarantors"]),
        due_diligence=DueDiligenceFacts(
            gaps=tuple(diligence["gaps"]),
            sanctions=Screening(diligence["sanctions"]),
            politically_exposed=_exactly(bool, diligence["politically_exposed"]),
        ),
        history=_history_from_json(content),
    )


def _history_from_json(content: Mapping[str, Any]) -> HistoryFacts:
    """The lender's own history; unknown in facts that were kept before it was one of them."""
    if "history" not in content:
        return not_read(_first_looked_at(content))
    return HistoryFacts(**_read(content["history"], HISTORY_FACTS))


def _first_looked_at(content: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(content["company"]["status"]["at"])


def _person_from_json(content: Mapping[str, Any]) -> PersonFacts:
    return PersonFacts(
        reference=content["reference"],
        no_match=_exactly(bool, content["no_match"]),
        minor=_exactly(bool, content["minor"]),
        other_guarantees=Money.kronor(content["other_guarantees"]),
        promised_guarantees=_promised_from_json(content),
        **_read(content, PERSON_FACTS),
    )


def _promised_from_json(content: Mapping[str, Any]) -> Fact[Money]:
    if "promised_guarantees" not in content:
        return Unknown(NOT_READ, datetime.fromisoformat(content["income"]["at"]))
    return _fact_from_json(content["promised_guarantees"], Money.kronor)


def _read(content: Mapping[str, Any], types: Mapping[str, type]) -> dict[str, Any]:
    return {name: _fact_from_json(content[name], _READERS.get(type_, type_)) for name, type_ in types.items()}


def _fact_from_json(content: Mapping[str, Any], read: Callable[[Any], Any]) -> Fact[Any]:
    source, at = content["source"], datetime.fromisoformat(content["at"])
    if "known" in content:
        return Known(read(content["known"]), source, at)
    return Absent(source, at) if content.get("absent") is True else Unknown(source, at)


def _exactly(type_: type[T], value: object) -> T:
    if not isinstance(value, type_) or type(value) is not type_:
        raise ValueError(f"not a value of type {type_.__name__}")
    return value
