"""A builder with 500 heads becomes a key account: by rule and by the branch. Its work comes first, the rules stay."""

from __future__ import annotations

from typing import Any

import httpx

from shared.ids import customer_id
from tests.support.claim_life import MovedClock, report
from tests.support.gateway import SignedIn, staff_by
from tests.support.journeys import NIGHT, ClaimStory, reported, sold
from tests.support.system import System

BEGINS = "2026-06-08T09:00"
UNIT = "320205"
CENTRAL = "3202"
HEADS = {"insured_count": 500, "premium": "91250.00"}


async def manager(system: System) -> SignedIn:
    return await system.enter("account_manager", CENTRAL)


def number_of(position: str) -> str:
    return staff_by(position, CENTRAL)[0]["staff_no"]


async def step(system: System, who: SignedIn, account: str, below: str, body: dict[str, Any]) -> httpx.Response:
    path = f"/v1/key-accounts/{account}"
    version = (await system.gateway.get(who, path)).json()["version"]
    return await system.gateway.post(who, f"{path}/{below}", body, version=version)


async def read(system: System, account: str) -> dict[str, Any]:
    answer = await system.gateway.get(await manager(system), f"/v1/key-accounts/{account}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def nominated(system: System, customer: str) -> str:
    """The preview says what the rule gives; the nomination names the three."""
    who = await manager(system)
    body = {"customer_id": customer, "reason": "年保费达到标准", "other_premium": "620000.00"}
    path = "/v1/key-accounts/nominations"
    seen = await system.gateway.post(who, f"{path}?dry_run=true", body)
    assert (seen.status_code, seen.json()["criteria"]) == (
        200,
        {
            "annual_premium": "711250.00", "insured_persons": 500, "limit": "0.00", "other_premium": "620000.00",
            "met": ["annual_premium", "insured_persons"],
        },
    ), seen.text  # fmt: skip
    three = {
        "manager_staff_no": number_of("account_manager"), "claims_contact_staff_no": number_of("adjuster"),
        "loss_prevention_engineer_staff_no": number_of("risk_engineer"),
    }  # fmt: skip
    officer = three | {"manager_staff_no": staff_by("complaint_officer", "32")[0]["staff_no"]}
    refused = await system.gateway.post(who, path, body | officer)
    assert (refused.status_code, refused.json()["code"]) == (403, "manager_is_complaint_officer")
    done = await system.gateway.post(who, path, body | three)
    assert done.status_code == 201, done.text
    return done.json()["id"]


async def test_a_key_account_from_its_nomination_to_its_review(clock: MovedClock, system: System) -> None:
    policy = await sold(system, NIGHT, unit_code=UNIT, **HEADS)
    customer = str(customer_id("C0004"))
    account = await nominated(system, customer)
    below = await system.enter("department_head", CENTRAL)
    approve = {"decision": "approve", "tier": "b"}
    refused = await step(system, below, account, "approvals", approve)
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")
    branch = await system.enter("department_head", "32")
    assert (await step(system, branch, account, "approvals", approve)).json()["key_account"]["status"] == "active"
    await system.drain()
    await _a_claim_comes_first_and_goes_its_way(system, policy)
    await _visited(system, account, below, branch)
    await _services(system, customer)
    await system.drain()
    await _reviewed(system, account)


async def _a_claim_comes_first_and_goes_its_way(system: System, policy: dict[str, Any]) -> None:
    """The mark is for the order of work: the chain of approval is that of every claim."""
    story: ClaimStory = await reported(system, UNIT, report(policy_no=policy["policy_no"], unit_code=UNIT))
    claim = await story.read()
    assert claim["key_account"] == "b"
    body = {"kind": "decision", "outcome": "approve", "amount": "1.00", "sheet_version": 1, "clause_ids": []}
    skipped = await story.step(f"claims_approver@{CENTRAL}", "approvals", body)
    assert (skipped.status_code, skipped.json()["code"]) == (409, "state_conflict"), skipped.text


async def _visited(system: System, account: str, central: SignedIn, branch: SignedIn) -> None:
    """Twice by the head of the central branch, once by that of the branch."""
    said = {"visited_at": "2026-06-08T09:00:00+08:00", "summary": "走访工地，座谈安全管理"}
    for who in (central, central, branch):
        answer = await step(system, who, account, "visits", said)
        assert answer.status_code == 201, answer.text
    owed = (await read(system, account))["obligations"]
    assert [(one["level"], one["needed"], one["done"]) for one in owed] == [("central_branch", 2, 2), ("branch", 1, 1)]


async def _services(system: System, customer: str) -> None:
    """A lecture is given; what would be a rebate is not."""
    rules = await system.enter("rules_manager", "32")
    item = {
        "code": "safety_lecture", "class": "value_added", "nature": "training", "owner_service": "crm",
        "name": {"zh": "安全生产讲座", "en": "Safety lecture"}, "eligible_tiers": ["a", "b"], "unit_cost": "600.00",
        "yearly_quota": {"a": 4, "b": 2}, "valid_from": "2026-01-01",
    }  # fmt: skip
    defined = await system.gateway.post(rules, "/v1/service-items", item)
    assert defined.status_code == 201, defined.text
    who = await manager(system)
    wanted = {
        "item_id": defined.json()["id"], "customer_id": customer, "planned_on": "2026-06-20", "occasion": "training",
        "purpose": "高处作业安全培训",
    }  # fmt: skip
    first = await system.gateway.post(who, "/v1/service-grants", wanted)
    assert (first.status_code, first.json()["budget"]["at_most"]) == (201, "912.50"), first.text
    second = await system.gateway.post(who, "/v1/service-grants", wanted)
    assert (second.status_code, second.json()["code"]) == (422, "rebate_bar")
    for_buying = await system.gateway.post(who, "/v1/service-grants", wanted | {"occasion": "renewal"})
    assert for_buying.json()["code"] == "tied_to_purchase"


async def _reviewed(system: System, account: str) -> None:
    """The review keeps it, by the branch once more; the file says what there is."""
    kept = await step(system, await manager(system), account, "reviews", {"outcome": "keep", "reason": "继续符合"})
    assert kept.json()["key_account"]["status"] == "annual_review", kept.text
    branch = await system.enter("department_head", "32")
    done = await step(system, branch, account, "approvals", {"decision": "approve", "tier": "b"})
    assert done.json()["key_account"]["status"] == "active", done.text
    shown = await read(system, account)
    assert (shown["green_channel"], shown["review_due_on"]) == (True, "2027-06-08")
    assert (len(shown["file"]["cover"]), shown["file"]["claims"]["count"]) == (1, 1)
