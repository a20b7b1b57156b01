"""The inbox over all services and the gateway itself: asked in parallel, merged in the one order of all inboxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, select

from gateway.forwarding.internal_views import Views, ask_all
from gateway.organisation.queries import paths_of
from gateway.organisation.tables import UnitRow
from gateway.workbench import rules
from gateway.workbench.schemas import CountsQuery, InboxQuery
from shared import work_views
from shared.database import path_range
from shared.errors import Fault, InvalidParameter, Text
from shared.routing import Call
from shared.work_views import MAY, CountsAsked, ItemsAsked

OWN = "organisation"


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page, each item with the service that owns its record."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    partial: list[str]


def units_below(path: str) -> Select[Any]:
    """From the tree itself."""
    return select(UnitRow.code).where(path_range(UnitRow.org_path, path))


async def inbox(call: Call, asked: InboxQuery, query: list[tuple[str, str]]) -> Inbox:
    """Open items in the caller's scope, and those addressed to the caller, that are meant. Raises `CursorInvalid`."""
    print_of = rules.fingerprint(query)
    async with call.db.transaction(call.actor) as tx:
        filters, now = await _filters(tx, call, asked), tx.now
        after = {} if asked.cursor is None else rules.opened(call.state.secret, asked.cursor, print_of, now)
        wanted = {**filters, **after, "limit": asked.limit + 1}
        meant = ItemsAsked.model_validate(wanted)
        own = [] if _nowhere(asked, filters) else await work_views.visible_items(tx, meant, units_below)
    found = {OWN: [one.model_dump(mode="json", exclude_none=True) for one in own]}
    views = await _asked(call, asked, "/internal/work-items", wanted)
    found |= {service: answer["items"] for service, answer in views.answers.items()}
    each = [[{**one, "service": service} for one in items] for service, items in found.items()]
    items, more = rules.merged(each, asked.limit)
    cursor = rules.sealed(call.state.secret, items[-1], print_of, now) if more else None
    return Inbox([dict(one) for one in items], cursor, views.partial)


async def counts(call: Call, asked: CountsQuery, groups: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """Open and overdue items of each group over all services, and the services that did not answer."""
    async with call.db.transaction(call.actor) as tx:
        filters = await _filters(tx, call, asked)
        wanted = {**filters, "group_by": list(groups)}
        meant = CountsAsked.model_validate(wanted)
        rows = [] if _nowhere(asked, filters) else list(await work_views.visible_counts(tx, meant, units_below))
    views = await _asked(call, asked, "/internal/work-items/counts", wanted)
    told = [one for answer in views.answers.values() for one in answer["items"]]
    return rules.added_up([*rows, *told], groups), views.partial


async def _filters(tx: Any, call: Call, asked: CountsQuery) -> dict[str, Any]:
    """As each source is asked. A unit outside the caller's scope is no unit."""
    try:
        persons, nobody = asked.persons(call.actor.person_id)
    except ValueError:
        words = Text("须为 me、none 或人员标识。", "Give `me`, `none` or the id of a person.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="assignee")) from None
    paths = sorted((await paths_of(tx, asked.unit_code)).values())
    found: dict[str, Any] = {"kind": asked.kind, "person_id": [str(one) for one in persons], "unit_path": paths}
    due = {} if asked.due_before is None else {"due_before": asked.due_before.isoformat()}
    late = {} if asked.overdue is None else {"overdue": asked.overdue}
    return {name: value for name, value in found.items() if value} | ({"nobody": True} if nobody else {}) | due | late


def _nowhere(asked: CountsQuery, filters: Mapping[str, Any]) -> bool:
    """Units were asked for, and none of them lies in the caller's scope."""
    return bool(asked.unit_code) and "unit_path" not in filters


async def _asked(call: Call, asked: CountsQuery, path: str, wanted: Mapping[str, Any]) -> Views:
    if _nowhere(asked, wanted):
        return Views({}, [])
    spelled = {name: str(value).lower() if isinstance(value, bool) else value for name, value in wanted.items()}
    target = f"{path}?{urlencode(spelled, doseq=True)}"
    return await ask_all(call.state.upstreams, call.state.signing_key, call.actor, target, MAY)
