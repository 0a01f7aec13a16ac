"""What a stand-in is asked, in words that hold for both bureaus."""

from dataclasses import dataclass
from enum import StrEnum

CREDITSAFE = "creditsafe"
BISNODE = "bisnode"
BUREAUS = (CREDITSAFE, BISNODE)


class Kind(StrEnum):
    """What a question is for."""

    COMPANY = "company"  # a whole report on a company
    STATUS = "status"  # register data of a company alone
    PERSON = "person"  # a whole report on a person
    OPINION = "opinion"  # what the customer's template makes of somebody (CAS)
    SIGNATORIES = "signatories"  # the right to sign for a company
    TOKEN = "token"  # noqa: S105 - the kind of a question
    TEMPLATES = "templates"  # which templates there are (CAS)
    HEALTH = "health"


REPORTS = frozenset({Kind.COMPANY, Kind.STATUS, Kind.PERSON})
"""What the fault of a number spoils, unless its story says otherwise."""

_ABOUT_NOBODY = frozenset({Kind.TOKEN, Kind.TEMPLATES, Kind.HEALTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a stand-in: *operation* as the bureau calls it, *what* was asked for (block, segments, template,
    scope), about which *number*, with the caller's *reference*; each empty where there is none.
    """

    bureau: str
    operation: str
    kind: Kind
    what: str = ""
    number: str = ""
    reference: str = ""

    @property
    def is_about_somebody(self) -> bool:
        """Whether a company or a person is asked about."""
        return self.kind not in _ABOUT_NOBODY
