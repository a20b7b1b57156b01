"""Giving open work to somebody else: by person or by unit, each item by the rules of the service that owns it.

Whoever moves work has it within his scope, and moves it within his scope. Who gets it holds the position that the work
wants within the branch of the record, and has no duty that must be separate: a service says by kind or by position how
that is judged. Access to the record goes with the item. Every item is a transaction of its own with a key of its own,
so that a repeat after a broken connection does nothing twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, update
from starlette.responses import Response

from shared import directory, open_tasks
from shared.assignees import Duty, NotInPosition
from shared.audit import Entry
from shared.authority import Unit, covers
from shared.database import Transaction
from shared.errors import Conflict, IdempotencyKeyInProgress, NotFound, Problem, ReferenceNotFound, Text
from shared.idempotency import Replayed, RequestKey
from shared.problems import body_of
from shared.routing import Call, Creates, Room, shown
from shared.work_items import open_counts, work_items
from shared.work_views import list_routes

MAY = "organisation.work_item.reassign"
TRIES = 30

Follow = Callable[[Transaction, UUID, UUID], Awaitable[None]]
"""`follow(tx, record_id, person_id)`: the record names its new person too."""


@dataclass(frozen=True, slots=True)
class Move:
    """How work of one kind, or of one position, is judged and followed."""

    duty: Duty | None = None
    follow: Follow | None = None
    positions: tuple[str, ...] = ()
    """Who may get it where the item names no position."""
    at_unit: bool = False
    """Only at the unit that the item names: a step of a chain belongs to its unit."""


Moves = Mapping[str, Move]
PLAIN = Move()


class AlreadyTheirs(Conflict):
    code = "already_theirs"
    title = Text("已在该处办理", "The work is there already")
    detail = Text("该事项已由所指人员或机构办理。", "The person or unit named has this work already.")


class NobodyEligible(Conflict):
    """Member: `unit_code`."""

    code = "nobody_eligible"
    title = Text("该机构无人可接办", "Nobody there may take it")
    detail = Text("机构 {unit_code} 没有可接办该事项的人员。", "Unit {unit_code} has nobody who may take this work.")


class Reassign(BaseModel):
    """`to_person_id` or `to_unit_code`."""

    model_config = ConfigDict(extra="forbid")

    items: list[UUID] = Field(min_length=1, max_length=100)
    to_person_id: UUID | None = None
    to_unit_code: str | None = None
    reason: str = Field(min_length=2, max_length=500)


class ReassignedOut(BaseModel):
    """`data` or `problem`, by `status`."""

    ref: str
    status: int
    data: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class ReassignmentsOut(BaseModel):
    results: list[ReassignedOut]


class MovedOut(BaseModel):
    record: dict[str, Any]
    unit_code: str
    assignee_person_id: str | None = None


MoveOne = Callable[[Transaction, UUID], Awaitable[MovedOut]]


async def reassign_item(tx: Transaction, item_id: UUID, command: Reassign, moves: Moves, state: Any) -> MovedOut:
    """One item. Raises `NotFound`, `ReferenceNotFound`, `AlreadyTheirs`, `NobodyEligible`, and what the owner of the
    record refuses."""
    items = work_items.c
    mine = select(work_items).where(items.id == item_id, items.closed_at.is_(None)).with_for_update()
    item = (await tx.execute(mine)).mappings().one_or_none()
    if item is None:
        raise NotFound()
    move = moves.get(item["kind"]) or moves.get(item["position"] or "") or PLAIN
    judge = await _judge(tx, item, move, state)
    unit_code, person = await _goal(tx, item, command, judge)
    if (unit_code, person) == (item["unit_code"], item["person_id"]):
        raise AlreadyTheirs()
    whose = items.person_id == person if person else items.person_id.is_(None)
    open_ones = (items.record_id == item["record_id"], items.kind == item["kind"], items.closed_at.is_(None))
    same = select(items.id).where(*open_ones, whose, items.id != item_id)
    if await tx.scalar(same.limit(1)) is not None:
        raise AlreadyTheirs()
    await tx.execute(update(work_items).where(items.id == item_id).values(unit_code=unit_code, person_id=person))
    await _hand_over(tx, item, person)
    if move.follow is not None and person is not None:
        await move.follow(tx, item["record_id"], person)
    _note(tx, item, unit_code, person, command.reason)
    record = {"type": item["record_type"], "id": str(item["record_id"]), "number": item["record_number"]}
    return MovedOut(record=record, unit_code=unit_code, assignee_person_id=None if person is None else str(person))


async def _judge(tx: Transaction, item: Any, move: Move, state: Any) -> Callable[[UUID, Unit | None], Awaitable[str]]:
    """The check of a person: answers the unit that he does the work for."""
    check = None if move.duty is None else await move.duty(tx, item["record_id"], state)
    wanted = move.positions or ((item["position"],) if item["position"] else ())
    branch = ".".join(item["org_path"].split(".")[:2])

    async def judge(person_id: UUID, unit: Unit | None) -> str:
        held = [
            one for one in await directory.appointments(tx, person_id=person_id) if covers(one["path"], tx.actor.scope)
        ]
        if not held:
            raise ReferenceNotFound.at("#/to_person_id")
        fit = [
            one
            for one in held
            if (not wanted or one["position"] in wanted)
            and (covers(one["path"], branch) or covers(branch, one["path"]))
            and (unit is None or one["unit_code"] == unit.code)
            and (not move.at_unit or one["unit_code"] == item["unit_code"])
        ]
        if not fit:
            raise NotInPosition(positions=sorted(wanted))
        if check is not None:
            await check(person_id)
        return fit[0]["unit_code"]

    return judge


async def _goal(tx: Transaction, item: Any, command: Reassign, judge: Any) -> tuple[str, UUID | None]:
    """Unit and person. A unit that has the record gets the work for anybody there; another one for the eligible person
    with the least open work, to whom alone the record is opened."""
    if command.to_person_id is not None:
        return await judge(command.to_person_id, None), command.to_person_id
    unit = await directory.unit_by_code(tx, command.to_unit_code or "")
    if unit is None or not covers(unit.path, tx.actor.scope):
        raise ReferenceNotFound.at("#/to_unit_code")
    if covers(item["org_path"], unit.path):
        return unit.code, None
    people = sorted({one["person_id"] for one in await directory.appointments(tx, unit_code=unit.code)})
    load = await open_counts(tx, people)
    for person in sorted(people, key=lambda one: (load.get(one, 0), str(one))):
        try:
            return await judge(person, unit), person
        except Problem:
            continue
    raise NobodyEligible(unit_code=unit.code)


async def _hand_over(tx: Transaction, item: Any, person: UUID | None) -> None:
    """Access to the record goes from one person to the other; who has other work on it keeps his."""
    former, record_id = item["person_id"], item["record_id"]
    if former is not None:
        items = work_items.c
        other = select(items.id).where(
            items.record_id == record_id, items.person_id == former, items.closed_at.is_(None)
        )
        if await tx.scalar(other.limit(1)) is None:
            await open_tasks.close(tx.session, record_id, tx.now, person_id=former)
    if person is not None:
        await open_tasks.open_for(tx.session, person, record_id, item["org_path"], tx.now)


def _note(tx: Transaction, item: Any, unit_code: str, person: UUID | None, reason: str) -> None:
    about = {"kind": item["kind"]}
    before = {"unit_code": item["unit_code"], "person_id": item["person_id"] and str(item["person_id"])}
    after = {"unit_code": unit_code, "person_id": None if person is None else str(person)}
    tx.note_act(
        Entry(
            action="reassign", object_type=item["record_type"], object_id=item["record_id"], org_path=item["org_path"],
            before=about | before, after=about | after, reason=reason,
        )
    )  # fmt: skip


async def reassigned(call: Call, command: Reassign, move_one: MoveOne) -> list[ReassignedOut]:
    """A result for each item, in the order sent; what was done for this key before is told again."""
    results = []
    for item_id in command.items:
        goal = (item_id, command.to_person_id, command.to_unit_code, command.reason)
        told = hashlib.sha256("\n".join(map(str, goal)).encode()).digest()
        key = None if call.key.key is None else f"{call.key.key}:{item_id}"
        own = RequestKey(route=call.key.route, key=key, body_hash=told, dry_run=call.key.dry_run)
        try:
            out = await _once(call, own, item_id, move_one)
            results.append(ReassignedOut(ref=str(item_id), status=200, data=out.model_dump(exclude_none=True)))
        except Replayed as before:
            data = MovedOut.model_validate_json(before.answer.body).model_dump(exclude_none=True)
            results.append(ReassignedOut(ref=str(item_id), status=200, data=data))
        except Problem as refusal:
            path = call.key.route.partition(" ")[2]
            told_as = body_of(refusal, language=call.language, instance=path, request_id=str(call.actor.request_id))
            results.append(ReassignedOut(ref=str(item_id), status=refusal.status, problem=told_as))
            if refusal.status in (403, 409) and not own.dry_run:
                await _note_refusal(call, item_id, refusal)
    return results


async def _once(call: Call, own: RequestKey, item_id: UUID, move_one: MoveOne) -> MovedOut:
    """Two of the same request at once: the second waits for the word on each item instead of giving up on it."""
    for _ in range(TRIES):
        with suppress(IdempotencyKeyInProgress):
            async with call.db.transaction(call.actor, own) as tx:
                out = await move_one(tx, item_id)
                tx.answer(out, status=200)
            return out
        await asyncio.sleep(0.1)
    raise IdempotencyKeyInProgress()


async def _note_refusal(call: Call, item_id: UUID, refusal: Problem) -> None:
    """The entry of a refused item. One that is not here may be another service's: the gateway has that word."""
    async with call.db.transaction(call.actor) as tx:
        tx.note_act(refused_entry(call, item_id, refusal.code))


def refused_entry(call: Call, item_id: UUID, code: str) -> Entry:
    return Entry(
        action="reassign", object_type="work_item", object_id=item_id, org_path=call.actor.scope, outcome="refused",
        reason=code, in_history=False,
    )  # fmt: skip


def work_item_routes(moves: Moves) -> Room:
    """What the gateway asks each service: its inbox, counts of it, and work to be given to somebody else."""
    room = Room(include_in_schema=False)
    list_routes(room)

    @room.posts("/internal/work-items/reassignments", ReassignmentsOut, may=MAY, status=200)
    async def reassign_work_items(command: Reassign, call: Creates) -> Response:
        async def one(tx: Transaction, item_id: UUID) -> MovedOut:
            return await reassign_item(tx, item_id, command, moves, call.state)

        return shown(ReassignmentsOut(results=await reassigned(call, command, one)))

    return room
