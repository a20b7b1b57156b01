"""How volumes are shown."""

from __future__ import annotations

from services.policy.archive import queries
from services.policy.archive.queries import VolumeFacts
from services.policy.archive.schemas import LoanShown, VolumeAlone, VolumeOut
from shared.actions import ActionOut
from shared.database import Transaction


def volume(facts: VolumeFacts) -> VolumeOut:
    """A volume after a change; the day is the one that counts now."""
    out = VolumeOut.model_validate(facts.volume)
    out.keep_until = facts.keep_until
    return out


async def alone(tx: Transaction, facts: VolumeFacts, actions: list[ActionOut]) -> VolumeAlone:
    """The volume with everything in it."""
    row = facts.volume
    loans = [LoanShown.model_validate(one) for one in await queries.loans_of(tx, row.id)]
    return VolumeAlone(
        **volume(facts).model_dump(), items=row.items, rebound=row.rebound, loans=loans,
        frozen_by=list(facts.frozen_by), missing=list(facts.missing), available_actions=actions,
    )  # fmt: skip
