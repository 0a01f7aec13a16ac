"""Creditsafe's codes: which of the outcomes of rule B3 an error is, and what a register status says (rule B7).

A number is a service error. A letter S and a number is what the population or company register says; it takes the place
of the report, or comes with it where the agreed block allows that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bureau_clients.questions import Outcome
from bureau_clients.reports import CompanyStatus
from underwriting.kernel.text import Text


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """A service error: what it says, and what becomes of the question."""

    meaning: Text
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RegisterCode:
    """A register status: what it says, and the facts of the person's or company's report that it settles."""

    meaning: Text
    person: Mapping[str, bool] = field(default_factory=dict)
    company: Mapping[str, bool | CompanyStatus] = field(default_factory=dict)


SERVICE_CODES: Mapping[str, ServiceCode] = {
    "6": ServiceCode(Text("Frågan kunde inte läsas", "The question could not be read"), Outcome.REFUSED),
    "7": ServiceCode(Text("Kontot har inte tjänsten", "The account lacks the service"), Outcome.REFUSED),
    "8": ServiceCode(Text("Inga rapporter återstår på kontot", "No reports are left on the account"), Outcome.REFUSED),
    "9": ServiceCode(Text("Fel användarnamn eller lösenord", "Wrong user name or password"), Outcome.REFUSED),
    "11": ServiceCode(Text("Blocket finns inte på kontot", "The block is not on the account"), Outcome.REFUSED),
    "12": ServiceCode(Text("Mallen finns inte på kontot", "The template is not on the account"), Outcome.REFUSED),
    "13": ServiceCode(Text("Säkerhetskontrollen underkändes", "The security check failed"), Outcome.REFUSED),
    "14": ServiceCode(Text("Tillfälligt fel, försök senare", "Temporary error, try later"), Outcome.UNAVAILABLE),
    "15": ServiceCode(Text("Numret finns inte i registret", "The number is in no register"), Outcome.NO_MATCH),
    "16": ServiceCode(Text("Kontot får inte se företaget", "The account may not see the company"), Outcome.REFUSED),
    "17": ServiceCode(
        Text("Kontot får inte se företagsformen", "The account may not see this form of company"), Outcome.REFUSED
    ),
}

REGISTER_CODES: Mapping[str, RegisterCode] = {
    "S2": RegisterCode(Text("Skyddade personuppgifter", "Protected identity"), person={"protected": True}),
    "S3": RegisterCode(Text("Spärrad på grund av bedrägeri", "Blocked because of fraud"), person={"blocked": True}),
    "S4": RegisterCode(Text("Avliden", "Deceased"), person={"deceased": True}),
    "S5": RegisterCode(Text("Tekniskt avregistrerad", "Technically deregistered"), person={"number_retired": True}),
    "S6": RegisterCode(Text("Utvandrad", "Emigrated"), person={"emigrated": True}),
    "S7": RegisterCode(
        Text("Personnumret är ändrat", "The personal number was changed"), person={"number_retired": True}
    ),
    "S200": RegisterCode(Text("Inaktivt", "Inactive"), company={"status": CompanyStatus.INACTIVE}),
    "S231": RegisterCode(
        Text("Likvidation avslutad", "Liquidation concluded"), company={"status": CompanyStatus.DEREGISTERED}
    ),
    "S241": RegisterCode(Text("Fusion avslutad", "Merger concluded"), company={"status": CompanyStatus.DEREGISTERED}),
    "S291": RegisterCode(
        Text("Konkurs avslutad", "Bankruptcy concluded"),
        company={"status": CompanyStatus.DEREGISTERED, "bankruptcy": True},
    ),
}

FAILURE_CODES: Mapping[str, Text] = {
    "no-connection": Text("Ingen förbindelse", "No connection"),
    "certificate": Text("Byråns certifikat godtas inte", "The bureau's certificate is not accepted"),
    "no-status-block": Text("Inget block för enbart status är inställt", "No block for the status alone is configured"),
    "read-timeout": Text("Svaret kom inte i tid", "The answer did not come in time"),
    "broken-connection": Text("Förbindelsen bröts", "The connection broke"),
    "too-large": Text("Svaret är för stort", "The answer is too large"),
    "soap-fault": Text("Tjänsten svarade med ett fel", "The service answered with a fault"),
    "not-an-answer": Text("Svaret kan inte läsas", "The answer cannot be read"),
    "empty-answer": Text("Svaret är tomt", "The answer is empty"),
    "unlisted": Text("Byrån avböjde utan känd kod", "The bureau declined without a known code"),
    "another-subject": Text("Svaret gäller någon annan", "The answer is about somebody else"),
}
"""Our own words for what goes wrong on the way; `http-NNN` is added to them."""

NUMBER_CHANGED = "S7"
"""The register code whose answer may carry another number than the one asked for: the new one."""

CODE_ONLY_FACTS = frozenset({"deceased", "blocked", "number_retired"})
"""What is told of a person by a code alone, never in a column: a report without any code says that these are not so."""

_REGISTER_CODE = re.compile(r"S[0-9]{1,3}")
_UNLISTED = RegisterCode(Text("Okänd registerstatus", "Unlisted register status"))


def outcome_of(code: str) -> Outcome:
    """What becomes of a question that was answered with *code*. A code that is not listed is a refusal."""
    if is_register_code(code):
        return Outcome.REPORT
    listed = SERVICE_CODES.get(code)
    return Outcome.REFUSED if listed is None else listed.outcome


def is_register_code(code: str) -> bool:
    """Whether *code* tells how the subject stands in a register, rather than what is wrong with the question."""
    return _REGISTER_CODE.fullmatch(code) is not None


def register_code(code: str) -> RegisterCode:
    """What the register status *code* says; one that is not listed settles no fact, so that all stay unknown."""
    return REGISTER_CODES.get(code, _UNLISTED)


def meaning_of(code: str) -> Text:
    """What the *code* of a failure means, in words for staff."""
    if code in SERVICE_CODES:
        return SERVICE_CODES[code].meaning
    return FAILURE_CODES.get(code, Text("Felkod {code}", "Error code {code}").filled(code=code))
