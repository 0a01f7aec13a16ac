"""Bisnode's own codes and words for what the facts say: in Swedish and English, as the question's language has it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bureau_clients.sandbox.facts import Form, Register, Role
from underwriting.kernel.text import Text

Document = dict[str, Any]

LEGAL_FORMS: Mapping[Form, tuple[str, str, Text]] = {
    Form.AB: ("LIMITED_COMPANY", "49", Text("Övriga aktiebolag", "Limited companies")),
    Form.HB: ("PARTNERSHIP", "31", Text("Handelsbolag, kommanditbolag", "Partnerships")),
    Form.KB: ("PARTNERSHIP", "31", Text("Handelsbolag, kommanditbolag", "Partnerships")),
    Form.EF: ("SOLE_PROPRIETORSHIP", "10", Text("Fysiska personer", "Natural persons")),
    Form.BRANCH: ("OTHER", "96", Text("Utländska juridiska personer", "Foreign legal persons")),
    Form.COOPERATIVE: ("OTHER", "51", Text("Ekonomiska föreningar", "Economic associations")),
    Form.ASSOCIATION: ("OTHER", "61", Text("Ideella föreningar", "Non-profit associations")),
    Form.OTHER: ("OTHER", "99", Text("Juridisk form ej utredd", "Type of legal entity not established")),
}
"""The code, the register's own code and what it is called. No code tells an HB from a KB."""

STATUSES: Mapping[Register, str] = {
    **dict.fromkeys(Register, "INACTIVE"),
    **dict.fromkeys(
        (Register.ACTIVE, Register.BANKRUPT, Register.LIQUIDATION, Register.RECONSTRUCTION, Register.MERGING), "ACTIVE"
    ),
    Register.DORMANT: "NOTSTARTED_OR_DORMANT",
}
"""Registered for taxes: a bankrupt company stays active in it for a while."""

EVENTS: Mapping[Register, Text] = {
    Register.BANKRUPT: Text("Konkurs inledd", "COMPANY BANKRUPT"),
    Register.LIQUIDATION: Text("Likvidation beslutad", "LIQUIDATION ANNOUNCEMENT"),
    Register.RECONSTRUCTION: Text("Företagsrekonstruktion inledd", "RECONSTRUCTION OPENED"),
    Register.MERGING: Text("Fusion", "MERGER"),
    Register.STRUCK_OFF: Text("Avregistrerat", "COMPANY DELETED FROM PUBLIC REGISTER"),
    Register.LIQUIDATION_OVER: Text("Likvidation avslutad", "LIQUIDATION CONCLUDED"),
    Register.MERGER_OVER: Text("Fusion genomförd", "MERGER CONCLUDED"),
    Register.BANKRUPTCY_OVER: Text("Konkurs avslutad", "BANKRUPTCY CONCLUDED"),
}
"""What has happened to a company that stands so."""

BANKRUPTCY_CODES: Mapping[Register, str] = {Register.BANKRUPT: "KK", Register.BANKRUPTCY_OVER: "KUÖ"}

FUNCTIONS: Mapping[Role, tuple[int, str]] = {
    Role.CHAIR: (19, "MEMBER CHAIRMAN"),
    Role.MEMBER: (20, "MEMBER"),
    Role.MANAGING_MEMBER: (0, "MEMBER MANAGING DIR."),
    Role.DEPUTY: (32, "DEPUTY"),
    Role.MANAGER: (6, "EXTERNAL MGR"),
    Role.SIGNATORY: (25, "EXT.FIRM SIGN."),
    Role.PARTNER: (50, "PART-OWNER"),
    Role.GENERAL_PARTNER: (60, "UNLIMITED PARTNER"),
    Role.LIMITED_PARTNER: (70, "LIMITED PARTNER"),
    Role.OWNER: (72, "MANAGER"),
    Role.LIQUIDATOR: (30, "LIQUIDATOR"),
}


def day(value: date) -> Document:
    """A date in parts."""
    return {"year": value.year, "month": value.month, "day": value.day}


def amount(kronor: int) -> Document:
    """An amount as text with a currency."""
    return {"amount": f"{kronor}.00", "currency": "SEK"}


def function(role: Role, *, english: bool) -> tuple[int, str]:
    """The number and the name of a function."""
    number, name = FUNCTIONS[role]
    return number, name if english else str(role)
