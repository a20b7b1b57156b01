"""A changed limit against a decision: the new table begins at midnight, and the decision is on its way meanwhile.

In every round the decision starts a little nearer to midnight. A write may rest on the old table at most five seconds
after it ended, never on the new one before it began, and its entry names the table that the limit came from.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.authority.tables import AuthorityTableRow
from shared.clock import at_midnight, legal_day, process_now
from shared.kernel import kernel
from tests.support.calculations import L1_FACTS
from tests.support.claim_life import MovedClock, report
from tests.support.journeys import PUBLIC, ClaimStory, reported, sold
from tests.support.system import System

ENTRIES = kernel.tables["audit_entries"]
LEEWAY = timedelta(seconds=5)
WIDE, NARROW = "900000.00", "10000.00"
DAY = timedelta(days=1)
# A round takes a day, and after 90 days everybody's password has to be changed: the long run ends before.
ROUNDS = [pytest.param(20, id="quick"), pytest.param(84, id="whole", marks=[pytest.mark.soak, pytest.mark.timeout(0)])]


def _set(clock: MovedClock, day: date, before_midnight: timedelta) -> None:
    clock.set((at_midnight(day + DAY) - before_midnight).replace(tzinfo=None).isoformat())


async def _publish(system: System, version: str, first: date, limit: str) -> None:
    """A table with `limit` for the liability claims of sub-branches and central branches, told to everybody."""
    seeded = (await system.gateway.rows(AuthorityTableRow.__table__, AuthorityTableRow.table_version == "2026-1"))[0]
    entries = copy.deepcopy(seeded["entries"])
    for row in entries:
        standard = row["unit_kind"] == "standard" and row["level"] in ("sub_branch", "central_branch")
        if standard and (row["kind"], row["line"]) == ("claim_payment", "liability"):
            row["limit"] = limit if row["level"] == "sub_branch" else WIDE
    one = await system.gateway.enter("rules_manager", "32")
    other = await system.gateway.enter("rules_manager", "00")
    body = {"version": version, "effective_from": first.isoformat(), "entries": entries}
    made = await system.gateway.post(one, "/v1/authority-tables", body)
    assert made.status_code == 201, made.text
    path = f"/v1/authority-tables/{made.json()['id']}/publications"
    done = await system.gateway.post(other, path, {}, version=1)
    assert done.status_code == 201, done.text
    await system.drain()


async def _entry(system: System, answer: httpx.Response) -> dict[str, Any] | None:
    wanted = select(ENTRIES).where(
        ENTRIES.c.request_id == answer.headers["x-request-id"], ENTRIES.c.action == "decision_return"
    )
    rows = await system.rows("claims", wanted.where(ENTRIES.c.outcome == "done"))
    assert len(rows) <= 1
    return None if not rows else json.loads(rows[0]["entry"]) | {"moment": rows[0]["at"]}


async def _decided(
    system: System, story: ClaimStory, sheet: dict[str, Any], clock: MovedClock, day: date, lag: int
) -> Any:
    """The sub-branch's approver gives the claim back by a decision, so many milliseconds before the day ends."""
    _set(clock, day, timedelta(seconds=20))
    system.forget_sign_ins()
    who = await system.gateway.enter("claims_approver", "320102")
    version = (await story.read())["version"]
    body = story.step_on(sheet, "decision", "return", reason_code="facts_unclear", reason="补充材料")
    _set(clock, day, timedelta(milliseconds=lag))
    return await system.gateway.post(who, f"{story.path}/approvals", body, version=version)


def _judge(
    answer: httpx.Response,
    entry: dict[str, Any] | None,
    former: str,
    latter: str,
    limits: dict[str, str],
    midnight: datetime,
) -> str:
    if entry is None:
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] in ("authority_exceeded", "below_required_level"), answer.text
        return "refused"
    assert answer.status_code == 201, answer.text
    moment, named = entry["moment"], entry["table_version"]
    assert limits[named] == WIDE, "the table that is named does not cover the amount"
    if named == former:
        assert moment <= midnight + LEEWAY
        return "under the old one" if moment < midnight else "within the leeway"
    assert named == latter
    assert moment >= midnight
    return "under the new one"


@pytest.mark.abuse("B07")
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_limit_change_against_decision(
    system: System, rounds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = await sold(system, PUBLIC)
    told = report(policy_no=policy["policy_no"], unit_code=None, injured=[{"name": "欧阳岚"}], injured_count=2)
    story = await reported(system, "320102", told)
    sheet = await story.up_to_sheet(L1_FACTS, "300000.00")
    clock = MovedClock(tmp_path / "clock")
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(clock.file))
    start, came, limits = legal_day(process_now()), Counter[str](), {"2026-1": NARROW}
    former = "2026-1"
    for number in range(rounds):
        day = start + DAY * (number + 1)
        _set(clock, day, timedelta(hours=12))
        system.forget_sign_ins()
        latter = f"{day.year + 1}-{rounds}.{number}"
        limits[latter] = WIDE if limits[former] == NARROW else NARROW
        await _publish(system, latter, day + DAY, limits[latter])
        answer = await _decided(system, story, sheet, clock, day, 5 + 7 * (number % 15))
        came[_judge(answer, await _entry(system, answer), former, latter, limits, at_midnight(day + DAY))] += 1
        _set(clock, day + DAY, timedelta(hours=18))
        system.forget_sign_ins()
        sheet = sheet if answer.status_code != 201 else await story.done("adjuster", "calculation-sheets", {})
        former = latter
    print(f"limit change against decision: {dict(came)}")
    assert sum(came.values()) == rounds
    assert came["refused"] > 0
    assert came["refused"] < rounds
