"""Destruction over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.archive import queries as archive
from services.policy.archive.tables import ArchiveVolume
from services.policy.retention import handlers, shapes
from services.policy.retention.schemas import (
    DecideVolumeDestruction,
    RequestVolumeDestruction,
    VolumeDestructionOut,
    VolumeDestructionsOut,
)
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["archive"])

_PATH = "/v1/archive-volumes/{volume_id}/destructions"


@room.posts(_PATH, VolumeDestructionOut, may="policy.archive_volume.destroy")
async def request_volume_destruction(volume_id: UUID, command: RequestVolumeDestruction, call: Changes) -> Response:
    """Put a volume whose days are over up for destruction."""
    known = (call.db, call.actor, call.key, volume_id, call.version)
    return sent(await handlers.request_destruction(*known, command))


@room.posts(_PATH + "/{destruction_id}/decisions", VolumeDestructionOut, may="policy.archive_volume.destroy")
async def decide_volume_destruction(
    volume_id: UUID, destruction_id: UUID, command: DecideVolumeDestruction, call: Changes
) -> Response:
    """Confirm or reject what another person put up for destruction."""
    known = (call.db, call.actor, call.key, volume_id, destruction_id, call.version)
    return sent(await handlers.decide_destruction(*known, command))


@room.reads(_PATH, VolumeDestructionsOut, may="policy.archive_volume.read")
async def list_volume_destructions(volume_id: UUID, call: Reads) -> Response:
    """Every request about a volume."""
    async with call.db.transaction(call.actor) as tx:
        volume = await tx.find(ArchiveVolume, volume_id)
        rows = await archive.requests_of(tx, volume.id)
        return shown(VolumeDestructionsOut(items=[shapes.destruction(row, volume) for row in rows]))
