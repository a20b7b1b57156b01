"""How hazards are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.risk.hazard.queries import HazardFacts
from services.risk.hazard.schemas import EvidenceOut, HazardItem, HazardOut
from services.risk.inspection.tables import Hazard
from shared.actions import Action, judged
from shared.actor import Actor


def item(row: Hazard) -> HazardItem:
    """The hazard in a list."""
    return HazardItem.model_validate(row)


def alone(facts: HazardFacts, actions: Sequence[Action[HazardFacts]], actor: Actor, language: str) -> HazardOut:
    """The hazard read singly, with what was shown of its cure and what the caller may do."""
    row = facts.hazard
    return HazardOut(
        **item(row).model_dump(), evidence=[EvidenceOut.model_validate(one) for one in facts.evidence],
        available_actions=judged(actions, actor, facts, row.id, language),
    )  # fmt: skip


def brief(rows: Iterable[Hazard]) -> list[dict[str, Any]]:
    """Hazards inside a visit or a file."""
    return [
        {"hazard_id": str(one.id), "class": one.hazard_class, "status": one.status, "description": one.description}
        | ({} if one.due_on is None else {"due_on": one.due_on.isoformat()})
        for one in rows
    ]
