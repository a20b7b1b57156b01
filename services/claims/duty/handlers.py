"""Plan the duty of a month, ask for it in time, and take in what the telephone system recorded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from services.claims.claim.rules import sees
from services.claims.duty import queries, rules
from services.claims.duty.schemas import CallLine, PlanRoster
from services.claims.duty.tables import DutyCall, DutyRoster
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.authority import Unit
from shared.clock import SHANGHAI, rfc3339
from shared.concurrency import expected_version
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.jobs import spool
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
CALL_IMPORT = "duty_call_import"
CALL_IMPORT_MAX_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True)
class Planned:
    """What a change of a roster is judged by."""

    month: str
    now: datetime


def check_plan(_actor: Actor, facts: Planned) -> None:
    """Whether the roster may still change: not once its month is over."""
    rules.refuse_month_over(facts.month, facts.now)


async def plan_roster(
    tx: Transaction, unit_code: str, month: str, if_match: str | None, command: PlanRoster
) -> DutyRoster:
    """Put a month's roster in place of what was planned; a later change is made on the version that was seen."""
    unit = await _unit(tx, unit_code)
    if _MONTH.fullmatch(month) is None:
        raise NotFound()
    own_id = queries.roster_id(unit_code, month)
    check_plan(tx.actor, Planned(month, tx.now))
    present = await tx.scalar(select(DutyRoster).where(DutyRoster.id == own_id))
    if present is not None:
        present = await tx.find_for_change(DutyRoster, own_id, expected_version(if_match))
    shifts = [rules.Shift(one.person_id, one.starts_at, one.ends_at) for one in command.shifts]
    rules.check_roster(month, shifts)
    rules.check_people(shifts, await queries.terms_of(tx, {one.person_id for one in shifts}), unit.path)
    stored = [
        {
            "person_id": str(one.person_id),
            "starts_at": rfc3339(one.starts_at.astimezone(SHANGHAI)),
            "ends_at": rfc3339(one.ends_at.astimezone(SHANGHAI)),
        }
        for one in sorted(shifts, key=lambda shift: (shift.starts_at, shift.ends_at))
    ]
    before = None if present is None else {"shifts": present.shifts}
    row = present or DutyRoster(
        id=own_id, version=1, org_path=unit.path, unit_code=unit_code, month=month, shifts=stored
    )
    row.shifts = stored
    if present is None:
        tx.add(row)
        await tx.flush()
    await close_items(tx, row.id)
    tx.note("plan_duty_roster", row, before=before, after={"shifts": stored}, reason=command.reason)
    return row


async def _unit(tx: Transaction, code: str) -> Unit:
    """The unit in the caller's scope; one outside of it, like an unknown one, does not exist."""
    found = await directory.unit_by_code(tx, code)
    if found is None or not sees(tx.actor, found.path):
        raise NotFound()
    return found


async def ask_for_roster(tx: Transaction, wanted: queries.Unplanned) -> None:
    """Tell the unit's head, once ahead and once when the month has begun, that nobody is on duty in it."""
    stage = wanted.stage
    if not await claim(tx, "duty_watch", wanted.id, stage.first_on, stage.name):
        return
    ahead = stage.name == "ahead"
    if not ahead:
        await close_items(tx, wanted.id)
    begins, _ = rules.month_bounds(stage.month)
    await open_item(
        tx, "plan_duty_roster", wanted,  # type: ignore[arg-type]  - id and place of the roster that is wanted
        Text(f"排定 {stage.month} 报案值班表", f"Plan the duty roster of {stage.month}"),
        number=f"{wanted.unit_code}/{stage.month}", unit_code=wanted.unit_code, position="department_head",
        due_at=begins, basis="duty_roster", href=f"/v1/duty-rosters/{wanted.unit_code}/{stage.month}", method="PUT",
        priority="normal" if ahead else "high",
    )  # fmt: skip


TICKS = (Tick("duty_watch", timedelta(minutes=10), one_by_one(queries.unplanned, ask_for_roster)),)


async def accept_calls(db: Database, actor: Actor, key: RequestKey, body: AsyncIterator[bytes]) -> Answer:
    """Spool call records and answer with the job."""
    async with db.transaction(actor, key) as tx:
        return await spool(tx, CALL_IMPORT, body, {}, CALL_IMPORT_MAX_BYTES)


async def import_call(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> dict[str, Any]:
    """One line: the call is kept once; the same line again changes nothing, another content is refused (409)."""
    line = CallLine.model_validate(document)
    unit = await directory.unit_by_code(tx, line.unit_code)
    if unit is None or not sees(tx.actor, unit.path):
        raise ReferenceNotFound.at("#/unit_code")
    rules.check_call(line.received_at, line.answered_at, line.ended_at, tx.now)
    present = await queries.call_of(tx, line.unit_code, line.call_ref)
    if present is not None:
        if (present.received_at, present.answered_at, present.ended_at) != (
            line.received_at, line.answered_at, line.ended_at,
        ):  # fmt: skip
            raise rules.CallRecordDiffers(call_ref=line.call_ref)
        return {"call_ref": line.call_ref, "applied": "ignored"}
    tx.add(DutyCall(org_path=unit.path, **line.model_dump()))
    return {"call_ref": line.call_ref, "applied": "current"}


def actions_on(row: DutyRoster) -> tuple[Action[Planned], ...]:
    """What may be done with this roster; its address names unit and month."""
    return (
        Action("plan", "PUT", f"/v1/duty-rosters/{row.unit_code}/{row.month}", "claims.duty_roster.plan", check_plan),
    )
