"""Dispatches and surveys over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.claims.survey import handlers
from services.claims.survey.schemas import (
    BatchOut,
    DispatchBatch,
    DispatchItem,
    DispatchOut,
    DispatchSurveyor,
    ReportSurvey,
    SurveyOut,
)
from shared.audit import Entry
from shared.database import Transaction
from shared.errors import Problem
from shared.problems import body_of
from shared.routing import Call, Changes, Creates, Room, sent

room = Room(tags=["claims"])


@room.posts("/v1/claims/{claim_id}/dispatches", DispatchOut, may="claims.survey.dispatch")
async def dispatch_surveyor(claim_id: UUID, command: DispatchSurveyor, call: Changes) -> Response:
    """Send a surveyor, or another one in his place."""
    return sent(
        await handlers.dispatch_surveyor(call.db, call.actor, call.key, claim_id, call.version, command, call.state)
    )


@room.posts("/v1/claims/{claim_id}/surveys", SurveyOut, may="claims.survey.report")
async def report_survey(claim_id: UUID, command: ReportSurvey, call: Changes) -> Response:
    """Sign the survey: what was found, who was there, whose fault it was; it never changes afterwards."""
    return sent(
        await handlers.report_survey(call.db, call.actor, call.key, claim_id, call.version, command, call.state)
    )


@room.posts("/v1/claims/batches", BatchOut, may="claims.survey.dispatch", status=200)
async def dispatch_many(command: DispatchBatch, call: Creates) -> Response:
    """Send surveyors to many claims, or give dispatched ones to others; each item passes or fails by itself."""
    async with call.db.transaction(call.actor, call.key) as tx:
        results = [await _result(tx, call, n, one, command) for n, one in enumerate(command.items)]
        answer = tx.answer(BatchOut(results=results), status=200)
    return sent(answer)


async def _result(tx: Transaction, call: Call, n: int, item: DispatchItem, batch: DispatchBatch) -> dict[str, Any]:
    """One item in a transaction of its own, while the batch's holds the key: a repeated batch does nothing again."""
    try:
        done = await handlers.dispatch_one(call.db, call.actor, call.key, item, batch, call.state)
    except Problem as refusal:
        if refusal.status in (403, 404, 409) and not tx.dry_run:
            tx.note_act(_refused(call, item, refusal))
        return {"ref": item.ref, "status": refusal.status, "problem": _told(call, n, refusal)}
    return {"ref": item.ref, "status": 201, "data": done.model_dump(mode="json", exclude_none=True)}


def _refused(call: Call, item: DispatchItem, refusal: Problem) -> Entry:
    return Entry(
        action="POST /v1/claims/batches", object_type="request", object_id=item.claim_id, org_path=call.actor.scope,
        outcome="refused", reason=refusal.code, in_history=False,
    )  # fmt: skip


def _told(call: Call, n: int, refusal: Problem) -> dict[str, Any]:
    """The problem of one item, its pointers into the body of the batch."""
    request_id = str(call.actor.request_id)
    told = body_of(refusal, language=call.language, instance="/v1/claims/batches", request_id=request_id)
    for fault in told["errors"]:
        fault["pointer"] = f"#/items/{n}{fault.get('pointer', '#')[1:]}"
    return told
