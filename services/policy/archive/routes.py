"""Volumes over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.archive import handlers, queries, shapes
from services.policy.archive.schemas import SealVolume, SortVolume, VolumeAlone, VolumeOut
from services.policy.archive.tables import ArchiveVolume
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["archive"])


@room.reads("/v1/archive-volumes", Page[VolumeOut], may="policy.archive_volume.read", free_query=True)
async def list_archive_volumes(request: Request, call: Reads) -> Response:
    """Volumes by number, place, state and last day of keeping."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.VOLUMES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.VOLUMES, asked, call.state.secret)
        return shown(shaped([VolumeOut.model_validate(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/archive-volumes/{volume_id}", VolumeAlone, may="policy.archive_volume.read")
async def read_archive_volume(volume_id: UUID, call: Reads) -> Response:
    """One volume with everything in it."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(ArchiveVolume, volume_id)
        facts = await queries.facts_of(tx, row)
        actions = judged(call.state.volume_actions, call.actor, facts, row.id, call.language)
        return shown(await shapes.alone(tx, facts, actions), version=row.version)


@room.posts("/v1/archive-volumes", VolumeOut, may="policy.archive_volume.bind")
async def sort_archive_volume(command: SortVolume, call: Creates) -> Response:
    """Sort the papers of some policies of the own unit into a new volume."""
    return sent(await handlers.sort_volume(call.db, call.actor, call.key, command))


@room.posts("/v1/archive-volumes/{volume_id}/seals", VolumeOut, may="policy.archive_volume.seal")
async def seal_archive_volume(volume_id: UUID, command: SealVolume, call: Changes) -> Response:
    """Bind and seal a volume, shelve it, or bind a sealed one again before a second person."""
    return sent(await handlers.seal_volume(call.db, call.actor, call.key, volume_id, call.version, command))
