"""The forms of an agreement's page, read by the schemas of the interface; a field has the name of its member."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from schemas.agreement_values import CancellationBody, PlanChangeBody, SigningRuleBody
from schemas.agreements import CancellationRequestSchema
from schemas.loading import Body, load
from schemas.parties import SigningRuleRequestSchema
from schemas.plan_changes import PlanChangeRequestSchema
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.signing_rule import SigningRule
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RequestChannel

T = TypeVar("T")

NEW_SIGNATORIES = 3
"""How many more than those who stand in the rule the form has rows for."""
ALTERNATIVES = 5
PLAN_FIELD = "plan_"
"""What stands before a member's name in the fields of the form that asks for another plan."""
_LONGEST_TERM_DIGITS = 4

_BY_STAFF = (RequestChannel.PHONE, RequestChannel.EMAIL)
_CHOOSE_CHANNEL = Text("Ange hur begäran kom", "State how the request came")
_STATE_TIME = Text("Ange dag och klockslag", "Give a day and a time")


def cancellation_in(form: Mapping[str, str], *, on: date) -> CancellationBody:
    """How and when the request arrived, by Stockholm's clocks; raises InvalidInput."""
    errors, received_at = [], ""
    if form.get("channel") not in list(_BY_STAFF):
        errors.append(FieldError("/channel", _CHOOSE_CHANNEL))
    try:
        local = datetime.fromisoformat(form.get("received_at", "")).replace(tzinfo=STOCKHOLM)
        received_at = local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        errors.append(FieldError("/received_at", _STATE_TIME))
    if errors:
        raise InvalidInput(errors=tuple(errors))
    sent = {"channel": form["channel"], "received_at": received_at}
    if form.get("note", "").strip():
        sent["note"] = form["note"]
    return load(CancellationRequestSchema(), sent, on=on)


def members_in(form: Mapping[str, str], schema: Body[T], *names: str, on: date, prefix: str = "") -> T:
    """The body of the members *names*; a field is called as the member with *prefix* before it, and so are its errors.

    Raises InvalidInput.
    """
    sent = {name: form.get(prefix + name, "").strip() for name in names}
    try:
        return load(schema, sent, on=on)
    except InvalidInput as refusal:
        placed = (replace(error, pointer=f"/{prefix}{error.pointer.lstrip('/')}") for error in refusal.errors)
        raise InvalidInput(errors=tuple(placed)) from None


def plan_change_in(form: Mapping[str, str], *, on: date) -> PlanChangeBody:
    """The plan that the form asks for; its fields and errors have `plan_` before the member's name. InvalidInput."""
    sent: dict[str, Any] = {
        name: form.get(PLAN_FIELD + name, "").strip() for name in ("repayment_plan", "term_months", "first_month")
    }
    months = sent["term_months"]
    if months.isascii() and months.isdecimal() and len(months) <= _LONGEST_TERM_DIGITS:
        sent["term_months"] = int(months)
    if not sent["first_month"]:
        del sent["first_month"]
    try:
        return load(PlanChangeRequestSchema(), sent, on=on)
    except InvalidInput as refusal:
        raise InvalidInput(errors=in_plan_form(refusal.errors)) from None


def in_plan_form(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """*errors* at the fields of the form that asks for another plan."""
    return tuple(replace(error, pointer=f"/{PLAN_FIELD}{error.pointer.lstrip('/')}") for error in errors)


def signing_rule_in(form: "MultiDict[str, str]", current: SigningRule, *, on: date) -> SigningRuleBody:
    """The rule that the form describes; whoever stands in *current* is named by place, since numbers are not shown.

    Raises InvalidInput.
    """
    persons = dict(_persons_in(form, current))
    body: dict[str, Any] = {
        "signatories": list(persons.values()),
        "alternatives": list(_alternatives_in(form, persons)),
        "evidence": form.get("evidence", ""),
    }
    if form.get("wording", "").strip():
        body["wording"] = form["wording"]
    return load(SigningRuleRequestSchema(), body, on=on)


def _persons_in(form: "MultiDict[str, str]", current: SigningRule) -> Iterator[tuple[str, dict[str, Any]]]:
    """By their rows in the form: those of today's rule that are kept, then new ones."""
    for place, one in enumerate(current.signatories):
        if form.get(f"person-{place}-kept"):
            roles = form.getlist(f"person-{place}-roles")
            kept: dict[str, Any] = {"personal_number": one.person.digits, "name": one.name, "roles": roles}
            yield str(place), kept | ({"email": one.email} if one.email else {})
    for place in range(len(current.signatories), len(current.signatories) + NEW_SIGNATORIES):
        number, name = form.get(f"person-{place}-number", "").strip(), form.get(f"person-{place}-name", "").strip()
        if number or name:
            email = form.get(f"person-{place}-email", "").strip()
            roles = form.getlist(f"person-{place}-roles")
            known: dict[str, Any] = {"personal_number": number, "name": name, "roles": roles}
            yield str(place), known | ({"email": email} if email else {})


def _alternatives_in(form: "MultiDict[str, str]", persons: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in range(ALTERNATIVES):
        named = [
            persons[place]["personal_number"]
            for place in form.getlist(f"alternative-{row}-persons")
            if place in persons
        ]
        role, count = form.get(f"alternative-{row}-role", ""), form.get(f"alternative-{row}-count", "").strip()
        seat = {"role": role, "count": int(count)} if count.isdecimal() and len(count) <= 2 else {"role": role}
        if named or role:
            yield {"persons": named, "seats": [seat] if role else []}
