"""The life of a credit application as a table, its deadlines and its reference (rules A3, A6, A8, D1, D8)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from underwriting.kernel.errors import Conflict
from underwriting.kernel.periods import end_of_day, stockholm_date
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState

REFERENCE_ALPHABET = "2345679ABCDEFGHJKMNPQRTUVWXY"
"""No 0 or O, 1, I or L, 8 or S, nor Z: what is easily taken for another is left out."""
_REFERENCE_LENGTH = 8
REFERENCE_COUNT = len(REFERENCE_ALPHABET) ** _REFERENCE_LENGTH
"""So many references there are."""


class ApplicationEvent(StrEnum):
    """What can happen to an application."""

    CHANGED = "changed"
    DROPPED = "dropped"
    SIGNED = "signed"
    GUARANTOR_ANSWERED = "guarantor_answered"
    GUARANTOR_REPLACED = "guarantor_replaced"
    ALL_CONFIRMED = "all_confirmed"
    CONFIRMATION_TIME_OVER = "confirmation_time_over"
    BINDING_TIME_OVER = "binding_time_over"
    SUPPLEMENTED = "supplemented"
    ATTEMPT_FAILED = "attempt_failed"  # no bureau answered, or the outcome is unknown
    APPROVED = "approved"
    COUNTER_OFFERED = "counter_offered"
    REFERRED = "referred"
    DECLINED = "declined"
    INFORMATION_ASKED = "information_asked"
    INFORMATION_GIVEN = "information_given"
    REVIEWED = "reviewed"
    FACT_DISPUTED = "fact_disputed"  # what a bureau has told was wrong; decided anew
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_EXPIRED = "offer_expired"
    OFFER_DECLINED = "offer_declined"


class ApplicationStateRefuses(Conflict):
    """The application is in a *state* in which *event* does not exist; `rule` is the one that says so."""

    slug = "application-state-refuses"
    title = Text("Ansökans läge tillåter det inte", "The application's state does not allow this")

    def __init__(self, state: ApplicationState, event: ApplicationEvent) -> None:
        self.state = state
        self.event = event
        rule, deed = _EVENTS[event]
        detail = Text("Ansökan {state.sv} och kan inte {deed.sv}.", "The application {state.en} and cannot {deed.en}.")
        super().__init__(detail.filled(state=_STATE_WORDS[state], deed=deed), rule=rule)


_S = ApplicationState
_E = ApplicationEvent

TRANSITIONS: Mapping[tuple[ApplicationState, ApplicationEvent], ApplicationState] = {
    (_S.DRAFT, _E.CHANGED): _S.DRAFT,
    (_S.DRAFT, _E.DROPPED): _S.DRAFT,  # the row goes away
    (_S.DRAFT, _E.SIGNED): _S.SUBMITTED,
    (_S.SUBMITTED, _E.GUARANTOR_ANSWERED): _S.SUBMITTED,
    (_S.SUBMITTED, _E.GUARANTOR_REPLACED): _S.SUBMITTED,
    (_S.SUBMITTED, _E.ALL_CONFIRMED): _S.ASSESSING,
    (_S.SUBMITTED, _E.CONFIRMATION_TIME_OVER): _S.LAPSED,
    (_S.SUBMITTED, _E.BINDING_TIME_OVER): _S.LAPSED,
    (_S.SUBMITTED, _E.SUPPLEMENTED): _S.SUBMITTED,
    (_S.ASSESSING, _E.ATTEMPT_FAILED): _S.ASSESSING,
    (_S.ASSESSING, _E.APPROVED): _S.APPROVED,
    (_S.ASSESSING, _E.COUNTER_OFFERED): _S.COUNTER_OFFER,
    (_S.ASSESSING, _E.REFERRED): _S.REFERRED,
    (_S.ASSESSING, _E.DECLINED): _S.DECLINED,
    (_S.ASSESSING, _E.BINDING_TIME_OVER): _S.LAPSED,
    (_S.ASSESSING, _E.SUPPLEMENTED): _S.ASSESSING,
    (_S.REFERRED, _E.FACT_DISPUTED): _S.REFERRED,
    (_S.REFERRED, _E.INFORMATION_ASKED): _S.INFORMATION_REQUESTED,
    (_S.REFERRED, _E.APPROVED): _S.APPROVED,
    (_S.REFERRED, _E.COUNTER_OFFERED): _S.COUNTER_OFFER,
    (_S.REFERRED, _E.DECLINED): _S.DECLINED,
    (_S.REFERRED, _E.BINDING_TIME_OVER): _S.LAPSED,
    (_S.REFERRED, _E.SUPPLEMENTED): _S.REFERRED,
    (_S.INFORMATION_REQUESTED, _E.INFORMATION_GIVEN): _S.REFERRED,
    (_S.INFORMATION_REQUESTED, _E.BINDING_TIME_OVER): _S.LAPSED,
    (_S.INFORMATION_REQUESTED, _E.FACT_DISPUTED): _S.INFORMATION_REQUESTED,
    (_S.INFORMATION_REQUESTED, _E.SUPPLEMENTED): _S.INFORMATION_REQUESTED,
    (_S.COUNTER_OFFER, _E.OFFER_ACCEPTED): _S.APPROVED,
    (_S.APPROVED, _E.GUARANTOR_REPLACED): _S.SUBMITTED,  # G2: one has declined; what was granted is given up
    (_S.COUNTER_OFFER, _E.OFFER_EXPIRED): _S.LAPSED,
    (_S.COUNTER_OFFER, _E.OFFER_DECLINED): _S.LAPSED,
    (_S.COUNTER_OFFER, _E.SUPPLEMENTED): _S.COUNTER_OFFER,
    (_S.COUNTER_OFFER, _E.REVIEWED): _S.REFERRED,
    (_S.DECLINED, _E.REVIEWED): _S.REFERRED,
    (_S.DECLINED, _E.FACT_DISPUTED): _S.REFERRED,
}
"""Every transition that there is."""

_STATE_WORDS: Mapping[ApplicationState, Text] = {
    _S.DRAFT: Text("är ett utkast", "is a draft"),
    _S.SUBMITTED: Text("är undertecknad och väntar på bekräftelser", "is signed and waits for confirmations"),
    _S.ASSESSING: Text("är under bedömning", "is under assessment"),
    _S.REFERRED: Text("ligger hos en handläggare", "is with an underwriter"),
    _S.INFORMATION_REQUESTED: Text("väntar på uppgifter som begärts", "waits for information that was asked for"),
    _S.COUNTER_OFFER: Text("har besvarats med ett motbud", "was answered with a counter-offer"),
    _S.APPROVED: Text("är beviljad", "is approved"),
    _S.DECLINED: Text("har fått avslag", "is declined"),
    _S.LAPSED: Text("har förfallit", "has lapsed"),
}
_EVENTS: Mapping[ApplicationEvent, tuple[str, Text]] = {
    _E.CHANGED: ("A3", Text("ändras", "be changed")),
    _E.DROPPED: ("A3", Text("tas tillbaka", "be withdrawn")),
    _E.SIGNED: ("A3", Text("undertecknas", "be signed")),
    _E.GUARANTOR_ANSWERED: ("A6", Text("bekräftas av en borgensman", "be confirmed by a guarantor")),
    _E.GUARANTOR_REPLACED: ("A3", Text("få en annan borgensman", "be given another guarantor")),
    _E.ALL_CONFIRMED: ("A6", Text("börja bedömas", "be put under assessment")),
    _E.CONFIRMATION_TIME_OVER: ("A6", Text("förfalla", "lapse")),
    _E.BINDING_TIME_OVER: ("A3", Text("förfalla", "lapse")),
    _E.SUPPLEMENTED: ("A3", Text("kompletteras", "be supplemented")),
    _E.ATTEMPT_FAILED: ("B8", Text("bedömas igen", "be assessed again")),
    _E.APPROVED: ("D8", Text("beviljas", "be approved")),
    _E.COUNTER_OFFERED: ("D8", Text("få ett motbud", "be given a counter-offer")),
    _E.REFERRED: ("D8", Text("lämnas till en handläggare", "be referred to an underwriter")),
    _E.DECLINED: ("D8", Text("avslås", "be declined")),
    _E.INFORMATION_ASKED: ("D8", Text("kompletteras på begäran", "have information asked for")),
    _E.INFORMATION_GIVEN: ("D8", Text("få begärda uppgifter", "be given information that was asked for")),
    _E.REVIEWED: ("D9", Text("prövas om", "be reviewed")),
    _E.FACT_DISPUTED: ("D13", Text("avgöras på en rättad uppgift", "be decided on a corrected fact")),
    _E.OFFER_ACCEPTED: ("D1", Text("godtas som motbud", "be accepted as a counter-offer")),
    _E.OFFER_EXPIRED: ("D1", Text("förfalla som motbud", "lapse as a counter-offer")),
    _E.OFFER_DECLINED: ("D1", Text("avböjas som motbud", "be declined as a counter-offer")),
}


def reference(number: int) -> str:
    """The reference of *number*, which is below REFERENCE_COUNT: two groups of four that people can quote."""
    characters = []
    for _ in range(_REFERENCE_LENGTH):
        number, place = divmod(number, len(REFERENCE_ALPHABET))
        characters.append(REFERENCE_ALPHABET[place])
    return f"{''.join(characters[:4])}-{''.join(characters[4:])}"


def advance(state: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    """The state in which *event* puts an application that is in *state*. Raises ApplicationStateRefuses."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ApplicationStateRefuses(state, event) from None


def binding_until(submitted_at: datetime, *, terms: ProductTerms) -> datetime:
    """The instant at which an undecided application lapses (rule A3): the end of the last day that binds."""
    return _end_after(submitted_at, terms.binding_days)


def confirm_by(invited_at: datetime, *, terms: ProductTerms) -> datetime:
    """The instant by which those invited have confirmed (rule A6): the end of the last day."""
    return _end_after(invited_at, terms.confirmation_days)


def answer_by(offered_at: datetime, *, terms: ProductTerms) -> datetime:
    """The instant by which a counter-offer has been accepted (rule D1): the end of the seventh day."""
    return _end_after(offered_at, terms.counter_offer_days)


def drafts_kept_since(at: datetime, *, terms: ProductTerms) -> datetime:
    """A draft made before this instant is deleted at *at* (rule A3)."""
    return at - timedelta(days=terms.draft_days)


def _end_after(at: datetime, days: int) -> datetime:
    return end_of_day(stockholm_date(at) + timedelta(days=days))
