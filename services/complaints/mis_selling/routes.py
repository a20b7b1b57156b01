"""Cases of suspected mis-selling over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.complaints.mis_selling import handlers, queries
from services.complaints.mis_selling.queries import ACTIONS, CaseFacts
from services.complaints.mis_selling.schemas import (
    AssignCase,
    CaseChanged,
    CaseItem,
    CaseOut,
    CloseCase,
    OpenCase,
    RecordAction,
    RecordFinding,
)
from services.complaints.mis_selling.tables import MisSellingCase
from shared import directory
from shared.actions import judged
from shared.pagination import Page, page, read_query, shaped
from shared.periods import Deadline
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["mis_selling"])
PATH = "/v1/mis-selling-cases"
ONE = PATH + "/{case_id}"


@room.posts(PATH, CaseChanged, may="complaints.mis_selling.open")
async def open_case(command: OpenCase, call: Creates) -> Response:
    """Open a case from a complaint or a visit."""
    return sent(await handlers.open_case(call.db, call.actor, call.key, command))


@room.reads(PATH, Page[CaseItem], may="complaints.mis_selling.read", free_query=True)
async def list_cases(request: Request, call: Reads) -> Response:
    """Cases in the caller's scope, the latest due first; those about oneself are not among them."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CASES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CASES, asked, call.state.secret)
        return shown(shaped([CaseItem.model_validate(row) for row in rows], cursor, total), fields=asked.fields)


@room.reads(ONE, CaseOut, may="complaints.mis_selling.read")
async def read_case(case_id: UUID, call: Reads) -> Response:
    """One case with its period, what was done, and what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        case = await tx.find(MisSellingCase, case_id)
        actions = judged(ACTIONS, call.actor, CaseFacts(case), case.id, call.language)
        item = CaseItem.model_validate(case).model_dump()
        deadlines = [Deadline.from_stored(case.deadline).shown()]
        out = CaseOut(
            **item, deadlines=deadlines, findings=case.findings, actions=case.actions, available_actions=actions
        )
        return shown(out, version=case.version)


@room.posts(ONE + "/assignments", CaseChanged, may="complaints.mis_selling.assign")
async def assign_case(case_id: UUID, command: AssignCase, call: Changes) -> Response:
    """Give it to somebody who did not sell."""
    return sent(await handlers.assign_case(call.db, call.actor, call.key, case_id, call.version, command))


@room.posts(ONE + "/findings", CaseChanged, may="complaints.mis_selling.find")
async def record_finding(case_id: UUID, command: RecordFinding, call: Changes) -> Response:
    """Say whether it was mis-selling."""
    return sent(await handlers.record_finding(call.db, call.actor, call.key, case_id, call.version, command))


@room.posts(ONE + "/actions", CaseChanged, may="complaints.mis_selling.act")
async def record_action(case_id: UUID, command: RecordAction, call: Changes) -> Response:
    """Write down what was done about it."""
    return sent(await handlers.record_action(call.db, call.actor, call.key, case_id, call.version, command))


@room.posts(ONE + "/closures", CaseChanged, may="complaints.mis_selling.close")
async def close_case(case_id: UUID, command: CloseCase, call: Changes) -> Response:
    """Close it with what was done."""
    return sent(await handlers.close_case(call.db, call.actor, call.key, case_id, call.version, command))
