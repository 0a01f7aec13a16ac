"""From the form of an item that is looked into to the body of the interface, and what the form asks for by kind."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from underwriting.kernel.errors import FieldError
from underwriting.kernel.vocabulary import DiligenceKind

ROWS = 4
"""So many owners or persons a form has room for; the interface takes more."""
ANSWERED = (DiligenceKind.PURPOSE_OF_CREDIT, DiligenceKind.SOURCE_OF_REPAYMENT, DiligenceKind.ORIGIN_OF_FUNDS)
"""What is settled by an answer in words."""
OWNED = (DiligenceKind.BENEFICIAL_OWNERS, DiligenceKind.OWNER_DIFFERENCE)
_YES_OR_NO = {"yes": True, "no": False}
_PERCENT = Decimal(100)
_FINDING = "/finding"


def settlement_body(kind: DiligenceKind, form: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as the interface takes it."""
    finding: dict[str, Any] = {}
    if kind in ANSWERED and (answer := _field(form, str(kind))):
        finding[str(kind)] = answer
    if kind in OWNED and (owners := _rows(form, "owners", _owner)):
        finding["owners"] = owners
    if kind is DiligenceKind.POLITICALLY_EXPOSED and (exposed := _rows(form, "exposed", _exposure)):
        finding["exposed"] = exposed
    if kind is DiligenceKind.RISK_CLASS:
        finding |= {name: value for name, value in _risk(form).items() if value not in (None, "")}
    body = {"result": _field(form, "result"), "note": _field(form, "note"), "finding": finding}
    return {name: value for name, value in body.items() if value != ""}


def placed(errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """*errors* where the form has their fields: a finding's members stand by themselves."""
    return tuple(FieldError(one.pointer.removeprefix(_FINDING), one.detail, one.rule) for one in errors)


def _field(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").strip()


def _rows(form: Mapping[str, str], name: str, read: Any) -> list[dict[str, Any]]:
    rows = ({part: _field(form, f"{name}-{place}-{part}") for part in _PARTS[name]} for place in range(ROWS))
    return [read(row) for row in rows if row["number"]]


_PARTS = {"owners": ("number", "name", "share", "control"), "exposed": ("number", "exposed", "function", "ended_on")}


def _owner(row: dict[str, str]) -> dict[str, Any]:
    share = row["share"].replace(",", ".").removesuffix("%").strip()
    owner = {
        "number": _digits(row["number"]),
        "name": row["name"],
        "control": row["control"],
        "share": _fraction(share),
    }
    return {name: value for name, value in owner.items() if value}


def _exposure(row: dict[str, str]) -> dict[str, Any]:
    found = {"number": _digits(row["number"]), "function": row["function"], "ended_on": row["ended_on"]}
    return {name: value for name, value in found.items() if value} | {"exposed": row["exposed"] == "yes"}


def _risk(form: Mapping[str, str]) -> dict[str, Any]:
    return {
        "trades_with_high_risk_countries": _YES_OR_NO.get(_field(form, "trades_with_high_risk_countries")),
        "takes_cash": _YES_OR_NO.get(_field(form, "takes_cash")),
        "industry": _field(form, "industry"),
    }


def _digits(number: str) -> str:
    return number.replace("-", "").replace(" ", "")


def _fraction(percent: str) -> str:
    """What is written in percent, as a fraction; what is no number stays as it is, to be refused."""
    try:
        return f"{(Decimal(percent) / _PERCENT).normalize():f}" if percent else ""
    except InvalidOperation:
        return percent
