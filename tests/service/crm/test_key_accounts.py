"""Key accounts: by rule, approved by the branch, looked after by three, visited, reviewed, ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.clock import process_now, rfc3339
from shared.ids import customer_id
from tests.support.claim_life import MovedClock
from tests.support.crm_world import C1
from tests.support.key_account_world import (
    ADJUSTER,
    ENGINEER,
    HEAD,
    MANAGER,
    OFFICER,
    SECOND_MANAGER,
    THREE,
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


async def test_a_preview_shows_figures_and_tier_and_keeps_nothing(world: KeyAccountWorld) -> None:
    await world.large(insured_count=100)
    few = refused(await world.nominate(), 422, "criteria_not_met")
    assert (few["annual_premium"], few["insured_persons"], few["limit"]) == ("91250.00", 100, "0.00")
    seen = await world.nominate(dry_run=True, other_premium="620000.00")
    assert seen.status_code == 200, seen.text
    assert seen.json()["criteria"] == {
        "annual_premium": "711250.00", "insured_persons": 100, "limit": "0.00", "met": ["annual_premium"],
        "other_premium": "620000.00",
    }  # fmt: skip
    assert (seen.json()["proposed_tier"], await world.rows("key_accounts")) == ("b", [])


async def test_candidates_are_those_whom_the_rule_would_give(world: KeyAccountWorld) -> None:
    await world.large()
    await world.policy(customer_id("C0002"), policy_no="P-2", premium="100.00")
    path = "/v1/key-accounts/candidates"
    [one] = (await world.service.get(MANAGER, path)).json()["items"]
    assert (one["customer_id"], one["tier"], one["met"]) == (str(C1), "b", ["insured_persons"])
    assert (await world.service.get(actor("account_manager", "00.32.3202"), path)).json()["items"] == []
    await world.nominated()
    assert (await world.service.get(MANAGER, path)).json()["items"] == []


async def test_a_cancelled_or_ended_policy_counts_no_more(world: KeyAccountWorld) -> None:
    policy = await world.large()
    told = {
        "policy_id": str(policy), "effective_on": process_now().date().isoformat(), "kind": "surrender",
        "refund_amount": "100.00",
    }  # fmt: skip
    await world.hear("policy.policy.cancelled.v1", policy, told)
    refused(await world.nominate(), 422, "criteria_not_met")
    by_name = await world.nominate(brand_value=True)
    assert (by_name.status_code, by_name.json()["criteria"]["met"]) == (201, ["brand_value"]), by_name.text


async def test_the_branch_approves_and_with_all_three_it_is_active_and_told(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.nominated()
    item = (await world.items(account))["approve_key_account"]
    assert (item["unit_code"], item["position"]) == ("32", "department_head")
    assert await world.marks() == []
    done = await world.decide(account)
    assert (done.status_code, done.json()["key_account"]["status"]) == (201, "active"), done.text
    assert await world.marks() == [{"customer_id": str(C1), "tier": "b", "manager_id": str(MANAGER.person_id)}]
    assert (await world.rows("customers", id=C1))[0]["key_account_tier"] == "b"
    read = await world.shown(account)
    assert (read["green_channel"], read["missing"], read["manager"]["staff_no"]) == (True, [], MANAGER.staff_no)
    assert [(one["level"], one["needed"], one["done"]) for one in read["obligations"]] == [
        ("central_branch", 2, 0), ("branch", 1, 0),
    ]  # fmt: skip
    assert [one["policy_no"] for one in read["file"]["cover"]] == ["PPA-500"]
    assert await world.items(account) == {}


async def test_without_all_three_it_does_not_become_active(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.nominated(claims_contact_staff_no=None, loss_prevention_engineer_staff_no=None)
    assert (await world.decide(account)).json()["key_account"]["status"] == "approved"
    assert (await world.shown(account))["missing"] == ["claims_contact", "loss_prevention_engineer"]
    assert await world.marks() == []
    refused(await world.visited(account), 409, "state_conflict")
    named = {"role": "claims_contact", "staff_no": ADJUSTER.staff_no}
    assert (await world.step(account, "contacts", named)).json()["key_account"]["status"] == "approved"
    third = {"role": "loss_prevention_engineer", "staff_no": ENGINEER.staff_no}
    assert (await world.step(account, "contacts", third)).json()["key_account"]["status"] == "active"
    assert [one["tier"] for one in await world.marks()] == ["b"]


async def test_nobody_below_the_branch_and_nobody_who_proposed_it_approves(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.nominated()
    refused(await world.decide(account, HEAD), 403, "action_not_permitted")
    both = actor("department_head", "00.32", person_id=MANAGER.person_id)
    assert refused(await world.decide(account, both), 403, "separation_of_duties")["conflicting_duty"] == "proposer"
    refused(await world.decide(account, decision="refuse"), 422, "reason_required")
    refused(await world.nominate(**THREE), 409, "already_key_account")
    ended = await world.decide(account, decision="refuse", reason="标准不足")
    assert ended.json()["key_account"]["status"] == "exited"
    assert (await world.nominate(**THREE)).status_code == 201
    refused(await world.decide(account), 409, "nothing_proposed")


async def test_no_complaint_officer_is_the_manager_and_each_role_has_its_position(world: KeyAccountWorld) -> None:
    await world.large()
    refused(await world.nominate(manager_staff_no=OFFICER.staff_no), 403, "manager_is_complaint_officer")
    refused(await world.nominate(manager_staff_no=ADJUSTER.staff_no), 422, "not_in_position")
    refused(await world.nominate(claims_contact_staff_no=MANAGER.staff_no), 422, "not_in_position")
    unknown = refused(await world.nominate(manager_staff_no="T-0"), 422, "reference_not_found")
    assert unknown["errors"][0]["pointer"] == "#/manager_staff_no"
    account = await world.active()
    officer = {"role": "manager", "staff_no": OFFICER.staff_no}
    refused(await world.step(account, "contacts", officer), 403, "manager_is_complaint_officer")
    changed = await world.step(account, "contacts", {"role": "manager", "staff_no": SECOND_MANAGER.staff_no})
    assert changed.status_code == 201, changed.text
    assert [one["manager_id"] for one in await world.marks()] == [
        str(MANAGER.person_id), str(SECOND_MANAGER.person_id),
    ]  # fmt: skip
    people = [one for one in (await world.shown(account))["people"] if one["role"] == "manager"]
    assert [(one["staff_no"], "to_on" in one) for one in people] == [
        (SECOND_MANAGER.staff_no, False), (MANAGER.staff_no, True),
    ]  # fmt: skip


async def test_a_tier_changes_only_as_it_was_proposed_and_approved(world: KeyAccountWorld) -> None:
    await world.large()
    refused(await world.nominate(tier="a"), 422, "tier_not_reached")
    refused(await world.nominate(tier="gold"), 422, "tier_unknown")
    account = await world.active()
    refused(await world.decide(account, tier="a"), 409, "nothing_proposed")
    change = {"outcome": "change_tier", "reason": "保费增长"}
    refused(await world.step(account, "reviews", change | {"tier": "b"}), 422, "tier_unchanged")
    refused(await world.step(account, "reviews", change | {"tier": "a"}), 422, "tier_not_reached")
    refused(await world.step(account, "reviews", change), 422, "validation_failed")
    await world.policy(policy_no="P-9", premium="1950000.00", line="liability", business="group")
    assert (await world.step(account, "reviews", change | {"tier": "a"})).status_code == 201
    assert refused(await world.decide(account, tier="b"), 422, "tier_not_proposed")["proposed"] == "a"
    assert (await world.rows("customers", id=C1))[0]["key_account_tier"] == "b"
    own = actor("department_head", "00.32", person_id=HEAD.person_id)
    refused(await world.decide(account, own), 403, "separation_of_duties")
    assert (await world.decide(account)).json()["key_account"]["status"] == "tier_changed"
    assert [one["tier"] for one in await world.marks()] == ["b", "a"]
    assert (await world.shown(account))["criteria"]["annual_premium"] == "2041250.00"


async def test_a_review_keeps_ends_or_leaves_everything_as_it_was(world: KeyAccountWorld) -> None:
    await world.large()
    account = await world.active()
    keep = {"outcome": "keep", "reason": "继续符合标准"}
    assert (await world.step(account, "reviews", keep)).json()["key_account"]["status"] == "annual_review"
    refused(await world.step(account, "reviews", keep), 409, "state_conflict")
    assert (await world.decide(account)).json()["key_account"]["status"] == "active"
    leave = {"outcome": "exit", "reason": "业务终止"}
    await world.step(account, "reviews", leave)
    refusal = await world.decide(account, decision="refuse", reason="仍有有效保单")
    assert refusal.json()["key_account"]["status"] == "active"
    assert len(await world.marks()) == 1
    await world.step(account, "reviews", leave)
    assert (await world.decide(account)).json()["key_account"]["status"] == "exited"
    assert (await world.marks())[1:] == [{"customer_id": str(C1)}]
    assert (await world.rows("customers", id=C1))[0]["key_account_tier"] is None
    refused(await world.step(account, "contacts", {"role": "manager", "staff_no": "x"}), 409, "state_conflict")
