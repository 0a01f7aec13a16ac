"""The same decision again, from what was kept of it (rule D7)."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from underwriting.decisions import formats
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import Decision, decide
from underwriting.decisions.services import find_policy
from underwriting.decisions.services.record_decision import facts_text, trace_text
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found: the names of all that is not as it was kept. None is as it should be."""

    decision_id: uuid.UUID
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the replay gave the same result to the öre."""
        return not self.differences


def replay(session: Session, runtime: Runtime, decision_id: uuid.UUID) -> Replay:
    """Decide again on the kept facts by the kept policy; an underwriter's ruling stands beside what the policy said."""
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise NotFound
    text = facts_text(runtime, row)
    again = decide(formats.facts_from_json(text), policy_of(session, row))
    found = {
        "facts_hash": formats.sha256_of(text.decode()) == row.facts_hash.hex(),
        "trace": formats.decision_to_json(again).encode() == trace_text(runtime, row),
        "grade": again.grade == row.grade,
    }
    if row.automatic:
        found |= {
            "outcome": str(again.outcome) == row.outcome,
            "limit": again.limit == (None if row.limit_ore is None else Money(row.limit_ore)),
            "fee_rate": again.fee_rate == row.fee_rate,
        }
    return Replay(decision_id, tuple(name for name, same in found.items() if not same))


def policy_of(session: Session, row: DecisionRow) -> Policy:
    """The very policy that decided, found by its hash; PolicyUnknown where it is not kept."""
    return find_policy.by_hash(session, row.policy_hash)


def kept_decision(runtime: Runtime, row: DecisionRow) -> Decision:
    """What the policy said, as it was kept."""
    return formats.decision_from_json(trace_text(runtime, row))
