"""What staff look for in the list of agreements, as the address says it."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from agreements.credit.services.find_agreements import Sought
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import IdentifierInvalid, parse_organisation_number, parse_personal_number
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState

_LONGEST = 40
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_NOT_SOUGHT = Text(
    "Sök på avtalsnummer, OCR-nummer eller organisationsnummer",
    "Search for an agreement's number, an OCR number or an organisation number",
)


@dataclass(frozen=True, slots=True)
class AgreementFilter:
    """What was typed and chosen, and what it means; with *errors* nothing is sought."""

    typed: str
    state: AgreementState | None
    sought: Sought
    errors: tuple[FieldError, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.typed) or self.state is not None

    def link(self, *, state: AgreementState | None, cursor: uuid.UUID | None = None) -> str:
        """The address of the same search in another *state*, or from *cursor* on."""
        asked = {"q": self.typed, "state": state or "", "cursor": cursor or ""}
        return "?" + urlencode({name: str(value) for name, value in asked.items() if value})


def read(arguments: Mapping[str, str], *, on: date) -> AgreementFilter:
    """The search that the address asks for on the day *on*; of a state that there is none all are meant."""
    typed = arguments.get("q", "").strip().replace("\x00", "")[:_LONGEST]
    chosen = arguments.get("state", "")
    state = AgreementState(chosen) if chosen in list(AgreementState) else None
    if not typed:
        return AgreementFilter(typed, state, Sought(state=state))
    company = _company_in(typed, on)
    compact = _BLANKS.sub("", typed)
    reference = compact if compact.isascii() and compact.isdecimal() else None
    if company:  # ten digits may be a payment reference as well: whoever looks for one finds nothing else by it
        return AgreementFilter(typed, state, Sought(company=company, state=state))
    if reference is None:
        return AgreementFilter(typed, state, Sought(state=state), (FieldError("/q", _NOT_SOUGHT),))
    return AgreementFilter(typed, state, Sought(reference=reference, state=state))


def _company_in(typed: str, on: date) -> tuple[str, ...]:
    """The digits under which a company, or the owner of an enskild firma, is indexed."""
    try:
        return (parse_organisation_number(typed).digits,)
    except IdentifierInvalid:
        pass
    try:
        return (parse_personal_number(typed, on=on).digits,)
    except IdentifierInvalid:
        return ()
