"""The calendar and the batch over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from services.risk.calendar import handlers, queries, rules
from services.risk.calendar.schemas import BatchOut, BatchResult, CalendarOut, GiveItem, GiveVisits
from shared import directory
from shared.audit import Entry
from shared.database import Transaction
from shared.errors import Problem
from shared.problems import body_of
from shared.routing import Call, Creates, Reads, Room, sent, shown

room = Room(tags=["inspections"])
PATH = "/v1/inspections/batches"

FirstDay = Annotated[date, Query(alias="from")]
LastDay = Annotated[date, Query(alias="to")]


@room.reads("/v1/inspection-calendar", CalendarOut, may="risk.inspection.read")
async def read_calendar(
    call: Reads, begins: FirstDay, ends: LastDay, person_id: UUID | None = None,
    unit_code: Annotated[list[str] | None, Query()] = None,
) -> Response:  # fmt: skip
    """Visits of these days, of one engineer or of one unit and all below it."""
    rules.check_stretch(begins, ends)
    async with call.db.transaction(call.actor) as tx:
        found = await directory.paths_of(tx, unit_code or [])
        paths = None if unit_code is None else [path for path in found.values() if path is not None]
        return shown(await queries.calendar(tx, begins, ends, paths=paths, person_id=person_id))


@room.posts(PATH, BatchOut, may="risk.inspection.schedule", status=200)
async def give_many(command: GiveVisits, call: Creates) -> Response:
    """Give many visits to another engineer; each item passes or fails by itself."""
    async with call.db.transaction(call.actor, call.key) as tx:
        results = [await _result(tx, call, n, one, command) for n, one in enumerate(command.items)]
        answer = tx.answer(BatchOut(results=results), status=200)
    return sent(answer)


async def _result(tx: Transaction, call: Call, n: int, item: GiveItem, batch: GiveVisits) -> BatchResult:
    """One item in a transaction of its own, while the batch's holds the key: a repeated batch does nothing again."""
    try:
        done = await handlers.give(call.db, call.actor, call.key, item, batch)
    except Problem as refusal:
        if refusal.status in (403, 404, 409) and not tx.dry_run:
            entry = Entry(
                action=f"POST {PATH}", object_type="request", object_id=item.inspection_id, org_path=call.actor.scope,
                outcome="refused", reason=refusal.code, in_history=False,
            )  # fmt: skip
            tx.note_act(entry)
        return BatchResult(ref=item.ref, status=refusal.status, problem=_told(call, n, refusal))
    return BatchResult(ref=item.ref, status=200, data=done.model_dump(mode="json"))


def _told(call: Call, n: int, refusal: Problem) -> dict[str, Any]:
    """The problem of one item, its pointers into the body of the batch."""
    told = body_of(refusal, language=call.language, instance=PATH, request_id=str(call.actor.request_id))
    for fault in told["errors"]:
        fault["pointer"] = f"#/items/{n}{fault.get('pointer', '#')[1:]}"
    return told
