"""What a key account is owed: visits, the yearly review, the talk about renewal; and what a merge leaves of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.crm.renewal.handlers import TICKS
from shared.clock import process_now, rfc3339
from shared.ids import customer_id
from tests.support.claim_life import MovedClock
from tests.support.crm_world import C1, body
from tests.support.key_account_world import (
    ADJUSTER,
    AGENT,
    BRANCH_HEAD,
    HEAD,
    MANAGER,
    KeyAccountWorld,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TODAY = rfc3339(process_now() - timedelta(seconds=1))


@pytest.fixture
async def world(crm: ServiceUnderTest) -> KeyAccountWorld:
    found = KeyAccountWorld(crm)
    await found.people()
    return found


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(tmp_path / "clock"))
    return MovedClock(tmp_path / "clock")


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def test_visits_count_for_the_level_of_the_head_who_made_them(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.active()
    future = rfc3339(process_now() + timedelta(hours=1))
    refused(await world.visited(account, visited_at=future), 422, "occurred_in_future")
    earlier = rfc3339(process_now() - timedelta(days=2))
    refused(await world.visited(account, visited_at=earlier), 422, "reason_required")
    refused(await world.visited(account, staff_no=ADJUSTER.staff_no), 422, "not_in_position")
    assert (await world.visited(account)).json()["told"]["level"] == "central_branch"
    by_manager = await world.visited(account, MANAGER, staff_no=BRANCH_HEAD.staff_no)
    assert by_manager.json()["told"]["level"] == "branch"
    assert (await world.visited(account, MANAGER)).json()["told"]["level"] == "account_manager"
    read = await world.shown(account)
    assert [(one["level"], one["done"]) for one in read["obligations"]] == [("central_branch", 1), ("branch", 1)]
    [figure] = await world.rows("service_figures", metric="key_account_visits")
    assert (figure["part"], figure["whole"]) == (2, 3)


async def test_whoever_owes_a_visit_in_autumn_is_reminded_once_until_it_is_made(
    world: KeyAccountWorld, clock: MovedClock
) -> None:
    clock.set("2026-06-08T09:00")
    await world.large()
    account = await world.active()
    await world.visited(account, BRANCH_HEAD)
    clock.set("2026-09-30T23:00")
    assert await world.tick(*TICKS) == 0
    clock.set("2026-10-01T00:10")
    assert [await world.tick(*TICKS), await world.tick(*TICKS)] == [1, 0]
    items = await world.items(account)
    assert {kind: one["unit_code"] for kind, one in items.items()} == {"visit_key_account_central_branch": "3201"}
    await world.visited(account)
    assert "visit_key_account_central_branch" in await world.items(account)
    await world.visited(account)
    assert await world.items(account) == {}


async def test_the_review_of_the_year_is_asked_for_in_time(world: KeyAccountWorld, clock: MovedClock) -> None:
    clock.set("2026-06-08T09:00")
    await world.large()
    account = await world.active()
    assert (await world.shown(account))["review_due_on"] == "2027-06-08"
    clock.set("2027-05-08T09:00")
    ticks = TICKS[:1]
    assert await world.tick(*ticks) == 0
    clock.set("2027-05-09T09:00")
    assert [await world.tick(*ticks), await world.tick(*ticks)] == [1, 0]
    assert (await world.items(account))["review_key_account"]["person_id"] == MANAGER.person_id


async def test_the_manager_is_asked_to_renew_at_each_step_and_once(world: KeyAccountWorld) -> None:
    policy = await world.large()
    await world.active()
    for days in (60, 60, 30, 15):
        await world.hear("policy.policy.expiring.v1", policy, {"policy_id": str(policy), "days": days})
    rows = [one for one in await world.rows("work_items", record_id=policy) if one["kind"] == "key_account_renewal"]
    assert sorted((one["basis"], one["closed_at"] is None) for one in rows) == [
        ("KA-7/15", True), ("KA-7/30", False), ("KA-7/60", False),
    ]  # fmt: skip
    assert {(one["person_id"], one["priority"]) for one in rows} == {(MANAGER.person_id, "high")}
    assert await world.rows("work_items", kind="renewal") == []


async def test_of_two_merged_customers_one_key_account_is_left(world: KeyAccountWorld) -> None:
    await world.large()
    other = customer_id("C0002")
    answer = await world.put("C0002", **body(id_no="91320100MA00000001", phone="02500000002"))
    assert answer.status_code == 200, answer.text
    await world.policy(other, policy_no="P-2", insured_count=600)
    first = await world.active()
    second = await world.active(customer_id=str(other))
    head = actor("department_head", "00.32.3201")
    [kept] = await world.rows("customers", id=C1)
    path, merge = f"/v1/customers/{C1}/merges", {"merged_id": str(other), "reason": "同一客户"}
    done = await world.service.post(head, path, merge, version=kept["version"])
    assert done.status_code == 201, done.text
    states = {str(one["id"]): one["status"] for one in await world.rows("key_accounts")}
    assert states == {first: "active", second: "exited"}
    assert [(one["customer_id"], one.get("tier")) for one in (await world.marks())[2:]] == [
        (str(other), None), (str(C1), "b"),
    ]  # fmt: skip


async def test_a_key_account_follows_to_the_customer_that_is_kept(world: KeyAccountWorld) -> None:
    await world.large()
    other = customer_id("C0002")
    await world.put("C0002", **body(id_no="91320100MA00000001", phone="02500000002"))
    account = await world.active()
    [kept] = await world.rows("customers", id=other)
    merge = {"merged_id": str(C1), "reason": "同一客户"}
    done = await world.service.post(HEAD, f"/v1/customers/{other}/merges", merge, version=kept["version"])
    assert done.status_code == 201, done.text
    assert (await world.account(account))["customer_id"] == other
    assert (await world.rows("customers", id=other))[0]["key_account_tier"] == "b"
    assert [(one["customer_id"], one.get("tier")) for one in (await world.marks())[1:]] == [
        (str(C1), None), (str(other), "b"),
    ]  # fmt: skip


async def test_two_approvals_at_the_same_moment_count_once(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.nominated()
    answers = await asyncio.gather(
        *(world.step(account, "approvals", {"decision": "approve", "tier": "b"}, BRANCH_HEAD, 1) for _ in range(3))
    )
    assert sorted(one.status_code for one in answers) == [201, 412, 412]
    assert len(await world.marks()) == 1


async def test_only_the_customers_own_tree_sees_it_and_the_work_of_a_key_account_comes_first(
    world: KeyAccountWorld,
) -> None:
    await world.large()
    account = await world.active()
    stranger = actor("account_manager", "00.32.3202")
    assert (await world.service.get(stranger, f"/v1/key-accounts/{account}")).status_code == 404
    assert (await world.service.get(stranger, "/v1/key-accounts")).json()["items"] == []
    enquiry = await world.asked(AGENT, policy_no="PPA-500")
    assert (await world.items(enquiry))["answer_enquiry"]["priority"] == "high"
    note = await world.service.post(
        MANAGER, f"/v1/key-accounts/{account}/notes", {"text": "续保意向良好", "mentions": [HEAD.staff_no]}
    )
    assert (note.status_code, note.json()["key_account"]["version"]) == (201, 2), note.text
    assert (await world.items(account))["read_note"]["person_id"] == HEAD.person_id
    shown = await world.service.post(
        MANAGER, f"/v1/key-accounts/{account}/reveals", {"field": "customer_name", "purpose": "走访联系"}
    )
    assert shown.json()["value"] == "岚海商贸有限公司"
    assert UUID(account)
