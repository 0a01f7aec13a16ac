"""The nightly replay: a sample of stored decisions is made again and must come out the same, to the öre (rule D15)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from underwriting.decisions.models import DecisionRow
from underwriting.decisions.policy import PolicyInvalid
from underwriting.decisions.services.find_policy import PolicyUnknown
from underwriting.decisions.services.replay_decision import Replay, replay
from underwriting.kernel.event_catalogue import DECISION_REPLAY_DIFFERED
from underwriting.platform import events
from underwriting.platform.encryption import CiphertextInvalid, DataErased
from underwriting.platform.message_models import Event
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

SAMPLE = 500
"""So many decisions are replayed in a night; another day draws others."""

_log = structlog.get_logger(__name__)
_DRAWN = sa.text("""
    SELECT id FROM decision WHERE decided_at < :before ORDER BY md5(id::text || :day) LIMIT :most
""")


class ReplayDiffers(Exception):
    """Decisions do not come out as they were kept: the night's run fails, and the lender is told."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a night came to: how many were replayed, and how many could not be since they have been erased (K2)."""

    replayed: int
    erased: int


def replay_sample(runtime: Runtime, *, on: date, at: datetime, progress: Progress, most: int = SAMPLE) -> Sampled:
    """Replay the day's sample; each difference becomes an event, once, and then ReplayDiffers is raised."""
    with runtime.database.transaction() as session:
        drawn = session.execute(_DRAWN, {"before": at, "day": on.isoformat(), "most": most}).scalars().all()
    erased, differing = 0, []
    for done, decision_id in enumerate(drawn, start=1):
        found = _replayed(runtime, decision_id)
        if found is None:
            erased += 1
        elif not found.same:
            differing.append(found)
            _tell(runtime, found, on=on, at=at)
        progress(done, len(drawn))
    if differing:
        raise ReplayDiffers(f"{len(differing)} of {len(drawn)} decisions")
    return Sampled(len(drawn) - erased, erased)


def _replayed(runtime: Runtime, decision_id: uuid.UUID) -> Replay | None:
    """What a replay found; None when it has been erased. What cannot be replayed at all differs."""
    try:
        with runtime.database.transaction() as session:
            return replay(session, runtime, decision_id)
    except DataErased:
        return None
    except (CiphertextInvalid, PolicyInvalid, PolicyUnknown, KeyError, ValueError) as error:
        return Replay(decision_id, (type(error).__name__,))


def _tell(runtime: Runtime, found: Replay, *, on: date, at: datetime) -> None:
    _log.error("replay_differs", decision=str(found.decision_id), differences=list(found.differences))
    with runtime.database.transaction() as session:
        if not _is_told(session, found.decision_id):
            application_id = session.get_one(DecisionRow, found.decision_id).application_id
            ids = {"decision_id": found.decision_id, "application_id": application_id}
            events.record(session, DECISION_REPLAY_DIFFERED, at=at, replayed_on=on, **ids)


def _is_told(session: Session, decision_id: uuid.UUID) -> bool:
    """Whether it was told before: a night that failed is run again, and the next may draw the same."""
    kind, subject = DECISION_REPLAY_DIFFERED.name, f"{DECISION_REPLAY_DIFFERED.subject}:{decision_id}"
    return session.scalar(sa.select(Event.id).where(Event.kind == kind, Event.subject == subject).limit(1)) is not None
