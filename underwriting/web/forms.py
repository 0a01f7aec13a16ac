"""From the fields of the signup form to the body of the API, and back.

The form is checked by the same schema as the API. A field is named after its place in the body: `guarantors-0-email` is
`/guarantors/0/email`, so that an error finds its field again.
"""

import re
from collections.abc import Mapping
from typing import Any

PEOPLE = ("guarantors", "beneficial_owners", "signing_rule")
"""The lists of people in the form; each has numbered rows."""

_FIELDS = frozenset(
    (
        "company_form",
        "organisation_number",
        "requested_amount",
        "term_months",
        "purpose",
        "expected_monthly_revenue",
        "expected_monthly_costs",
        "monthly_debt_payments",
        "contact-name",
        "contact-email",
        "contact-phone",
        "payout_account-bankgiro",
        "invoice_delivery",
        "signatory_personal_number",
        "due_diligence-purpose_of_credit",
        "due_diligence-source_of_repayment",
        "due_diligence-politically_exposed",
        "due_diligence-owners_complete",
        "due_diligence-trades_with_high_risk_countries",
    )
)
_AMOUNTS = ("requested_amount", "expected_monthly_revenue", "expected_monthly_costs", "monthly_debt_payments")
_YES_OR_NO = ("politically_exposed", "owners_complete", "trades_with_high_risk_countries")
_PEOPLE = re.compile(r"(guarantors|beneficial_owners|signing_rule)-(\d{1,2})-([a-z_]+)")
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_AMOUNT = re.compile(r"-?\d+(?:[.,]\d+)?")


def field_of(pointer: str) -> str:
    """The name of the field that stands at *pointer* in the body."""
    return pointer.strip("/").replace("/", "-")


def body_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """The body that *fields* say. What a person left empty is left out; what cannot be read stays as it was written."""
    body: dict[str, Any] = {}
    for name, raw in fields.items():
        value = raw.strip()
        if value and (name in _FIELDS or _PEOPLE.fullmatch(name)):
            _put(body, name.split("-"), _value_of(name, value))
    for people in PEOPLE:
        if people in body:
            body[people] = [body[people][number] for number in sorted(body[people])]
    if "signing_rule" in body:  # the form's rows are those who sign together with the submitter (A9)
        submitter = {
            "personal_number": body.get("signatory_personal_number"),
            "name": body.get("contact", {}).get("name"),
        }
        body["signing_rule"] = [*body["signing_rule"], submitter]
    return body


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


def _value_of(name: str, value: str) -> Any:
    last = name.rsplit("-", 1)[-1]
    if name in _AMOUNTS:
        return _amount(value)
    if name == "term_months":
        return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else value
    if last == "share":
        return _share(value)
    if last in _YES_OR_NO:
        return {"yes": True, "no": False}.get(value, value)
    return value


def _amount(text: str) -> str:
    """`250 000`, `250 000 kr` or `1500,50` as the wire writes it: `250000.00`."""
    compact = _BLANKS.sub("", text).removesuffix("kr")
    if not _AMOUNT.fullmatch(compact):
        return text
    whole, _, decimals = compact.replace(",", ".").partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def _share(text: str) -> str:
    """`60` or `33,5` per cent as a fraction: `0.60`, `0.335`."""
    compact = _BLANKS.sub("", text).removesuffix("%").replace(",", ".")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", compact):
        return text
    whole, _, decimals = compact.partition(".")
    digits = whole.rjust(3, "0")
    return f"{int(digits[:-2])}.{digits[-2:]}{decimals}"


def _put(body: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    place: dict[Any, Any] = body
    for parent in parents:
        place = place.setdefault(int(parent) if parent.isdigit() else parent, {})
    place[last] = value
