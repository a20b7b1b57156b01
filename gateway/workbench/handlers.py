"""Work given to somebody else, over all services: each decides on its own items, in transactions of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from gateway.forwarding.internal_views import tell_all
from gateway.workbench import rules
from gateway.workbench.schemas import ReassignmentOut, ReassignmentsOut
from shared.errors import IdempotencyKeyInProgress, NotFound, Problem, ServiceUnavailable
from shared.idempotency import Answer
from shared.problems import body_of
from shared.routing import Call
from shared.work_items import work_items
from shared.work_moves import MAY, Reassign, refused_entry

UNKNOWN_YET = frozenset({503, 504})


async def reassign(call: Call, command: Reassign) -> Answer:
    """A result for each item, in the order sent.

    The key goes along: a service does each item once, however often it is asked. The answer is kept only where every
    item has its final word, so that a repeat after an outage does the rest.
    """
    rules.check_goal(command.to_person_id, command.to_unit_code)
    async with call.db.transaction(call.actor, call.key) as tx:
        mine = select(work_items.c.id).where(work_items.c.id.in_(command.items), work_items.c.closed_at.is_(None))
        own = set(await tx.scalars(mine))
    theirs = [one for one in command.items if one not in own]
    answers, partial = await _told(call, command, theirs) if theirs else ([], [])
    results = [_result(call, one, own, answers, partial) for one in command.items]
    if any(one.problem and one.problem["code"] == IdempotencyKeyInProgress.code for one in results):
        raise IdempotencyKeyInProgress()
    out = ReassignmentsOut(results=results)
    if any(one.status in UNKNOWN_YET for one in results):
        return Answer(200, out.model_dump_json(exclude_none=True).encode())
    async with call.db.transaction(call.actor, call.key) as tx:
        for one in results:
            if one.problem and (one.status == 404 or UUID(one.ref) in own) and not tx.dry_run:
                tx.note_act(refused_entry(call, UUID(one.ref), one.problem["code"]))
        return tx.answer(out, status=200)


async def _told(call: Call, command: Reassign, items: list[UUID]) -> tuple[list[dict[str, Any]], list[str]]:
    body = command.model_copy(update={"items": items}).model_dump_json(exclude_none=True).encode()
    views = await tell_all(
        call.state.upstreams, call.state.signing_key, call.actor, "/internal/work-items/reassignments", MAY, body,
        idempotency_key=call.key.key, language=call.language,
    )  # fmt: skip
    return [one for answer in views.answers.values() for one in answer["results"]], views.partial


def _result(
    call: Call, item_id: UUID, own: set[UUID], answers: list[dict[str, Any]], partial: list[str]
) -> ReassignmentOut:
    if item_id in own:
        return _refused(call, item_id, rules.AddressedToUnit())
    told = rules.settled(str(item_id), answers)
    if told is not None:
        return ReassignmentOut.model_validate(told)
    # where somebody did not answer, the item may be his
    return _refused(call, item_id, ServiceUnavailable() if partial else NotFound())


def _refused(call: Call, item_id: UUID, problem: Problem) -> ReassignmentOut:
    path, request_id = call.key.route.partition(" ")[2], str(call.actor.request_id)
    told = body_of(problem, language=call.language, instance=path, request_id=request_id)
    return ReassignmentOut(ref=str(item_id), status=problem.status, problem=told)
