"""Loans over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.policy.archive.schemas import VolumeOut
from services.policy.lending import handlers
from services.policy.lending.schemas import LendVolume, ReturnVolume
from shared.routing import Changes, Room, sent

room = Room(tags=["archive"])


@room.posts("/v1/archive-volumes/{volume_id}/loans", VolumeOut, may="policy.archive_volume.lend")
async def lend_archive_volume(volume_id: UUID, command: LendVolume, call: Changes) -> Response:
    """Lend a volume to a colleague."""
    return sent(await handlers.lend_volume(call.db, call.actor, call.key, volume_id, call.version, command))


@room.posts("/v1/archive-volumes/{volume_id}/returns", VolumeOut, may="policy.archive_volume.return")
async def return_archive_volume(volume_id: UUID, command: ReturnVolume, call: Changes) -> Response:
    """The volume came back."""
    return sent(await handlers.return_volume(call.db, call.actor, call.key, volume_id, call.version, command))
