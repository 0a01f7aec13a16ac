"""Holding everybody concerned by a case against the sanctions list in force (rules K1, D10, D16).

1. The parties are kept, encrypted under the case's key, for the screenings that follow.
2. Each is held against the list; what is like an entry becomes a match, once, that staff settle. Staff are told.
3. The screening itself is written: which list, which parties, on what occasion, how many matches.
Without a list, or with one that was loaded too long ago, nothing is known: nobody is cleared, and the operator is told
once a day. In the sandbox nobody is real, so that there it needs no list; one that is loaded counts however old.
"""

import hashlib
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.due_diligence.formats import entry_to_json, parties_from_json, parties_to_json
from underwriting.due_diligence.likeness import Hit
from underwriting.due_diligence.models import SanctionsList, SanctionsMatch, ScreenedCase, ScreeningRow
from underwriting.due_diligence.rules import Finding, MatchState, Occasion, Party, is_strong, worst
from underwriting.due_diligence.services.hold_index import index_of
from underwriting.due_diligence.services.load_list import list_in_force
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform import audit_log, outbox
from underwriting.platform.encryption import canonical_json, of_application
from underwriting.platform.runtime import Runtime

FOUND = "sanctions_match.found"
_PARTIES = "screened_case.parties"
_NO_LIST = Text(
    "Ingen tillräckligt ny sanktionslista är inläst. Ansökningar hänvisas till handläggare och utbetalningar stoppas "
    "tills en lista har lästs in med borgen sanctions load.",
    "No sanctions list that is recent enough has been loaded. Applications are referred and payouts are held until one "
    "has been loaded with borgen sanctions load.",
)
_MATCH = Text(
    "En möjlig träff mot sanktionslistan väntar på granskning: {match}. Se borgen sanctions matches.",
    "A possible match with the sanctions list waits to be looked into: {match}. See borgen sanctions matches.",
)
_SUBJECT = Text("Kundkännedom", "Know your customer")
_log = structlog.get_logger(__name__)


def screen(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    parties: tuple[Party, ...],
    occasion: Occasion,
    *,
    at: datetime,
) -> Finding:
    """What the list in force says of *parties*, who are kept as those concerned by the case."""
    _keep(session, runtime, application_id, parties, at)
    return _screen(session, runtime, application_id, parties, occasion, at)


def screen_again(
    session: Session, runtime: Runtime, application_id: uuid.UUID, occasion: Occasion, *, at: datetime
) -> Finding:
    """What the list in force says of those who were kept; of a case that was never screened nothing is known."""
    kept = session.get(ScreenedCase, application_id)
    if kept is None:
        return Finding.CLEAR if runtime.settings.sandbox else Finding.UNKNOWN
    parties = parties_from_json(runtime.cipher.decrypt_json(kept.parties_encrypted, context=_PARTIES)["parties"])
    return _screen(session, runtime, application_id, parties, occasion, at)


def not_screened_since(list_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    """The cases, as a query over their ids, that have not been held against the list yet."""
    done = sa.select(ScreeningRow.id).where(
        ScreeningRow.application_id == ScreenedCase.application_id, ScreeningRow.list_id == list_id
    )
    return sa.select(ScreenedCase.application_id).where(~done.exists())


def _keep(
    session: Session, runtime: Runtime, application_id: uuid.UUID, parties: tuple[Party, ...], at: datetime
) -> None:
    kept = session.get(ScreenedCase, application_id)
    content = {"parties": parties_to_json(parties)}
    if kept is not None and runtime.cipher.decrypt_json(kept.parties_encrypted, context=_PARTIES) == content:
        return
    sealed = runtime.cipher.encrypt_json(content, context=_PARTIES, subject=of_application(application_id))
    values = {"parties_encrypted": sealed, "kept_at": at}
    statement = insert(ScreenedCase).values(application_id=application_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[ScreenedCase.application_id], set_=values))
    if kept is not None:
        session.refresh(kept)


def _screen(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    parties: tuple[Party, ...],
    occasion: Occasion,
    at: datetime,
) -> Finding:
    current = list_in_force(session)
    if current is None and runtime.settings.sandbox:
        return Finding.CLEAR
    if current is None or _too_old(runtime, current, at):
        _tell_of_no_list(session, runtime, at)
        return Finding.UNKNOWN
    index = index_of(session, current.id)
    states = [
        _match(session, runtime, application_id, current, party, hit, at)
        for party in parties
        for hit in index.find(party)
    ]
    _write(session, runtime, application_id, current, parties, occasion, len(states), at)
    return worst(states, all_named=all(party.name for party in parties))


def _too_old(runtime: Runtime, current: SanctionsList, at: datetime) -> bool:
    days = timedelta(days=runtime.settings.sanctions_days)
    return not runtime.settings.sandbox and at - current.loaded_at > days


def _match(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    current: SanctionsList,
    party: Party,
    hit: Hit,
    at: datetime,
) -> MatchState:
    """How the match stands; written, with a word to staff, if it is new."""
    content = entry_to_json(hit.entry)
    key = {
        "application_id": application_id,
        "party_index": runtime.cipher.blind_index(party.number),
        "reference": hit.entry.reference,
        "content_sha256": hashlib.sha256(content.encode()).digest(),
    }
    known = session.scalar(sa.select(SanctionsMatch.state).filter_by(**key))
    if known is not None:
        return MatchState(known)
    found = {"party": parties_to_json((party,))[0], "entry": content, "name": hit.name}
    sealed = runtime.cipher.encrypt_json(found, context=FOUND, subject=of_application(application_id))
    row = insert(SanctionsMatch).values(
        **key,
        list_id=current.id,
        found_encrypted=sealed,
        score=hit.score,
        strong=is_strong(hit.score),
        state=str(MatchState.OPEN),
        found_at=at,
    )
    match_id = session.scalar(row.on_conflict_do_nothing().returning(SanctionsMatch.id))
    if match_id is not None:
        data = {"application": str(application_id), "list": current.sha256.hex(), "score": hit.score}
        audit_log.append(
            session, f"sanctions_match:{match_id}", "sanctions_match.found", actor="system", at=at, data=data
        )
        _tell(session, runtime, f"sanctions-match:{match_id}", _MATCH.filled(match=str(match_id)), at)
        _log.warning("sanctions_match", match_id=str(match_id))
    return MatchState.OPEN


def _write(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    current: SanctionsList,
    parties: tuple[Party, ...],
    occasion: Occasion,
    matches: int,
    at: datetime,
) -> None:
    row = insert(ScreeningRow).values(
        application_id=application_id,
        list_id=current.id,
        parties_hash=runtime.cipher.blind_index(canonical_json(parties_to_json(parties)).decode()),
        occasion=str(occasion),
        matches=matches,
        screened_at=at,
    )
    session.execute(row.on_conflict_do_nothing())


def _tell_of_no_list(session: Session, runtime: Runtime, at: datetime) -> None:
    _tell(session, runtime, f"sanctions-list:{stockholm_date(at)}", _NO_LIST, at)
    _log.warning("sanctions_list_missing")


def _tell(session: Session, runtime: Runtime, business_key: str, body: Text, at: datetime) -> None:
    outbox.post(
        session,
        runtime,
        kind="sanctions-alarm",
        business_key=business_key,
        recipient=runtime.settings.lender.email,
        content={"subject": f"{_SUBJECT.sv} / {_SUBJECT.en}", "body": f"{body.sv}\n\n{body.en}"},
        at=at,
    )
