"""Duty rosters without an uncovered hour, the work of planning them in time, and answer rates of imported calls."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.claims.duty.handlers import CALL_IMPORT, TICKS, import_call
from services.claims.duty.queries import roster_id
from services.claims.duty.tables import DutyCall
from shared.clock import SHANGHAI, process_now, rfc3339
from shared.job_runner import Runner
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.claim_life import BRANCH, SUB, ClaimLife, MovedClock
from tests.support.tokens import actor, person

HEAD = actor("department_head", "00.32.3201")
AGENT, OTHER = actor("service_agent", SUB), actor("service_agent", SUB, name="night")
MONTH, PATH = "2026-12", "/v1/duty-rosters/320102/2026-12"


def at(text: str) -> str:
    return rfc3339(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def shift(start: str, end: str, who: Any = AGENT) -> dict[str, str]:
    return {"person_id": str(who.person_id), "starts_at": at(start), "ends_at": at(end)}


FULL = [shift("2026-12-01T00:00", "2026-12-16T08:00"), shift("2026-12-16T08:00", "2027-01-01T00:00", OTHER)]


@pytest.fixture
async def planned(life: ClaimLife, clock: MovedClock) -> ClaimLife:
    clock.set("2026-11-10T09:00")
    await life.appoint(AGENT)
    await life.appoint(OTHER)
    return life


async def put(life: ClaimLife, shifts: list[Any], path: str = PATH, who: Any = HEAD, **options: Any) -> Any:
    return await life.service.call(who, "PUT", path, {"shifts": shifts}, **options)


async def test_a_full_month_is_planned_and_tells_who_is_on_duty(planned: ClaimLife, clock: MovedClock) -> None:
    answer = await put(planned, FULL)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["version"], told["month"], told["on_duty"]) == (1, MONTH, [])
    assert told["available_actions"][0] == {
        "action": "plan", "href": PATH, "method": "PUT", "allowed": True, "reason": None,
    }  # fmt: skip
    clock.set("2026-12-20T03:00")
    listed = await planned.service.get(AGENT, f"/v1/duty-rosters?month={MONTH}")
    assert [one["on_duty"] for one in listed.json()["items"]] == [[str(OTHER.person_id)]]
    history = await planned.service.get(HEAD, f"/v1/duty-rosters/{told['id']}/history")
    assert [one["action"] for one in history.json()["items"]] == ["plan_duty_roster"]


async def test_a_roster_with_a_gap_is_refused_and_names_the_hours(planned: ClaimLife) -> None:
    before = await planned.traces()
    holes = [shift("2026-12-01T00:00", "2026-12-16T08:00"), shift("2026-12-16T10:00", "2026-12-31T20:00", OTHER)]
    answer = await put(planned, holes)
    await planned.refused(answer, 422, "roster_gap", before)
    assert answer.json()["gaps"] == [
        {"from": at("2026-12-16T08:00"), "to": at("2026-12-16T10:00")},
        {"from": at("2026-12-31T20:00"), "to": at("2027-01-01T00:00")},
    ]
    await planned.refused(await put(planned, []), 422, "roster_gap", before)


async def test_wrong_shifts_and_strangers_are_refused(planned: ClaimLife) -> None:
    before = await planned.traces()
    back = [*FULL, shift("2026-12-05T08:00", "2026-12-05T07:00"), shift("2027-02-01T00:00", "2027-02-01T08:00")]
    answer = await put(planned, back)
    await planned.refused(answer, 422, "validation_failed", before)
    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/shifts/2/ends_at", "#/shifts/3/starts_at"]
    stranger = {**FULL[0], "person_id": str(person("nobody"))}
    answer = await put(planned, [stranger, FULL[1]])
    await planned.refused(answer, 422, "duty_person_not_eligible", before)
    assert [one["pointer"] for one in answer.json()["errors"]] == ["#/shifts/0/person_id"]


async def test_a_changed_roster_needs_the_version_seen_and_a_month_that_is_over_stays(
    planned: ClaimLife, clock: MovedClock
) -> None:
    assert (await put(planned, FULL)).status_code == 200
    missing = await put(planned, FULL)
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    stale = await put(planned, FULL, version=7)
    assert stale.status_code == 412
    changed = await put(planned, [shift("2026-12-01T00:00", "2027-01-01T00:00")], version=1)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    clock.set("2027-01-01T00:00")
    before = await planned.traces()
    await planned.refused(await put(planned, FULL, version=2), 409, "month_over", before)


async def test_a_unit_outside_the_scope_has_no_roster_to_plan(planned: ClaimLife) -> None:
    before = await planned.traces()
    other = await put(planned, FULL, "/v1/duty-rosters/320205/2026-12")
    await planned.refused(other, 404, "not_found", before)


async def test_an_unplanned_month_is_asked_for_ahead_and_again_when_it_has_begun(
    planned: ClaimLife, clock: MovedClock
) -> None:
    wanted = roster_id("32", "2026-12")
    assert await run_once(planned.service.db, TICKS[0]) > 0
    assert wanted not in {row["record_id"] for row in await planned.service.rows(kernel.tables["work_items"])}
    clock.set("2026-11-25T09:00")
    await run_once(planned.service.db, TICKS[0])
    item = (await planned.items(str(wanted)))["plan_duty_roster"]
    assert (item["unit_code"], item["position"], item["priority"]) == ("32", "department_head", "normal")
    assert item["action_href"] == "/v1/duty-rosters/32/2026-12"
    assert await run_once(planned.service.db, TICKS[0]) == 0
    clock.set("2026-12-01T00:05")
    await run_once(planned.service.db, TICKS[0])
    assert (await planned.items(str(wanted)))["plan_duty_roster"]["priority"] == "high"
    head = actor("department_head", BRANCH)
    assert (await put(planned, FULL, "/v1/duty-rosters/32/2026-12", who=head)).status_code == 200
    assert await planned.items(str(wanted)) == {}


def call(ref: str, seconds: int | None, **changes: Any) -> dict[str, Any]:
    began = process_now() - timedelta(hours=1)
    body = {"call_ref": ref, "unit_code": "320102", "received_at": rfc3339(began)}
    return body | ({} if seconds is None else {"answered_at": rfc3339(began + timedelta(seconds=seconds))}) | changes


async def test_calls_are_imported_line_by_line_and_give_the_answer_rate(life: ClaimLife) -> None:
    quick, slow, lost = call("1", 8), call("2", 90), call("3", None)
    wrong = [
        call("4", None, unit_code="320205"),
        call("5", -30),
        call("6", None, received_at=rfc3339(process_now() + timedelta(hours=1))),
        {**quick, "answered_at": None},
        quick,
    ]
    body = "\n".join(json.dumps(one) for one in [quick, slow, lost, *wrong])
    headers = {"Content-Type": "application/x-ndjson"}
    sent = await life.service.call(HEAD, "POST", "/v1/duty-calls", headers=headers, content=body)
    assert sent.status_code == 202, sent.text
    await Runner(life.service.db, {CALL_IMPORT: import_call}).run_once()
    job = await life.service.get(HEAD, f"/v1/jobs/claims/{sent.json()['id']}")
    assert (job.json()["state"], job.json()["progress"]) == ("succeeded", {"done": 8, "total": 8, "failed": 4})
    results = [json.loads(one) for one in (await life.service.get(HEAD, job.json()["result_url"])).text.splitlines()]
    assert [one.get("problem", {}).get("code") for one in results[3:7]] == [
        "reference_not_found", "validation_failed", "occurred_in_future", "call_record_differs",
    ]  # fmt: skip
    assert results[7]["data"]["applied"] == "ignored"
    assert len(await life.service.rows(DutyCall.__table__)) == 3
    rates = (await life.service.get(HEAD, "/v1/duty-calls/rates?unit_code=3201")).json()
    assert rates["items"] == [
        {
            "unit_code": "320102", "calls": 3, "answered": 2, "answered_quickly": 1, "rate": "0.6667",
            "quick_rate": "0.3333",
        }
    ]  # fmt: skip
    elsewhere = await life.service.get(actor("department_head", "00.32.3202"), "/v1/duty-calls/rates")
    assert (elsewhere.json()["items"], elsewhere.json()["total"]["calls"]) == ([], 0)
    assert UUID(sent.json()["id"])
