"""Who may take a duty on a record: what the gateway's directory asks the service that owns the record.

Each service lists its duties by collection and name; a duty reads its record in the caller's scope and gives back the
check that its use case makes of a person. So what a picker shows is what an assignment would answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from shared import directory
from shared.actions import reason_of
from shared.authority import covers
from shared.database import Transaction
from shared.errors import NotFound, Problem, Refused, Text
from shared.ids import Id
from shared.routing import Reads, Room, shown
from shared.work_items import open_counts

MAY = "organisation.directory.read"
MOST = 200

Check = Callable[[UUID], Awaitable[None]]
"""Raises the refusal that an assignment of this person would get."""
Duty = Callable[[Transaction, UUID, Any], Awaitable[Check]]
"""`duty(tx, record_id, state)`; raises `NotFound` for a record that the caller does not see."""
Duties = Mapping[tuple[str, str], Duty]
"""By collection and name: `("claims", "survey")`."""


class NotInPosition(Refused):
    """Member: `positions`, of which one is wanted at a unit that has the record."""

    code = "not_in_position"
    title = Text("不任所需岗位", "Not in the position")
    detail = Text("该人员在管辖机构不任 {positions}。", "This person is no {positions} at a unit that has the record.")


class AssigneeQuery(BaseModel):
    person_id: list[UUID] = Field(default=[], max_length=MOST)
    collection: str | None = None
    record_id: UUID | None = None
    duty: str | None = None


class AssigneeOut(BaseModel):
    person_id: Id
    open_items: int
    eligible: bool | None = None
    reason: dict[str, Any] | None = None


class AssigneesOut(BaseModel):
    """`known_duty` and `found` say what was not judged: a duty without a rule here, a record that the caller does not
    see."""

    items: list[AssigneeOut]
    known_duty: bool = True
    found: bool = True


async def refuse_without_post(tx: Transaction, person_id: UUID, positions: Collection[str], org_path: str) -> None:
    """Raises `NotInPosition` unless the person holds one of `positions` today at a unit that has `org_path`."""
    for held in await directory.appointments(tx, person_id=person_id):
        if held["position"] in positions and covers(org_path, held["path"]):
            return
    raise NotInPosition(positions=sorted(positions))


async def _judged(tx: Transaction, check: Check, person_id: UUID, language: str) -> dict[str, Any]:
    try:
        await check(person_id)
    except Problem as refusal:
        return {"eligible": False, "reason": reason_of(refusal, language)}
    return {"eligible": True}


async def _answered(tx: Transaction, duties: Duties, asked: AssigneeQuery, state: Any, language: str) -> AssigneesOut:
    verdicts: dict[UUID, dict[str, Any]] = {}
    if asked.record_id is not None:
        duty = duties.get((asked.collection or "", asked.duty or ""))
        if duty is None:
            return AssigneesOut(items=[], known_duty=False)
        try:
            check = await duty(tx, asked.record_id, state)
        except NotFound:
            return AssigneesOut(items=[], found=False)
        verdicts = {one: await _judged(tx, check, one, language) for one in asked.person_id}
    # how much somebody has to do is a number, and counts work of units that the caller does not see
    await tx.use_scope("00")
    counts = await open_counts(tx, asked.person_id)
    items = [
        AssigneeOut(person_id=one, open_items=counts.get(one, 0), **verdicts.get(one, {})) for one in asked.person_id
    ]
    return AssigneesOut(items=items)


def assignee_routes(duties: Duties) -> Room:
    """`GET /internal/assignees`: for the gateway's directory; the caller's token decides which records there are."""
    room = Room(include_in_schema=False)

    @room.reads("/internal/assignees", AssigneesOut, may=MAY)
    async def list_assignees(call: Reads, asked: Annotated[AssigneeQuery, Query()]) -> Response:
        async with call.db.transaction(call.actor) as tx:
            return shown(await _answered(tx, duties, asked, call.state, call.language))

    return room
