"""From the forms of a case's page to the bodies of the API, and what they offer to choose from.

Each is checked by the same schema as the API; an error's pointer is the name of its field.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import IO, Any

from bureau_clients.facts import Unknown
from bureau_clients.reports import CompanyStatus, RatingGrade
from schemas.desk import LARGEST_DOCUMENT
from underwriting.decisions.corrections import type_of
from underwriting.decisions.facts import COMPANY_FACTS, PERSON_FACTS, Facts
from underwriting.decisions.policy import Policy
from underwriting.decisions.rules import COMPANY
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome
from underwriting.kernel.wording import percent_in_words
from underwriting.platform.problems import language_of_request
from underwriting.web import forms
from underwriting.web.case_score import Names
from underwriting.web.fact_words import words_of
from underwriting.web.texts import translate

TOO_LARGE = FieldError("/document", Text("Dokumentet är större än 1 MB", "The document is larger than 1 MB"))
WRONG_KIND = FieldError(
    "/document", Text("Dokumentet ska vara PDF, JPEG eller PNG", "The document is to be a PDF, JPEG or PNG")
)
_KINDS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""How a file of each kind begins: what it is called, and what the browser says of it, is not asked."""
_RULED = ("outcome", "limit", "fee_rate", "reason_code", "reason", "conditions")
_FACTS_OF_OWN = {"remarks": "fact.payment_remark_count", "years_registered": "case.fact.years_registered"}
_YES_OR_NO = {"ja": "true", "yes": "true", "nej": "false", "no": "false"}
_ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Choice:
    """One fact that may be marked as wrong: what the form sends, and what is read."""

    value: str
    text: str = field(repr=False)


def ruling_body(fields: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as the API takes it; a decline has no terms, whatever stands in their fields."""
    body: dict[str, Any] = {name: fields[name].strip() for name in _RULED if fields.get(name, "").strip()}
    if body.get("outcome") == DecisionOutcome.DECLINED:
        for name in ("limit", "fee_rate", "conditions"):
            body.pop(name, None)
    if "limit" in body:
        body["limit"] = forms.amount_in(body["limit"])
    return body


def dispute_body(fields: Mapping[str, str], content: bytes) -> dict[str, Any]:
    """What the form says of a wrong fact, with the *content* of the document that shows it."""
    subject, _, fact = fields.get("fact", "").partition(":")
    body: dict[str, Any] = {"subject": subject, "fact": fact, "note": fields.get("note", "").strip()}
    treatment = fields.get("treatment", "")
    body["treatment"] = "corrected" if treatment == _ABSENT else treatment
    if treatment == _ABSENT:
        body[_ABSENT] = True
    elif treatment == "corrected" and fields.get("value", "").strip():
        body["value"] = _as_on_the_wire(type_of(subject, fact), fields["value"].strip())
    if content:
        body |= {"document": base64.b64encode(content).decode(), "document_type": kind_of(content)}
    return {name: value for name, value in body.items() if value not in ("", None)}


def read_file(file: IO[bytes]) -> tuple[bytes, FieldError | None]:
    """The content of an uploaded file, and what is wrong with it; never more than one MB is read."""
    content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        return b"", TOO_LARGE
    return (b"", WRONG_KIND) if content and kind_of(content) is None else (content, None)


def kind_of(content: bytes) -> str | None:
    """The media type that *content* has by how it begins; None where it is none that is taken."""
    return next((kind for start, kind in _KINDS.items() if content.startswith(start)), None)


def errors_of_dispute(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """*errors* by the fields of the form: whose fact and which are one choice, and a document shows its own type."""
    fields = {"/subject": "/fact", "/document_type": "/document"}
    placed = [replace(error, pointer=fields.get(error.pointer, error.pointer)) for error in errors]
    return tuple({(error.pointer, error.detail.sv): error for error in placed}.values())


def disputable(facts: Facts, names: Names) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """Every fact of a bureau that is not unknown anyway, by whom it is about, with what was told."""
    holders: list[tuple[str, Any, Iterable[str]]] = [(COMPANY, facts.company, COMPANY_FACTS)]
    holders += [(subject, person, PERSON_FACTS) for subject, person in facts.persons()]
    groups = ((names(subject), tuple(_choices(subject, holder, told))) for subject, holder, told in holders)
    return tuple((name, choices) for name, choices in groups if choices)


def rates(policy: Policy, grade: str | None) -> list[tuple[str, str]]:
    """The price table: what is sent, and what is read; the price of the decision's *grade* is told."""
    read: dict[Decimal, str] = {}
    for each in policy.grades:
        percent = percent_in_words(each.fee_rate).in_language(language_of_request())
        key = "case.rate_own" if each.name == grade else "case.rate"
        read.setdefault(each.fee_rate, translate(key, rate=percent, grade=each.name))
    return [(written_rate(rate), read[rate]) for rate in sorted(read)]


def proposed(found: Sequence[StaffDecision]) -> dict[str, str]:
    """What the policy would have given, to start from."""
    offer = found[0].offer if found else None
    if offer is None:
        return {}
    return {"limit": forms.written_amount(offer.limit), "fee_rate": written_rate(offer.fee_rate)}


def written_rate(rate: Decimal) -> str:
    """A rate as a field sends it: `0.0275`."""
    return f"{rate.normalize():f}"


def fact_in_words(fact: str) -> str:
    """What the pages call a fact of a decision."""
    return translate(_FACTS_OF_OWN[fact]) if fact in _FACTS_OF_OWN else translate(f"fact.{fact}")


def _choices(subject: str, holder: Any, names: Iterable[str]) -> Iterable[Choice]:
    for name in names:
        fact = getattr(holder, name)
        if not isinstance(fact, Unknown):
            yield Choice(f"{subject}:{name}", f"{fact_in_words(name)}: {words_of(name, fact).value}")


def _as_on_the_wire(type_: type | None, text: str) -> str:
    """*text* as the API writes a value of *type_*; what cannot be read stays as it was written."""
    if type_ is Money:
        return forms.amount_in(text)
    if type_ is bool:
        return _YES_OR_NO.get(text.lower(), text)
    if type_ is RatingGrade:
        return text.upper()
    if type_ is CompanyStatus:
        return _word_of({translate(f"company_status.{each}"): each for each in CompanyStatus}, text)
    if type_ is CompanyForm:
        return _word_of({translate(f"form.{each}"): each for each in CompanyForm}, text)
    return text


def _word_of(words: Mapping[str, str], text: str) -> str:
    return next((str(word) for read, word in words.items() if read.lower() == text.lower()), text)
