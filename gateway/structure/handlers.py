"""Changes of the tree as they are asked for and as they take effect; each function is one transaction.

Whoever changes the tree holds its lock and the unit's row, so of two who want something of one unit at the same moment
the second decides by what the first has made of it. A change with a later day waits as a row of its own, and blocks
what would contradict it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gateway.organisation import queries as tree
from gateway.organisation import rules as organisation
from gateway.organisation import shapes as tree_shapes
from gateway.organisation.handlers import TREE, announce
from gateway.organisation.schemas import ChangeUnit, OpenUnit
from gateway.organisation.tables import UnitChange, UnitRow
from gateway.structure import effects, queries, rules, shapes
from gateway.structure.queries import Elsewhere
from gateway.structure.schemas import CloseUnit, MergeUnit, MoveUnit
from shared.actor import Actor, machine
from shared.database import Database, Transaction
from shared.errors import NotFound, Problem, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.ticks import Function, Tick


async def open_unit(db: Database, actor: Actor, key: RequestKey, command: OpenUnit, language: str) -> Answer:
    """Open a unit below one in the caller's scope."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        parent = await tree.unit_of_code(tx, command.parent_code, lock=True)
        if parent is None:
            raise ReferenceNotFound.at("#/parent_code")
        organisation.may_stand_below(
            command.level, command.kind, command.code, parent.code, parent.level, parent.kind, parent.org_path
        )
        closes_on = await tree.closes_on(tx, parent)
        if closes_on is not None:
            raise organisation.ParentClosed(closed_on=closes_on.isoformat())
        await _refuse_collision(tx, command, parent)
        unit = UnitRow(
            id=uuid7(), version=1, org_path=f"{parent.org_path}.{command.code}", closed_on=None, **command.model_dump()
        )
        tx.add(unit)
        tx.publish(tree_shapes.unit_changed(unit, [], effective_on=command.opened_on), unit)
        tx.note("open", unit, after={"code": unit.code, "level": unit.level, "area_codes": unit.area_codes})
        await tx.flush()
        out = await tree_shapes.unit_alone(tx, unit, actor, language)
        return tx.answer(out, location=f"/v1/units/{unit.id}", version=unit.version)


async def _refuse_collision(tx: Transaction, command: OpenUnit, parent: UnitRow) -> None:
    """Codes and areas are unique in the whole tree, also where the caller does not see it."""
    await tx.use_scope("00")
    if await tree.taken(tx, UnitRow.code, command.code):
        raise organisation.UnitCodeTaken(unit_code=command.code)
    if command.kind == "branch_local":
        local = select(UnitRow.id).where(UnitRow.parent_code == parent.code, UnitRow.kind == "branch_local")
        if await tx.scalar(local.where(UnitRow.closed_on.is_(None))):
            raise organisation.BranchLocalExists()
    taken = await tree.areas_taken(tx, command.area_codes, command.opened_on)
    organisation.areas_free(command.area_codes, taken, command.code)
    rules.own_areas(command.kind, parent.code, command.area_codes, await queries.areas_below(tx, parent.org_path))


async def change_unit(
    db: Database, actor: Actor, key: RequestKey, unit_id: UUID, version: int | None, command: ChangeUnit, language: str
) -> Answer:
    """Rename a unit or give it other areas, from today or from a later day."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        unit = await tx.find_for_change(UnitRow, unit_id, version)
        day = command.effective_on or tree.today(tx)
        organisation.not_in_past(day, tree.today(tx))
        if unit.closed_on is not None and unit.closed_on <= day:
            raise organisation.UnitCloses(closes_on=unit.closed_on.isoformat())
        await _refuse_second(tx, unit, place=False)
        before = {"name": unit.name, "area_codes": unit.area_codes}
        await tx.use_scope("00")
        await _book(tx, unit, command.area_codes, day)
        content = command.model_dump(exclude={"effective_on"}, exclude_none=True)
        row = _waiting(tx, unit, "change", day, content=content)
        if day <= tree.today(tx):
            await _take_effect(tx, unit, row)
        tx.note("change", unit, before=before, after={**content, "effective_on": day.isoformat()})
        await announce(tx, None)
        await tx.flush()
        out = await tree_shapes.unit_alone(tx, unit, actor, language)
        return tx.answer(out, status=200, version=unit.version)


async def _book(tx: Transaction, unit: UnitRow, areas: list[str] | None, day: date) -> None:
    """The areas are the unit's from that day, so that nobody else is given them meanwhile."""
    if areas is None:
        return
    organisation.areas_free(areas, await tree.areas_taken(tx, areas, day), unit.code)
    branch = unit.org_path.rpartition(".")[0]
    rules.own_areas(unit.kind, unit.parent_code or "", areas, await queries.areas_below(tx, branch))
    await effects.book_areas(tx, unit, areas, day)


async def _refuse_second(tx: Transaction, unit: UnitRow, *, place: bool) -> None:
    """One change of the place and one of name or areas wait at a time. Raises `ChangePlanned`."""
    for one in await tree.waiting_changes(tx, unit.id):
        if (one.kind != "change") == place:
            raise rules.ChangePlanned(change_id=str(one.id), kind=one.kind, effective_on=one.effective_on.isoformat())


def _waiting(
    tx: Transaction, unit: UnitRow, kind: str, day: date, *, target: UnitRow | None = None, after: str | None = None,
    content: dict[str, Any] | None = None,
) -> UnitChange:  # fmt: skip
    row = UnitChange(
        id=uuid7(), org_path=unit.org_path, unit_id=unit.id, unit_code=unit.code, kind=kind, effective_on=day,
        target_code=None if target is None else target.code, content=content or {}, status="planned", obstacles=[],
        path_before=unit.org_path, path_after=after, person_id=tx.actor.person_id, done_at=None,
    )  # fmt: skip
    tx.add(row)
    return row


async def _target(tx: Transaction, code: str, pointer: str, day: date) -> UnitRow:
    """The unit in the caller's scope that a change leads to; it neither closes nor is merged itself."""
    found = await tree.unit_of_code(tx, code, lock=True)
    if found is None:
        raise ReferenceNotFound.at(pointer)
    if (closes_on := await tree.closes_on(tx, found)) is not None:
        raise organisation.ParentClosed(closed_on=closes_on.isoformat())
    for one in await tree.waiting_changes(tx, found.id):
        if one.kind == "merger":
            raise rules.ChangePlanned(change_id=str(one.id), kind=one.kind, effective_on=one.effective_on.isoformat())
    if found.opened_on > day:
        raise organisation.UnitNotOpen(opened_on=found.opened_on.isoformat())
    return found


Command = MoveUnit | MergeUnit | CloseUnit


async def change_place(
    db: Database, actor: Actor, key: RequestKey, unit_id: UUID, version: int | None, command: Command, found: Elsewhere
) -> Answer:
    """Move, merge or close a unit, today or on a later day. `found`: what the services hold at it."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        unit = await tx.find_for_change(UnitRow, unit_id, version)
        rules.may_be_planned(unit.level, unit.closed_on, unit.opened_on, command.effective_on, tree.today(tx))
        await _refuse_second(tx, unit, place=True)
        row = await _admitted(tx, unit, command)
        await tx.use_scope("00")
        if isinstance(command, CloseUnit):
            here = await queries.here(tx, unit.org_path)
            rules.nothing_left(await queries.obstacles(tx, unit, row.effective_on, [*here.work, *found.work]))
        touched = await shapes.touched(tx, row, found) if tx.dry_run else None
        if row.effective_on <= tree.today(tx):
            await _take_effect(tx, unit, row)
        told = {"target_code": row.target_code, "effective_on": row.effective_on.isoformat(), "status": row.status}
        tx.note(row.kind, unit, before={"path": row.path_before}, after=told | {"path": row.path_after})
        where = f"/v1/units/{unit.id}"
        return tx.answer(shapes.change_out(row, unit, touched), location=where, version=unit.version)


async def _admitted(tx: Transaction, unit: UnitRow, command: Command) -> UnitChange:
    """The change as a row, if the rules allow it in the caller's scope."""
    day = command.effective_on
    if isinstance(command, MoveUnit):
        parent = await _target(tx, command.parent_code, "#/parent_code", day)
        there = (parent.code, parent.level, parent.kind, parent.org_path)
        rules.may_move(unit.level, unit.kind, unit.code, unit.parent_code, there)
        return _waiting(tx, unit, "move", day, target=parent, after=f"{parent.org_path}.{unit.code}")
    if isinstance(command, MergeUnit):
        into = await _target(tx, command.into_code, "#/into_code", day)
        rules.may_merge(unit.level, unit.kind, unit.code, into.level, into.kind, into.code)
        return _waiting(tx, unit, "merger", day, target=into, after=into.org_path)
    return _waiting(tx, unit, "closure", day)


async def _take_effect(tx: Transaction, unit: UnitRow, row: UnitChange) -> None:
    """The change has its effect in this transaction, dated with its own day."""
    target = None if row.target_code is None else await tree.unit_of_code(tx, row.target_code)
    row.path_before = unit.org_path
    if row.kind == "change":
        await effects.change(tx, unit, row.content.get("name"), row.content.get("area_codes"), row.effective_on)
    elif row.kind == "closure" or target is None:
        await effects.close(tx, unit, row.effective_on)
    elif row.kind == "move":
        await effects.move(tx, unit, target, row.effective_on)
        row.path_after = unit.org_path
    else:
        target.version, target.updated_at, row.path_after = target.version + 1, tx.now, target.org_path
        await effects.merge(tx, unit, target, row.effective_on)
    row.status, row.done_at, row.obstacles = "done", tx.now, []
    await tx.flush()


async def withdraw_change(
    db: Database, actor: Actor, key: RequestKey, unit_id: UUID, change_id: UUID, version: int | None
) -> Answer:
    """Take back a change that waits for its day."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(TREE)
        unit = await tx.find_for_change(UnitRow, unit_id, version)
        wanted = select(UnitChange).where(UnitChange.id == change_id, UnitChange.unit_id == unit_id)
        row = await tx.scalar(wanted.with_for_update())
        if row is None:
            raise NotFound()
        if row.status not in tree.WAITING:
            raise rules.ChangeOver(current_state=row.status)
        if row.content.get("area_codes") is not None:
            await effects.free_areas(tx, unit, row.effective_on)
        row.status = "withdrawn"
        tx.note("withdraw", unit, before={"kind": row.kind, "effective_on": row.effective_on.isoformat()})
        return tx.answer(shapes.change_out(row, unit), status=200, version=unit.version)


Ask = Callable[[str, UUID], Awaitable[Elsewhere]]
"""What the services hold at a path, for the request with this id."""


def due_changes(ask: Ask) -> Tick:
    """Every change whose day has come takes effect, in the order of the days, also after a time without a worker."""
    return Tick("units_changed", timedelta(minutes=1), _each_due(ask))


def _each_due(ask: Ask) -> Function:
    async def run(database: Database, limit: int) -> int:
        async with database.transaction(machine(database.service)) as tx:
            found = await queries.due(tx, limit)
        return sum([await effect(database, one, ask) for one in found])

    return run


async def effect(db: Database, change_id: UUID, ask: Ask) -> bool:
    """One change on its day. A closure waits where something is left at the unit; whether it had its effect."""
    actor = machine(db.service)
    async with db.transaction(actor) as tx:
        row = await tx.scalar(select(UnitChange).where(UnitChange.id == change_id))
    found = await ask(row.path_before, actor.request_id) if row.kind == "closure" else Elsewhere()
    if found.partial:
        return False
    try:
        async with db.transaction(actor) as tx:
            return await _effect_now(tx, change_id, found)
    except Problem as refusal:
        async with db.transaction(actor) as tx:
            return await _hold(tx, change_id, [{"kind": refusal.code}])


async def _effect_now(tx: Transaction, change_id: UUID, found: Elsewhere) -> bool:
    await tx.execute(TREE)
    row = await tx.scalar(select(UnitChange).where(UnitChange.id == change_id).with_for_update())
    if row.status not in tree.WAITING or row.effective_on > tree.today(tx):
        return False
    unit = await tx.find(UnitRow, row.unit_id, lock=True)
    if row.kind == "closure":
        here = await queries.here(tx, unit.org_path)
        left = await queries.obstacles(tx, unit, row.effective_on, [*here.work, *found.work])
        if left:
            return await _hold(tx, change_id, left)
        if row.status == "held":
            row.effective_on = tree.today(tx)
    unit.version, unit.updated_at = unit.version + 1, tx.now
    await _take_effect(tx, unit, row)
    tx.note(f"{row.kind}_takes_effect", unit, before={"path": row.path_before}, after={"path": row.path_after})
    return True


async def _hold(tx: Transaction, change_id: UUID, left: list[dict[str, Any]]) -> bool:
    row = await tx.scalar(select(UnitChange).where(UnitChange.id == change_id).with_for_update())
    if row.status in tree.WAITING:
        row.status, row.obstacles = "held", left[: rules.SHOWN]
    return False
