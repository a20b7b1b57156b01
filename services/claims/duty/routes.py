"""Duty rosters and calls over HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import Response

from services.claims.duty import handlers, queries, shapes
from services.claims.duty.schemas import PlanRoster, RatesOut, RosterItem, RosterOut
from services.claims.duty.tables import DutyRoster
from shared import directory
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.jobs import JobOut
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, MatchHeader, Reads, Room, sent, shown

room = Room(tags=["duty_roster"])

Month = Annotated[str, Path(description="`2026-12`; what is no month is not found.")]
Day = Annotated[date | None, Query()]
Codes = Annotated[list[str] | None, Query(max_length=50)]


@room.reads("/v1/duty-rosters", Page[RosterItem], may="claims.duty_roster.read", free_query=True)
async def list_rosters(request: Request, call: Reads) -> Response:
    """Rosters in the caller's scope, the latest month first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.ROSTERS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.ROSTERS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/duty-rosters/{roster_id}", RosterOut, may="claims.duty_roster.read")
async def read_roster(roster_id: UUID, call: Reads) -> Response:
    """One roster with everybody on it."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(DutyRoster, roster_id)
        return shown(await _alone(tx, row, call.language), version=row.version)


@room.puts("/v1/duty-rosters/{unit_code}/{month}", RosterOut, may="claims.duty_roster.plan")
async def plan_roster(
    unit_code: str, month: Month, command: PlanRoster, call: Reads, if_match: MatchHeader = None
) -> Response:
    """Plan a month without an uncovered hour; a roster that is there already needs the version seen in `If-Match`."""
    async with call.db.transaction(call.actor) as tx:
        row = await handlers.plan_roster(tx, unit_code, month, if_match, command)
        return shown(await _alone(tx, row, call.language), version=row.version)


@room.posts(
    "/v1/duty-calls", JobOut, may="claims.duty_roster.plan", status=202,
    max_bytes=handlers.CALL_IMPORT_MAX_BYTES, timeout_s=300,
)  # fmt: skip
async def import_calls(request: Request, call: Creates) -> Response:
    """Call records of the telephone system, one JSON document a line: `{call_ref, unit_code, received_at, answered_at?,
    ended_at?, person_id?}`; a call that was never answered has no `answered_at`."""
    return sent(await handlers.accept_calls(call.db, call.actor, call.key, request.stream()))


@room.reads("/v1/duty-calls/rates", RatesOut, may="claims.duty_roster.read")
async def read_rates(call: Reads, from_on: Day = None, to_on: Day = None, unit_code: Codes = None) -> Response:
    """Answer rates by unit, both days included; without days, of the last 30."""
    async with call.db.transaction(call.actor) as tx:
        last = to_on or legal_day(tx.now)
        first = from_on or last - timedelta(days=29)
        quick_s = (await queries.figures(tx))["quick_answer_seconds"]
        paths = None if unit_code is None else list((await directory.paths_of(tx, unit_code)).values())
        ends = at_midnight(last + timedelta(days=1))
        rows = await queries.counted(tx, at_midnight(first), ends, paths, quick_s)
        return shown(shapes.rates(first, last, rows, quick_s))


async def _alone(tx: Transaction, row: DutyRoster, language: str) -> RosterOut:
    return await shapes.alone(tx, row, handlers.actions_on(row), handlers.Planned(row.month, tx.now), language)
