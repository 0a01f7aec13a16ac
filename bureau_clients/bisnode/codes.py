"""Bisnode's statuses and codes: which outcome of rule B3 an HTTP status is, and what a report code says (rule B7).

Report codes stand with payment remarks, with the events of a bankruptcy and with assignments. The events of a company
carry none: a short type and a text instead, which are matched word by word. The list of codes is far longer; those that
settle no fact of a report are not here.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from bureau_clients.questions import Outcome
from underwriting.kernel.text import Text


class Sign(StrEnum):
    """What one code, or the words of one event, says of a company or of a person."""

    BANKRUPTCY_PETITION = "bankruptcy petition"
    BANKRUPTCY_PETITION_OVER = "bankruptcy petition rejected or withdrawn"
    BANKRUPT = "bankrupt"
    BANKRUPTCY_CANCELLED = "bankruptcy cancelled"
    BANKRUPTCY_CONCLUDED = "bankruptcy concluded"
    BANKRUPTCY_UNTOLD = "something about a bankruptcy"
    LIQUIDATION_REPORTED = "liquidation reported to a court"
    LIQUIDATION = "in liquidation"
    LIQUIDATION_CANCELLED = "liquidation cancelled"
    LIQUIDATION_CONCLUDED = "liquidation concluded"
    LIQUIDATION_UNTOLD = "something about a liquidation"
    RECONSTRUCTION = "in reconstruction"
    RECONSTRUCTION_OVER = "reconstruction over"
    RECONSTRUCTION_UNTOLD = "something about a reconstruction"
    PAYMENTS_SUSPENDED = "payments suspended"
    PAYMENTS_RESUMED = "payments resumed"
    DEREGISTERED = "deregistered"
    MERGED = "merger concluded"  # of the company that is left as well as of the one that is gone
    NOT_ACTIVE = "not active"
    BLOCKED = "blocked"
    F_TAX = "approved for F-tax"
    NO_F_TAX = "not approved for F-tax"
    VAT = "registered for VAT"
    NO_VAT = "not registered for VAT"
    EMPLOYER = "registered as employer"
    NO_EMPLOYER = "not registered as employer"
    DISTRAINT = "distraint"
    PERSON_BLOCKED = "person blocked"
    DECEASED = "deceased"
    EMIGRATED = "emigrated"
    IMMIGRATED = "immigrated"
    TRUSTEE = "has a trustee"
    TRADING_PROHIBITION = "prohibited from trading"
    DEBT_RESTRUCTURING = "debt restructuring"
    DEBT_RESTRUCTURING_OVER = "debt restructuring withdrawn or revoked"


REPORT_CODES: Mapping[str, Sign] = {
    **dict.fromkeys(("KA", "KAE"), Sign.BANKRUPTCY_PETITION),
    **dict.fromkeys(("KAA", "KAC", "KAÅ"), Sign.BANKRUPTCY_PETITION_OVER),
    **dict.fromkeys(("DKK", "KK", "KKF", "KKM", "KKV", "KM", "KMÖ", "KO"), Sign.BANKRUPT),
    "DKU": Sign.BANKRUPTCY_CANCELLED,
    **dict.fromkeys(("DKA", "KN", "KUÖ"), Sign.BANKRUPTCY_CONCLUDED),
    "DLT": Sign.LIQUIDATION_REPORTED,
    **dict.fromkeys(("ALI", "DLF", "DLI", "LI", "LIF", "LIK"), Sign.LIQUIDATION),
    **dict.fromkeys(("DLB", "DLH", "DLÅ"), Sign.LIQUIDATION_CANCELLED),
    **dict.fromkeys(("DLA", "DLU", "LIA"), Sign.LIQUIDATION_CONCLUDED),
    "RKI": Sign.RECONSTRUCTION,
    **dict.fromkeys(("RKA", "RKF"), Sign.RECONSTRUCTION_OVER),
    "BI": Sign.PAYMENTS_SUSPENDED,
    "BIH": Sign.PAYMENTS_RESUMED,
    **dict.fromkeys(("AV", "AVE", "AVP", "DAF", "DAV", "UP", "UPD", "UPH", "UPL"), Sign.DEREGISTERED),
    **dict.fromkeys(("FAA", "FAS", "FDA", "FDS", "FKA", "FUA"), Sign.MERGED),
    "FSTAT9": Sign.NOT_ACTIVE,
    **dict.fromkeys(("FSPARR", "HBSPARR"), Sign.BLOCKED),
    **dict.fromkeys(("FS8", "FS9", "FSS", "FST"), Sign.F_TAX),
    **dict.fromkeys(("FS6", "FS7", "FSO", "FSP", "FSQ", "FSR"), Sign.NO_F_TAX),
    "MRJ": Sign.VAT,
    "MRN": Sign.NO_VAT,
    "ARJ": Sign.EMPLOYER,
    "ARN": Sign.NO_EMPLOYER,
    **dict.fromkeys(("UF", "UT"), Sign.DISTRAINT),
    "PSPARR": Sign.PERSON_BLOCKED,
    **dict.fromkeys(("AVLIDEN", "DF"), Sign.DECEASED),
    **dict.fromkeys(("IOU", "UTV"), Sign.EMIGRATED),
    "IOI": Sign.IMMIGRATED,
    "FORV": Sign.TRUSTEE,
    "NF": Sign.TRADING_PROHIBITION,
    **dict.fromkeys(("RBE", "RFB", "RFI", "RIN"), Sign.DEBT_RESTRUCTURING),
    **dict.fromkeys(("RAV", "RFA", "RFU", "RUH"), Sign.DEBT_RESTRUCTURING_OVER),
}
"""What the codes say. A petition that is *not concluded* (KAE) is still one."""

DECEASED_CIVIL_STATUS = "6"
"""The civil status of a sole trader's owner that says deceased; every other one is of the living."""

SOLE_TRADER, GENERAL_PARTNERSHIP = "10", "31"
"""Local codes of legal forms; the second is of general and limited partnerships alike."""
LIMITED_COMPANIES = frozenset({"41", "42", "49"})

GENERAL_PARTNERS = frozenset({48, 50})
"""Functions that there are in a general partnership (HB) only: part-owners."""
LIMITED_PARTNERS = frozenset({60, 68, 70})
"""Functions that there are in a limited partnership (KB) only: the partners with and without limited liability."""

FUNCTIONS: Mapping[int, str] = {
    **dict.fromkeys((0, 3), "Ledamot och verkställande direktör"),
    1: "Ordförande och verkställande direktör",
    **dict.fromkeys((2, 5), "Suppleant och verkställande direktör"),
    4: "Verkställande direktör",
    **dict.fromkeys((6, 7), "Extern verkställande direktör"),
    9: "Ordförande och vice verkställande direktör",
    10: "Ledamot och vice verkställande direktör",
    **dict.fromkeys((12, 13), "Suppleant och vice verkställande direktör"),
    **dict.fromkeys((14, 15), "Vice verkställande direktör"),
    **dict.fromkeys((16, 17), "Extern vice verkställande direktör"),
    19: "Ordförande",
    **dict.fromkeys((20, 22), "Ledamot"),
    25: "Extern firmatecknare",
    **dict.fromkeys((26, 27), "Aktuarie"),
    30: "Likvidator",
    **dict.fromkeys((32, 33, 34), "Suppleant"),
    36: "Delgivningsbar person",
    48: "Delägare och prokurist",
    50: "Delägare",
    60: "Komplementär",
    68: "Kommanditdelägare och prokurist",
    70: "Kommanditdelägare",
    72: "Föreståndare",
    86: "Prokurist",
    **dict.fromkeys((90, 95), "Huvudansvarig revisor"),
    **dict.fromkeys((91, 97), "Revisor"),
    **dict.fromkeys((92, 96), "Lekmannarevisor"),
    **dict.fromkeys((93, 98), "Revisorssuppleant"),
    **dict.fromkeys((94, 99), "Lekmannarevisorssuppleant"),
}
"""What a place in a company is, where the answer gives its number alone."""

_PHRASES: tuple[tuple[tuple[str, ...], Sign], ...] = (
    (("konkursansökan", "återkall"), Sign.BANKRUPTCY_PETITION_OVER),
    (("konkursansökan", "avslag"), Sign.BANKRUPTCY_PETITION_OVER),
    (("konkursansökan", "avvis"), Sign.BANKRUPTCY_PETITION_OVER),
    (("konkursansökan",), Sign.BANKRUPTCY_PETITION),
    (("konkurs", "upphäv"), Sign.BANKRUPTCY_CANCELLED),
    (("konkurs", "avslut"), Sign.BANKRUPTCY_CONCLUDED),
    (("konkurs", "avskriv"), Sign.BANKRUPTCY_CONCLUDED),
    (("konkurs", "inled"), Sign.BANKRUPT),
    (("försatt", "konkurs"), Sign.BANKRUPT),
    (("konkursbeslut",), Sign.BANKRUPT),
    (("konkurs",), Sign.BANKRUPTCY_UNTOLD),
    (("petition", "bankrup", "reversed"), Sign.BANKRUPTCY_PETITION_OVER),
    (("petition", "bankrup", "rejected"), Sign.BANKRUPTCY_PETITION_OVER),
    (("petition", "bankrup"), Sign.BANKRUPTCY_PETITION),
    (("bankruptcy", "cancelled"), Sign.BANKRUPTCY_CANCELLED),
    (("bankruptcy", "concluded"), Sign.BANKRUPTCY_CONCLUDED),
    (("bankruptcy", "discontinued"), Sign.BANKRUPTCY_CONCLUDED),
    (("company bankrupt",), Sign.BANKRUPT),
    (("declared bankrupt",), Sign.BANKRUPT),
    (("claims on bankrupt",), Sign.BANKRUPTCY_UNTOLD),
    (("bankrupt",), Sign.BANKRUPTCY_UNTOLD),
    (("likvidation", "upphäv"), Sign.LIQUIDATION_CANCELLED),
    (("likvidation", "upphör"), Sign.LIQUIDATION_CANCELLED),
    (("likvidation", "avslut"), Sign.LIQUIDATION_CONCLUDED),
    (("likvidation", "beslut"), Sign.LIQUIDATION),
    (("trätt i likvidation",), Sign.LIQUIDATION),
    (("likvidat",), Sign.LIQUIDATION_UNTOLD),
    (("liquidation", "concluded"), Sign.LIQUIDATION_CONCLUDED),
    (("liquidation", "dissolved"), Sign.LIQUIDATION_CONCLUDED),
    (("liquidation", "cancelled"), Sign.LIQUIDATION_CANCELLED),
    (("liquidation", "reported"), Sign.LIQUIDATION_REPORTED),
    (("liquidation", "continuing"), Sign.LIQUIDATION),
    (("liquidation announcement",), Sign.LIQUIDATION),
    (("liquidat",), Sign.LIQUIDATION_UNTOLD),
    (("rekonstruktion", "upphör"), Sign.RECONSTRUCTION_OVER),
    (("rekonstruktion", "avslut"), Sign.RECONSTRUCTION_OVER),
    (("rekonstruktion", "inled"), Sign.RECONSTRUCTION),
    (("rekonstruktion", "beslut"), Sign.RECONSTRUCTION),
    (("rekonstruktion",), Sign.RECONSTRUCTION_UNTOLD),
    (("reconstruction", "concluded"), Sign.RECONSTRUCTION_OVER),
    (("reconstruction", "expired"), Sign.RECONSTRUCTION_OVER),
    (("reconstruction", "opened"), Sign.RECONSTRUCTION),
    (("reconstruction",), Sign.RECONSTRUCTION_UNTOLD),
    (("avregistrer", "moms"), Sign.NO_VAT),
    (("avregistrer", "mervärdesskatt"), Sign.NO_VAT),
    (("avregistrer", "arbetsgivare"), Sign.NO_EMPLOYER),
    (("avregistrer", "f-skatt"), Sign.NO_F_TAX),
    (("avregistrer",), Sign.DEREGISTERED),
    (("company deleted",), Sign.DEREGISTERED),
    (("fusion", "genomför"), Sign.MERGED),
    (("merger concluded",), Sign.MERGED),
    (("ej godkänd för f-skatt",), Sign.NO_F_TAX),
    (("godkänd för f-skatt",), Sign.F_TAX),
    (("not registred for f-tax",), Sign.NO_F_TAX),
    (("registred for f-tax",), Sign.F_TAX),
    (("not registered for vat",), Sign.NO_VAT),
    (("registered for vat",), Sign.VAT),
    (("not registered as employer",), Sign.NO_EMPLOYER),
    (("registered as employer",), Sign.EMPLOYER),
)
"""Words that an event has all of, each line before those it is part of. The English ones are those of the code list."""

_MATTERS = re.compile("konkurs|bankrup|likvid|liquid|rekonstr|reconstr|avreg|deleted|fusion|merger|f-|vat|employer")
"""One of these is in every line above: most events have none."""

_OUTCOMES: Mapping[int, Outcome] = {
    **dict.fromkeys((408, 429, 503), Outcome.UNAVAILABLE),  # the service says that it did not handle the question
    404: Outcome.NO_MATCH,
}

_MEANINGS: Mapping[str, Text] = {
    "http-400": Text("Byrån godtar inte frågan", "The bureau does not accept the question"),
    "http-401": Text("Byrån godtar inte ens en ny åtkomstnyckel", "The bureau does not accept even a new access token"),
    "http-403": Text("Avtalet omfattar inte tjänsten", "The agreement does not cover the service"),
    "http-404": Text("Adressen är inte tjänstens", "The address is not the service's"),
    "http-408": Text("Byrån väntade inte längre på frågan", "The bureau waited no longer for the question"),
    "http-429": Text("För många frågor till byrån på kort tid", "Too many questions to the bureau in a short time"),
    "http-451": Text(
        "Uppgifter finns men får av rättsliga skäl inte lämnas ut",
        "There is data but for legal reasons it may not be delivered",
    ),
    "http-503": Text("Byråns tjänst är stängd just nu", "The bureau's service is closed at the moment"),
    "token-refused": Text(
        "Byrån godtar inte klient-id, hemlighet eller omfattning (scope)",
        "The bureau does not accept the client id, the secret or the scopes",
    ),
    "token-address": Text(
        "Adressen för åtkomstnycklar är inte tjänstens", "The address for access tokens is not the service's"
    ),
    "token-unavailable": Text("Ingen åtkomstnyckel gick att få", "No access token could be had"),
    "no-connection": Text("Ingen förbindelse", "No connection"),
    "certificate": Text("Byråns certifikat godtas inte", "The bureau's certificate is not accepted"),
    "read-timeout": Text("Svaret kom inte i tid", "The answer did not come in time"),
    "broken-connection": Text("Förbindelsen bröts", "The connection broke"),
    "too-large": Text("Svaret är för stort", "The answer is too large"),
    "not-an-answer": Text("Svaret kan inte läsas", "The answer cannot be read"),
    "empty-answer": Text("Svaret är tomt", "The answer is empty"),
    "another-subject": Text("Svaret gäller någon annan", "The answer is about somebody else"),
}


def outcome_of(status: int) -> Outcome:
    """What became of a question that was answered with HTTP *status*, 200 apart.

    NO_MATCH for 404 is the service's word only where the body is its error; another server's 404 is a refusal. 401
    comes here when it was given to a new token too. 451 stays a refusal: the interface does not say that it is a
    protected identity. Of 500, 502 and 504 nobody can tell whether the question was carried out first.
    """
    if status in _OUTCOMES:
        return _OUTCOMES[status]
    return Outcome.REFUSED if 300 <= status < 500 else Outcome.UNKNOWN


def sign_of_code(code: str) -> Sign | None:
    """What a report code says, None where it settles no fact."""
    return REPORT_CODES.get(code.strip().upper())


def sign_of_event(kind: str, description: str) -> Sign | None:
    """What an event says by its type, which may be a code, or by its words; None where it settles no fact."""
    found = sign_of_code(kind)
    if found is not None:
        return found
    words = f"{kind} {description}".casefold()
    if not _MATTERS.search(words):
        return None
    return next((sign for parts, sign in _PHRASES if all(part in words for part in parts)), None)


def meaning_of(code: str) -> Text:
    """What the *code* of a failure means, in words for staff."""
    return _MEANINGS.get(code, Text("Felkod {code}", "Error code {code}").filled(code=code))
