"""Creditsafe's own words and codes for what the facts say."""

from collections.abc import Mapping

from bureau_clients.sandbox.facts import Form, PersonRegister, Register
from bureau_clients.sandbox.faults import ServiceError
from underwriting.kernel.text import Text

FORMS: Mapping[Form, Text] = {
    Form.AB: Text("Aktiebolag", "Limited company"),
    Form.HB: Text("Handelsbolag", "Trading partnership"),
    Form.KB: Text("Kommanditbolag", "Limited partnership"),
    Form.EF: Text("Enskild firma", "Sole trader"),
    Form.BRANCH: Text("Filial", "Branch"),
    Form.COOPERATIVE: Text("Ekonomisk förening", "Economic association"),
    Form.ASSOCIATION: Text("Ideell förening", "Non-profit association"),
    Form.OTHER: Text("Annan", "Other"),
}

STATUSES: Mapping[Register, str] = {
    Register.ACTIVE: "Aktiv",
    Register.INACTIVE: "Inaktiv",
    Register.DORMANT: "Vilande",
    Register.BANKRUPT: "Konkurs inledd",
    Register.LIQUIDATION: "Likvidation beslutad",
    Register.RECONSTRUCTION: "Företagsrekonstruktion inledd",
    Register.MERGING: "Fusion inledd",
    Register.STRUCK_OFF: "Avregistrerad",
    Register.INACTIVE_BY_CODE: "Inaktiv",
    Register.LIQUIDATION_OVER: "Avregistrerad",
    Register.MERGER_OVER: "Avregistrerad",
    Register.BANKRUPTCY_OVER: "Avregistrerad",
    Register.UNLISTED: "Okänd",
}

REGISTER_CODES: Mapping[Register | PersonRegister, str] = {
    Register.INACTIVE_BY_CODE: "S200",
    Register.LIQUIDATION_OVER: "S231",
    Register.MERGER_OVER: "S241",
    Register.BANKRUPTCY_OVER: "S291",
    Register.UNLISTED: "S333",
    PersonRegister.PROTECTED: "S2",
    PersonRegister.BLOCKED: "S3",
    PersonRegister.DECEASED: "S4",
    PersonRegister.DEREGISTERED: "S5",
    PersonRegister.EMIGRATED: "S6",
    PersonRegister.NUMBER_CHANGED: "S7",
}
"""What is told by a code, mostly in the place of data."""

SERVICE_CODES: Mapping[ServiceError, str] = {
    ServiceError.UNREADABLE: "6",
    ServiceError.NO_ACCESS: "7",
    ServiceError.NO_REPORTS_LEFT: "8",
    ServiceError.WRONG_PASSWORD: "9",
    ServiceError.WRONG_BLOCK: "11",
    ServiceError.WRONG_TEMPLATE: "12",
    ServiceError.SECURITY: "13",
    ServiceError.TRY_LATER: "14",
    ServiceError.NO_MATCH: "15",
    ServiceError.COMPANY_NOT_SHOWN: "16",
    ServiceError.FORM_NOT_SHOWN: "17",
    ServiceError.LEGAL_REASONS: "16",
}
"""The number by which the service declines."""

_TEXTS: Mapping[str, str] = {
    "6": "Felaktig XML",
    "7": "Behörighet saknas till tjänsten",
    "8": "Inga rapporter kvar",
    "9": "Felaktigt användarnamn eller lösenord",
    "11": "Felaktigt block",
    "12": "Felaktig mall",
    "13": "Säkerhetskontrollen underkändes",
    "14": "Ett fel har inträffat, försök senare",
    "15": "Ingen träff",
    "16": "Behörighet saknas till företaget",
    "17": "Behörighet saknas till företagstypen",
}


def text_of(code: str) -> str:
    """What Creditsafe writes beside a *code*."""
    return _TEXTS.get(code, "Registerstatus")
