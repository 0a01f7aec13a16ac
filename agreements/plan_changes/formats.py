"""Plans as they are kept with the change that replaced them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from agreements.plan_changes.rules import PlannedPart
from underwriting.kernel.money import Money


def plan_to_json(parts: Iterable[PlannedPart]) -> list[dict[str, Any]]:
    """The plan, each instalment of each drawdown; amounts in öre."""
    return [
        {
            "drawdown_id": str(part.drawdown_id),
            "number": part.number,
            "due_on": part.due_on.isoformat(),
            "amount_ore": part.amount.ore,
        }
        for part in parts
    ]


def plan_from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[PlannedPart, ...]:
    """What `plan_to_json` wrote."""
    return tuple(
        PlannedPart(
            UUID(one["drawdown_id"]), one["number"], date.fromisoformat(one["due_on"]), Money(one["amount_ore"])
        )
        for one in kept
    )
