"""The underwriter's queue as values: of what kind a referral's ground is, what is asked for, where a page begins."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from underwriting.applications.rules import REFERENCE_ALPHABET
from underwriting.decisions.policy import referral_key
from underwriting.decisions.rules import Referral
from underwriting.decisions.scoring import Decision, Fired
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import IdentifierInvalid, parse_organisation_number, parse_personal_number
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, ReferralKind

_R, _K = Referral, ReferralKind
KINDS: Mapping[Referral, ReferralKind] = MappingProxyType(
    {
        **dict.fromkeys((_R.COMPANY_NO_MATCH, _R.COMPANY_REMARKS, _R.FORM_UNCONFIRMED), _K.COMPANY),
        **dict.fromkeys((_R.INACTIVE, _R.RECONSTRUCTION), _K.COMPANY),
        **dict.fromkeys((_R.PERSON_NO_MATCH, _R.NUMBER_RETIRED, _R.PROTECTED_IDENTITY, _R.EMIGRATED), _K.PERSON),
        **dict.fromkeys((_R.DEBT_RESTRUCTURING, _R.TRADING_PROHIBITION), _K.PERSON),
        _R.DORMANT_COORDINATION_NUMBER: _K.PERSON,
        **dict.fromkeys((_R.POSSIBLE_SANCTIONS, _R.SANCTIONS_UNKNOWN), _K.DUE_DILIGENCE),
        **dict.fromkeys((_R.POLITICALLY_EXPOSED, _R.DUE_DILIGENCE_GAP), _K.DUE_DILIGENCE),
        **dict.fromkeys((_R.COMPANY_STATUS_UNKNOWN, _R.COMPANY_DEBT_UNKNOWN, _R.COMPANY_REMARKS_UNKNOWN), _K.UNKNOWN),
        **dict.fromkeys((_R.ACCOUNTS_UNKNOWN, _R.PERSON_STATUS_UNKNOWN), _K.UNKNOWN),
        **dict.fromkeys((_R.PERSON_CIRCUMSTANCES_UNKNOWN, _R.OWN_BOOKS_UNKNOWN), _K.UNKNOWN),
        **dict.fromkeys((_R.OWN_ARREARS, _R.EXPOSURE, _R.GUARANTOR_EXPOSURE), _K.EXPOSURE),
        _R.GRADE: _K.GRADE,
    }
)
"""Of what kind each referral is. The kind is kept in the open, so that the queue is found by it; which referral it was
may say much of a person, and stays in the encrypted trace."""
_BY_KEY = {referral_key(referral): kind for referral, kind in KINDS.items()}

_REFERENCE_PLACES = range(4, 9)
_HALF = 4
_NUMBER_DIGITS = (10, 12)
_BLANKS = re.compile(r"[\s\u00a0-]")
_CURSOR = re.compile(r"(?P<key>[0-9]{1,17})\.(?P<id>[0-9a-f-]{36})")


class QueueOrder(StrEnum):
    """What comes first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    LARGEST = "largest"
    SMALLEST = "smallest"

    @property
    def by_amount(self) -> bool:
        """Whether amounts decide rather than ages."""
        return self in (QueueOrder.LARGEST, QueueOrder.SMALLEST)

    @property
    def descends(self) -> bool:
        """Whether the greater value comes first; a later instant is the greater one."""
        return self in (QueueOrder.NEWEST, QueueOrder.LARGEST)


class Assigned(StrEnum):
    """Whose cases are asked for."""

    ANYONE = "anyone"
    MINE = "mine"
    NOBODY = "nobody"


class NothingToSearch(InvalidInput):
    """What is searched for is neither a reference, nor its beginning, nor an organisation number."""

    slug = "nothing-to-search"
    title = Text(
        "Skriv minst fyra tecken av en referens, eller ett organisationsnummer",
        "Write at least four characters of a reference, or an organisation number",
    )


class QueuePlaceInvalid(InvalidInput):
    """The place in the queue is not one that a page gave."""

    slug = "queue-place-invalid"
    title = Text("Listan har ingen sådan fortsättning", "The list has no such continuation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The beginning of a reference, or else the digits by which the company may be kept."""

    reference: str | None = None
    digits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the queue is asked for; what is None narrows nothing. A search goes through all states."""

    state: ApplicationState | None = ApplicationState.REFERRED
    kind: ReferralKind | None = None
    form: CompanyForm | None = None
    least: Money | None = None
    most: Money | None = None
    assigned: Assigned = Assigned.ANYONE
    submitted_before: datetime | None = None
    sought: Sought | None = None
    order: QueueOrder = QueueOrder.OLDEST


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which application a page begins: its amount in öre, or its instant in microseconds since 1970."""

    key: int
    application_id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.key}.{self.application_id}"


def place_in(text: str) -> Place:
    """The place that a page gave; QueuePlaceInvalid for anything else."""
    found = _CURSOR.fullmatch(text)
    try:
        if found is None:
            raise QueuePlaceInvalid
        return Place(int(found["key"]), uuid.UUID(found["id"]))
    except ValueError:
        raise QueuePlaceInvalid from None


def sought_in(text: str, *, on: date) -> Sought:
    """What somebody searches for who writes *text*, on the day *on*; NothingToSearch where it can be nothing."""
    compact = _BLANKS.sub("", text).upper()
    if compact.isascii() and compact.isdecimal() and len(compact) in _NUMBER_DIGITS:
        return Sought(digits=_digits_in(text.strip(), on))
    if len(compact) in _REFERENCE_PLACES and set(compact) <= set(REFERENCE_ALPHABET):
        second = compact[_HALF:]
        return Sought(reference=f"{compact[:_HALF]}-{second}" if second else compact)
    raise NothingToSearch


def strongest_referral(decision: Decision) -> Fired | None:
    """The first ground of *decision* for an underwriter, as its explanation tells them; None where there is none."""
    return next((fired for fired in decision.trace if fired.key in _BY_KEY), None)


def referral_kind(decision: Decision) -> ReferralKind | None:
    """Of what kind that ground is."""
    strongest = strongest_referral(decision)
    return None if strongest is None else _BY_KEY[strongest.key]


def _digits_in(text: str, on: date) -> frozenset[str]:
    """A company's ten digits, or the twelve of a person's."""
    try:
        return frozenset({parse_organisation_number(text).digits})
    except IdentifierInvalid:
        pass
    try:
        return frozenset({parse_personal_number(text, on=on).digits})
    except IdentifierInvalid as error:
        raise NothingToSearch(error.detail) from None
