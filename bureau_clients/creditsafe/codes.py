"""Creditsafe's codes: which of the outcomes of rule B3 an error is, and what a register status says (rule B7).

A number is a service error, the same over SOAP and REST; REST adds R1 to R6. A letter S and a number is what the
population or company register says; it takes the place of the report, or comes with it where the agreed block allows
that. CAS gives its reasons as codes with a letter: the register's, an older set of them, or those of a template.
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
    """A register status: what it says, and the facts of the person's or company's report that it settles.

    Of one that is not *listed* nothing is known, so that no good news is believed beside it.
    """

    meaning: Text
    person: Mapping[str, bool] = field(default_factory=dict)
    company: Mapping[str, bool | CompanyStatus] = field(default_factory=dict)
    listed: bool = True


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
    "R1": ServiceCode(Text("Språket finns inte", "There is no such language"), Outcome.REFUSED),
    "R2": ServiceCode(Text("Behörighetsbevis saknas", "The token is missing"), Outcome.REFUSED),
    "R3": ServiceCode(Text("Behörighetsbeviset är ogiltigt", "The token is not valid"), Outcome.REFUSED),
    "R4": ServiceCode(Text("Behörighetsbeviset har gått ut", "The token has expired"), Outcome.REFUSED),
    "R5": ServiceCode(
        Text("Behörighetsbeviset har fel utfärdare", "The token is from another issuer"), Outcome.REFUSED
    ),
    "R6": ServiceCode(Text("Behörighetsbeviset godtogs inte", "The token was not accepted"), Outcome.REFUSED),
}

TOKEN_CODES = frozenset({"R2", "R3", "R4", "R5", "R6"})
"""What REST says of a token that it does not take: the question was not carried out."""

_RETIRED = RegisterCode(Text("Personnumret är ändrat", "The personal number was changed"), {"number_retired": True})
_PROTECTED = RegisterCode(Text("Skyddade personuppgifter", "Protected identity"), {"protected": True})
_BLOCKED = RegisterCode(Text("Spärrad på grund av bedrägeri", "Blocked because of fraud"), {"blocked": True})
_DECEASED = RegisterCode(Text("Avliden", "Deceased"), {"deceased": True})
_EMIGRATED = RegisterCode(Text("Utvandrad", "Emigrated"), {"emigrated": True})
_GONE = {"status": CompanyStatus.DEREGISTERED}
_LIQUIDATED = RegisterCode(Text("Likvidation avslutad", "Liquidation concluded"), company=_GONE)
_MERGED = RegisterCode(Text("Fusion avslutad", "Merger concluded"), company=_GONE)
_BANKRUPTCY_CONCLUDED = RegisterCode(
    Text("Konkurs avslutad", "Bankruptcy concluded"), company={**_GONE, "bankruptcy": True}
)
_REMOVED = RegisterCode(Text("Avregistrerat", "Removed from the register"), company=_GONE)

REGISTER_CODES: Mapping[str, RegisterCode] = {
    "S2": _PROTECTED,
    "S3": _BLOCKED,
    "S4": _DECEASED,
    "S5": RegisterCode(Text("Tekniskt avregistrerad", "Technically deregistered"), {"number_retired": True}),
    "S6": _EMIGRATED,
    "S7": _RETIRED,
    "S200": RegisterCode(Text("Inaktivt", "Inactive"), company={"status": CompanyStatus.INACTIVE}),
    "S231": _LIQUIDATED,
    "S241": _MERGED,
    "S291": _BANKRUPTCY_CONCLUDED,
    # CAS's older set
    "P6": _DECEASED,
    "P7": _EMIGRATED,
    "P8": _PROTECTED,
    "P9": _BLOCKED,
    "P38": _BLOCKED,
    "P39": _RETIRED,
    "C30": _BANKRUPTCY_CONCLUDED,
    "C31": _LIQUIDATED,
    "C32": _REMOVED,
    "C33": _MERGED,
    "C34": _REMOVED,
    "C35": _REMOVED,
}

REASON_CODES: Mapping[str, Text] = {
    "P10": Text("Konkurs", "Bankruptcy"),
    "P24": Text("Kreditpoäng", "Scoring"),
    "P51": Text("Poste restante", "Poste restante"),
    "P52": Text("Boxadress", "Box address"),
}
"""Reasons of CAS's decisions that have been seen. Each template has its own; they settle no fact."""

FAILURE_CODES: Mapping[str, Text] = {
    "no-connection": Text("Ingen förbindelse", "No connection"),
    "certificate": Text("Byråns certifikat godtas inte", "The bureau's certificate is not accepted"),
    "no-status-block": Text("Inget block för enbart status är inställt", "No block for the status alone is configured"),
    "read-timeout": Text("Svaret kom inte i tid", "The answer did not come in time"),
    "broken-connection": Text("Förbindelsen bröts", "The connection broke"),
    "too-large": Text("Svaret är för stort", "The answer is too large"),
    "unwritable": Text("Frågan kunde inte skrivas", "The question could not be written"),
    "no-token": Text("Inget behörighetsbevis gavs", "No token was given"),
    "soap-fault": Text("Tjänsten svarade med ett fel", "The service answered with a fault"),
    "not-an-answer": Text("Svaret kan inte läsas", "The answer cannot be read"),
    "empty-answer": Text("Svaret är tomt", "The answer is empty"),
    "unlisted": Text("Byrån avböjde utan känd kod", "The bureau declined without a known code"),
    "another-subject": Text("Svaret gäller någon annan", "The answer is about somebody else"),
    "http-401": Text("Användarnamn, lösenord eller bevis godtas inte", "User name, password or token not accepted"),
    "http-403": Text("Åtkomst nekas", "Access is denied"),
    "http-404": Text("Adressen finns inte", "There is no such address"),
    "http-429": Text("För många frågor på en minut", "Too many questions within a minute"),
    "http-503": Text("Tjänsten är tillfälligt stängd", "The service is closed for a time"),
}
"""Our own words for what goes wrong on the way; the other `http-NNN` are told by their number alone."""

NUMBER_CHANGED = frozenset({"S7", "P39"})
"""The register codes whose answer may carry another number than the one asked for: the new one."""

CODE_ONLY_FACTS = frozenset({"deceased", "blocked", "number_retired"})
"""What is told of a person by a code alone, never in a column: a report without any code says that these are not so."""

_CURRENT_CODE = re.compile(r"S[0-9]{1,3}")
_CODE = re.compile("[A-Z]?[0-9]{1,4}")
_UNLISTED = RegisterCode(Text("Okänd registerstatus", "Unlisted register status"), listed=False)


def outcome_of(code: str) -> Outcome:
    """What becomes of a question that was answered with *code*. A code that is not listed is a refusal."""
    if is_register_code(code):
        return Outcome.REPORT
    listed = SERVICE_CODES.get(code)
    return Outcome.REFUSED if listed is None else listed.outcome


def is_register_code(code: str) -> bool:
    """Whether *code* tells how the subject stands in a register, rather than what is wrong with the question."""
    return code in REGISTER_CODES or _CURRENT_CODE.fullmatch(code) is not None


def is_service_error(code: str) -> bool:
    """Whether *code* is a number: something is wrong with the question or the service."""
    return code.isdigit()


def register_code(code: str) -> RegisterCode:
    """What the register status *code* says; one that is not listed settles no fact, so that all stay unknown."""
    return REGISTER_CODES.get(code, _UNLISTED)


def code_in(text: str | None) -> str:
    """The code that *text* is, or `unlisted` for anything not shaped like one: a bureau's words go no further."""
    code = (text or "").strip()
    return code if _CODE.fullmatch(code) else "unlisted"


def meaning_of(code: str) -> Text:
    """What the *code* of a failure, a register status or a reason means, in words for staff."""
    if code in SERVICE_CODES:
        return SERVICE_CODES[code].meaning
    if is_register_code(code):
        return register_code(code).meaning
    plain = {**FAILURE_CODES, **REASON_CODES}
    return plain.get(code, Text("Felkod {code}", "Error code {code}").filled(code=code))
