"""Know-your-customer as staff see it: what waits, a match's two sides beside each other, a case's part of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from underwriting.decisions.diligence import CustomerView, Diligence, OwnerView
from underwriting.decisions.service import Decisions
from underwriting.due_diligence.items import KIND_TEXTS
from underwriting.due_diligence.likeness import PairedWords, paired
from underwriting.due_diligence.rules import BORN_ELSEWHEN, MatchState
from underwriting.due_diligence.service import SanctionsDesk
from underwriting.due_diligence.services.read_customer import ItemSummary, ItemView
from underwriting.due_diligence.services.settle_match import MatchView
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DiligenceState
from underwriting.platform.callers import Caller
from underwriting.platform.problems import language_of_request
from underwriting.web.texts import translate

MATCH = "match"
"""The kind of what waits that is a match; the others are kinds of items."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a person: of which *kind*, in words *called*, in which case, since when, where."""

    kind: str
    called: str
    application_id: UUID
    what: str
    state: str
    tone: str
    since: datetime
    address: str

    def days(self, on: date) -> int:
        """How many days it has waited."""
        return (on - stockholm_date(self.since)).days


@dataclass(frozen=True, slots=True)
class Side:
    """One line of the comparison: what it is about, the customer's data and the list's."""

    about: str
    own: str
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatchPage:
    """A match beside its entry: *why* its score is what it is, and what the reader may do now."""

    match: MatchView
    sides: tuple[Side, ...]
    words: tuple[PairedWords, ...]
    why: tuple[str, ...]
    waits: bool
    proposed: bool
    own_proposal: bool


def waiting_matches(found: Iterable[MatchView], caller: Caller) -> list[Waiting]:
    """Matches as what waits; one that is being cleared says whose turn it is."""
    return [
        Waiting(
            kind=MATCH,
            called=translate("diligence.kind.match"),
            application_id=one.application_id,
            what=one.party_name or one.party_number,
            state=state_in_words(one, caller),
            tone="bad" if one.strong else "warn",
            since=one.found_at,
            address=f"/console/due-diligence/matches/{one.id}",
        )
        for one in found
    ]


def waiting_items(found: Iterable[ItemSummary], called: Mapping[str, str], caller: Caller) -> list[Waiting]:
    """Items as what waits; *called* has the usernames of those who work on them."""
    return [
        Waiting(
            kind=str(one.kind),
            called=in_words(KIND_TEXTS[one.kind]),
            application_id=one.application_id,
            what=in_words(KIND_TEXTS[one.kind]),
            state=item_in_words(one, called, caller),
            tone="bad" if one.state is DiligenceState.PROPOSED else "warn",
            since=one.opened_at,
            address=address_of(one),
        )
        for one in found
    ]


def item_in_words(item: ItemSummary, called: Mapping[str, str], caller: Caller) -> str:
    """How an item stands, and who has it."""
    if item.state is not DiligenceState.OPEN or item.taken_by is None:
        return translate(f"diligence.item.{item.state}")
    if item.taken_by == caller.actor:
        return translate("diligence.item.own")
    return translate("diligence.item.taken", name=called.get(item.taken_by, translate("actor.staff")))


def address_of(item: ItemSummary) -> str:
    """The page of *item*."""
    return f"/console/due-diligence/applications/{item.application_id}/items/{item.id}"


def in_words(text: Text) -> str:
    """*text* in the reader's language."""
    return text.in_language(language_of_request())


def counted(rows: Sequence[Waiting]) -> list[tuple[str, str, int]]:
    """Each kind that waits, what it is called, and how many."""
    names = {row.kind: row.called for row in rows}
    return [(kind, name, sum(row.kind == kind for row in rows)) for kind, name in names.items()]


@dataclass(frozen=True, slots=True)
class Panel:
    """The part of a case page: what is known of the customer, what is looked into, whom the list may name."""

    customer: CustomerView
    items: tuple[tuple[ItemView, str, str], ...]  # with how it stands, and its page
    matches: tuple[tuple[MatchView, str], ...]  # with how it stands
    owners: tuple[tuple[OwnerView, str], ...]  # with the number's date of birth

    @property
    def waits(self) -> bool:
        """Whether something has to be looked into before credit is given."""
        return any(item.state is not DiligenceState.SETTLED for item, _, _ in self.items) or any(
            match.state in (MatchState.OPEN, MatchState.CLEARING) for match, _ in self.matches
        )


def panel_of(decisions: Decisions, application_id: UUID, caller: Caller) -> Panel:
    """What a case page shows of know-your-customer."""
    customer = Diligence(decisions).customer(application_id, caller)
    matches = SanctionsDesk(decisions.runtime).of_application(application_id, caller)
    return Panel(
        customer=customer,
        items=tuple((one, item_in_words(one, {}, caller), address_of(one)) for one in customer.items),
        matches=tuple((one, state_in_words(one, caller)) for one in matches),
        owners=tuple((one, PersonalNumber(one.number).masked) for one in customer.owners),
    )


def state_in_words(match: MatchView, caller: Caller) -> str:
    """How a match stands, for the reader."""
    if match.state is MatchState.CLEARING and match.settled_by == caller.actor:
        return translate("diligence.state.clearing_own")
    if match.state is MatchState.OPEN:
        return translate("diligence.state.open_strong" if match.strong else "diligence.state.open")
    return translate(f"diligence.state.{match.state}")


def page_of(match: MatchView, caller: Caller) -> MatchPage:
    """Everything that the page of *match* shows."""
    return MatchPage(
        match=match,
        sides=_sides(match),
        words=paired(match.party_name or "", match.listed_name),
        why=_why(match),
        waits=match.state in (MatchState.OPEN, MatchState.CLEARING),
        proposed=match.state is MatchState.CLEARING,
        own_proposal=match.settled_by == caller.actor,
    )


def _sides(match: MatchView) -> tuple[Side, ...]:
    entry, nothing = match.entry, translate("diligence.not_told")
    others = tuple(name for name in entry.names if name != match.listed_name)
    return (
        Side(translate("diligence.name"), match.party_name or nothing, (match.listed_name,)),
        Side(translate("diligence.aliases"), nothing, others or (translate("diligence.none"),)),
        Side(translate("diligence.born"), match.party_born or nothing, tuple(map(str, entry.born)) or (nothing,)),
        Side(translate("diligence.citizenship"), nothing, entry.citizenships or (nothing,)),
        Side(
            translate("diligence.number"),
            match.party_number,
            (translate("diligence.entry", reference=entry.reference),),
        ),
        Side(translate("diligence.remark"), nothing, tuple(entry.remark.split("\n")) if entry.remark else (nothing,)),
    )


def _why(match: MatchView) -> tuple[str, ...]:
    """Why the score is what it is, a sentence each."""
    born = match.party_born and int(match.party_born[:4])
    if not born or not match.entry.born:
        about_birth = translate("diligence.why.born_unknown")
    elif any(abs(one.year - born) <= 1 for one in match.entry.born):
        about_birth = translate("diligence.why.born_near")
    else:
        about_birth = translate("diligence.why.born_elsewhen", points=BORN_ELSEWHEN)
    return (
        translate("diligence.why.strong" if match.strong else "diligence.why.possible"),
        about_birth,
    )
