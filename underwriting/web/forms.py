"""From the fields of the signup form to the body of the API, and back.

The form is checked by the same schema as the API. A field is named after its place in the body: `guarantors-0-email` is
`/guarantors/0/email`, so that an error finds its field again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from schemas.applications import ApplicationSchema
from schemas.values import ApplicationBody
from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

PEOPLE = ("guarantors", "beneficial_owners", "signing_rule")
"""The lists of people in the form; each has numbered rows."""

_FIELDS = frozenset(
    (
        "company_form",
        "organisation_number",
        "requested_amount",
        "term_months",
        "repayment_plan",
        "purpose",
        "expected_monthly_revenue",
        "expected_monthly_costs",
        "monthly_debt_payments",
        "contact-name",
        "contact-email",
        "contact-phone",
        "payout_account-bankgiro",
        "invoice_delivery",
        "invoice_address",
        "signatory_personal_number",
        "due_diligence-purpose_of_credit",
        "due_diligence-source_of_repayment",
        "due_diligence-politically_exposed",
        "due_diligence-owners_complete",
        "due_diligence-trades_with_high_risk_countries",
        "due_diligence-takes_cash",
        "due_diligence-industry",
    )
)
_ORDER = (
    "company_form",
    "organisation_number",
    "requested_amount",
    "term_months",
    "repayment_plan",
    "purpose",
    "expected_monthly_revenue",
    "expected_monthly_costs",
    "monthly_debt_payments",
    "contact",
    "payout_account",
    "invoice_delivery",
    "invoice_address",
    "signatory_personal_number",
    "signing_rule",
    "guarantors",
    "due_diligence",
    "beneficial_owners",
)
_GROUPS = ("contact", "payout_account")
_AMOUNTS = ("requested_amount", "expected_monthly_revenue", "expected_monthly_costs", "monthly_debt_payments")
_YES_OR_NO = ("politically_exposed", "owners_complete", "trades_with_high_risk_countries", "takes_cash")
_PEOPLE = re.compile(r"(guarantors|beneficial_owners|signing_rule)-(\d{1,2})-([a-z_]+)")
_COSIGNER = re.compile(r"/signing_rule/(\d+)/(.+)")
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_CURRENCY = re.compile(r"(kr|kronor|sek|:-)$", re.IGNORECASE)
_AMOUNT = re.compile(r"-?\d+(?:[.,]\d+)?")
_SHARE = re.compile(r"\d{1,3}(\.\d{1,4})?")
_NOT_AN_AMOUNT = Text(
    "Skriv beloppet med siffror, till exempel 250 000", "Write the amount in figures, such as 250 000"
)
_NOT_MONTHS = Text(
    "Skriv antalet månader med siffror, till exempel 12", "Write the number of months in figures, such as 12"
)
_NOT_A_SHARE = Text(
    "Skriv andelen i procent, till exempel 60 eller 33,5", "Write the share in per cent, such as 60 or 33.5"
)


def field_of(pointer: str) -> str:
    """The name of the field that stands at *pointer* in the body."""
    return pointer.strip("/").replace("/", "-")


def body_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """The body that *fields* say. What a person left empty is left out; what cannot be read stays as it was written."""
    body: dict[str, Any] = {group: {} for group in _GROUPS}
    for name, raw in fields.items():
        row, value = _PEOPLE.fullmatch(name), raw.strip()
        if row:  # a row that is there is meant, though nothing may stand in it yet
            body.setdefault(row[1], {}).setdefault(int(row[2]), {})
        if value and (row or name in _FIELDS):
            _put(body, name.split("-"), _value_of(name, value))
    for people in PEOPLE:
        if people in body:
            body[people] = [body[people][number] for number in sorted(body[people])]
    if "signing_rule" in body:
        body["signing_rule"] = [_submitter(body), *body["signing_rule"]]
    return body


def fields_of(body: ApplicationBody) -> dict[str, str]:
    """The fields of the form that say *body*."""
    dumped = ApplicationSchema().dump(body)
    dumped["signing_rule"] = [
        one for one in dumped["signing_rule"] if one["personal_number"] != dumped["signatory_personal_number"]
    ]
    return {name: _written(name, value) for name, value in _leaves(dumped) if value is not None}


def errors_in_form(errors: Iterable[FieldError], fields: Mapping[str, str]) -> tuple[FieldError, ...]:
    """*errors* of the body of *fields*, by the places, in the order and in the words of the form.

    What is wrong with the submitter as one of those who sign is told where the submitter is asked for.
    """
    placed = (_placed(error) for error in errors)
    worded = (_worded(error, fields) for error in placed if error is not None)
    return tuple(sorted(worded, key=lambda error: _ORDER.index(error.pointer.split("/")[1])))


def people_in(fields: Mapping[str, str], kind: str) -> list[int]:
    """The numbers of the rows of *kind* (`guarantors`, ...) that the form holds, in order."""
    matches = (_PEOPLE.fullmatch(name) for name in fields)
    return sorted({int(match[2]) for match in matches if match and match[1] == kind})


def without_row(fields: Mapping[str, str], kind: str, number: int) -> dict[str, str]:
    """*fields* without row *number* of *kind*; the rows after it move up."""
    kept = {}
    for name, value in fields.items():
        match = _PEOPLE.fullmatch(name)
        if not match or match[1] != kind:
            kept[name] = value
        elif int(match[2]) != number:
            row = int(match[2]) - (int(match[2]) > number)
            kept[f"{kind}-{row}-{name.rsplit('-', 1)[1]}"] = value
    return kept


def amount_in(text: str) -> str:
    """`250 000`, `250 000 kr` or `1500,50` as the wire writes it: `250000.00`; what is no amount stays as it is."""
    compact = _CURRENCY.sub("", _BLANKS.sub("", text))
    if not _AMOUNT.fullmatch(compact):
        return text
    whole, _, decimals = compact.replace(",", ".").partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def written_amount(amount: Money) -> str:
    """*amount* as a person writes it in a field that ends with `kr`."""
    return amount.formatted().removesuffix("\u00a0kr")


def phone_in(text: str) -> str:
    """`070-123 45 67` as the wire writes it, with the country: `+4670-123 45 67`."""
    if text.startswith("00"):
        return f"+{text[2:]}"
    return f"+46{text[1:]}" if text.startswith("0") else text


def _value_of(name: str, value: str) -> Any:
    last = name.rsplit("-", 1)[-1]
    if name in _AMOUNTS:
        return amount_in(value)
    if name == "term_months":
        return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else value
    if last == "phone":
        return phone_in(value)
    if last == "share":
        return _share(value)
    if last in _YES_OR_NO:
        return {"yes": True, "no": False}.get(value, value)
    return value


def _share(text: str) -> str:
    """`60` or `33,5` per cent as a fraction: `0.60`, `0.335`."""
    compact = _BLANKS.sub("", text).removesuffix("%").replace(",", ".")
    if not _SHARE.fullmatch(compact):
        return text
    whole, _, decimals = compact.partition(".")
    digits = whole.rjust(3, "0")
    return f"{int(digits[:-2])}.{digits[-2:]}{decimals}"


def _written(name: str, value: Any) -> str:
    """One value of the wire as a person writes it."""
    if name in _AMOUNTS:
        return written_amount(Money.kronor(value))
    if name.endswith("-share"):
        return f"{(Decimal(value) * 100).normalize():f}".replace(".", ",")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _submitter(body: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever submits stands in the signing rule too (rule A9)."""
    members = {"personal_number": body.get("signatory_personal_number"), "name": body["contact"].get("name")}
    return {name: value for name, value in members.items() if value is not None}


def _placed(error: FieldError) -> FieldError | None:
    """The rows of `signing_rule` are those beside the submitter, who comes first in the body."""
    cosigner = _COSIGNER.fullmatch(error.pointer)
    if cosigner is None:
        return error
    number = int(cosigner[1]) - 1
    return None if number < 0 else replace(error, pointer=f"/signing_rule/{number}/{cosigner[2]}")


def _worded(error: FieldError, fields: Mapping[str, str]) -> FieldError:
    """The interface speaks of decimal strings, the form does not."""
    name = field_of(error.pointer)
    value = fields.get(name, "").strip()
    if value and name in _AMOUNTS and not _AMOUNT.fullmatch(amount_in(value)):
        return replace(error, detail=_NOT_AN_AMOUNT)
    if value and name == "term_months" and not value.isdecimal():
        return replace(error, detail=_NOT_MONTHS)
    if value and name.endswith("-share"):
        return replace(error, detail=_NOT_A_SHARE)
    return error


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every value in *value* with the name of its field."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _leaves(member, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, str(number)))
    else:
        yield "-".join(path), value


def _put(body: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    place: dict[Any, Any] = body
    for parent in parents:
        place = place.setdefault(int(parent) if parent.isdigit() else parent, {})
    place[last] = value
