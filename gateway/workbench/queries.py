"""The inbox over all services and the gateway itself: asked in parallel, merged, narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.forwarding.internal_views import ask_all
from gateway.organisation.queries import paths_of
from gateway.workbench import rules
from gateway.workbench.schemas import InboxQuery
from shared.errors import Fault, InvalidParameter, Text
from shared.routing import Call
from shared.work_items import LIMIT, visible_items

MAY = "organisation.work_item.read"
HEAD_OFFICE = "00"


@dataclass(frozen=True, slots=True)
class Inbox:
    """The items that were meant, in order; `now` is the instant they were judged at."""

    items: list[dict[str, Any]]
    partial: list[str]
    truncated: list[str]
    now: datetime


async def inbox(call: Call, asked: InboxQuery) -> Inbox:
    """All open items in the caller's scope, and those addressed to the caller, that `asked` means."""
    persons = _persons(call, asked)
    views = await ask_all(call.state.upstreams, call.state.signing_key, call.actor, "/internal/work-items", MAY)
    found = {service: answer["items"] for service, answer in views.answers.items()}
    async with call.db.transaction(call.actor) as tx:
        scope = await paths_of(tx, asked.unit_code)
        found["organisation"] = [one.model_dump(mode="json", exclude_none=True) for one in await visible_items(tx)]
        await tx.use_scope(HEAD_OFFICE)
        paths = await paths_of(tx, {one["unit_code"] for items in found.values() for one in items})
        now = tx.now
    wanted = rules.Wanted(
        kinds=asked.kind or None, persons=persons, paths=list(scope.values()) if asked.unit_code else None,
        due_before=asked.due_before, overdue=asked.overdue,
    )  # fmt: skip
    meant = [one for items in found.values() for one in items if rules.meant(one, wanted, paths, now)]
    truncated = sorted(service for service, items in found.items() if len(items) >= LIMIT)
    return Inbox([dict(one) for one in rules.in_order(meant)], views.partial, truncated, now)


def _persons(call: Call, asked: InboxQuery) -> set[str | None] | None:
    if not asked.assignee:
        return None
    try:
        return asked.persons(call.actor.person_id)
    except ValueError:
        words = Text("须为 me、none 或人员标识。", "Give `me`, `none` or the id of a person.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="assignee")) from None
