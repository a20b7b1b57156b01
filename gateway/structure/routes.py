"""Changes of the tree over HTTP. Who may do what is judged anew for everybody before the answer leaves."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from starlette.responses import Response

from gateway.organisation.schemas import ChangeUnit, OpenUnit, UnitOut
from gateway.organisation.tables import UnitRow
from gateway.structure import handlers, queries, rules
from gateway.structure.queries import Elsewhere
from gateway.structure.schemas import CloseUnit, MergeUnit, MoveUnit, UnitChangeOut
from shared.routing import Changes, Changing, Creates, Edits, Room, sent

room = Room(tags=["organisation"])


@room.posts("/v1/units", UnitOut, may="organisation.unit.open")
async def open_unit(command: OpenUnit, call: Creates) -> Response:
    """Open a unit below another one."""
    return sent(await handlers.open_unit(call.db, call.actor, call.key, command, call.language))


@room.patches("/v1/units/{unit_id}", UnitOut, may="organisation.unit.change")
async def change_unit(unit_id: UUID, command: ChangeUnit, call: Edits) -> Response:
    """Rename a unit, or give it other areas, today or on a later day."""
    answer = await handlers.change_unit(
        call.db, call.actor, call.key, unit_id, call.version, command, call.language
    )  # fmt: skip
    call.state.callers.forget(None)
    return sent(answer)


@room.posts("/v1/units/{unit_id}/moves", UnitChangeOut, may="organisation.unit.move")
async def move_unit(unit_id: UUID, command: MoveUnit, call: Changes) -> Response:
    """Give a unit another parent, today or on a later day; everything below and at it follows."""
    return await _change_place(unit_id, command, call)


@room.posts("/v1/units/{unit_id}/mergers", UnitChangeOut, may="organisation.unit.merge")
async def merge_unit(unit_id: UUID, command: MergeUnit, call: Changes) -> Response:
    """Close a unit and let another one go on with all it has."""
    return await _change_place(unit_id, command, call)


@room.posts("/v1/units/{unit_id}/closures", UnitChangeOut, may="organisation.unit.close")
async def close_unit(unit_id: UUID, command: CloseUnit, call: Changes) -> Response:
    """Close a unit at which nothing is left."""
    return await _change_place(unit_id, command, call)


@room.deletes("/v1/units/{unit_id}/changes/{change_id}", UnitChangeOut, may="organisation.unit.change")
async def withdraw_unit_change(unit_id: UUID, change_id: UUID, call: Edits) -> Response:
    """Take back a change of a unit that waits for its day."""
    return sent(await handlers.withdraw_change(call.db, call.actor, call.key, unit_id, change_id, call.version))


async def _change_place(unit_id: UUID, command: handlers.Command, call: Changing) -> Response:
    key = replace(call.key, dry_run=call.key.dry_run or command.dry_run)
    asked = isinstance(command, CloseUnit) or key.dry_run
    found = await _elsewhere(unit_id, call) if asked else Elsewhere()
    if isinstance(command, CloseUnit):
        rules.all_known(found.partial)
    answer = await handlers.change_place(call.db, call.actor, key, unit_id, call.version, command, found)
    call.state.callers.forget(None)
    return sent(answer)


async def _elsewhere(unit_id: UUID, call: Changing) -> Elsewhere:
    """What the services hold at the unit; asked before the transaction, so that no lock waits for a service."""
    async with call.db.transaction(call.actor) as tx:
        path = (await tx.find(UnitRow, unit_id)).org_path
    return await queries.elsewhere(call.state.upstreams, call.state.signing_key, path, call.actor.request_id)
