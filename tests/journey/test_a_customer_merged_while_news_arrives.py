"""One customer stands twice in the core system; the two become one while others still speak of the old one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.demonstration.customers import customers
from embedded.demonstration.story import story_policies
from shared.clock import legal_day, process_now
from shared.ids import customer_id
from tests.support.claim_life import report
from tests.support.gateway import SignedIn
from tests.support.journeys import NIGHT, reported, sold
from tests.support.system import System

TWICE = "K-TWICE-1"


async def read(system: System, who: SignedIn, path: str) -> dict[str, Any]:
    answer = await system.gateway.get(who, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def enter_again(system: System, core_no: str) -> str:
    """The core system knows the same person under another number, served by the same unit."""
    known = next(one for one in customers(NIGHT + 1) if one["core_no"] == core_no)
    stated = {name: value for name, value in known.items() if name != "core_no"}
    answer = await system.gateway.call(await system.core(), "PUT", f"/v1/core/customers/{TWICE}", stated)
    assert answer.status_code in (200, 201), answer.text
    await system.drain()
    return str(customer_id(TWICE))


async def test_everything_comes_to_the_kept_customer_also_what_still_names_the_merged_one(system: System) -> None:
    policy = await sold(system, NIGHT)
    old_no = customers(NIGHT + 1)[NIGHT]["core_no"]
    old, kept = str(customer_id(old_no)), await enter_again(system, old_no)
    unit = customers(NIGHT + 1)[NIGHT]["unit_code"]
    agent = await system.enter("service_agent", unit)
    head = await system.enter("department_head", unit[:4])

    seen = await read(system, agent, f"/v1/customers/{kept}")
    assert [one["customer_id"] for one in seen["possible_duplicates"]] == [old], "found by the same numbers"
    story = await reported(system, unit, report(unit_code=unit, policy_no=policy["policy_no"]))
    await system.drain()
    before = await read(system, agent, f"/v1/customers/{old}/timeline")
    assert {one["kind"] for one in before["items"]} >= {"policy.policy.issued", "claims.claim.reported"}

    said = {"merged_id": old, "reason": "同一客户在核心系统登记两次"}
    path = f"/v1/customers/{kept}/merges"
    foreign = await system.enter("department_head", "3201")
    refused = await system.gateway.post(foreign, path, said, version=seen["version"])
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    merged = await system.gateway.post(head, path, said, version=seen["version"])
    assert merged.status_code == 201, merged.text

    # nobody has heard of it yet: the claim goes on in the old name, and the core system endorses in it
    await story.up_to_registration("3000.00")
    endorsed = await system.gateway.call(
        await system.core(), "PUT", f"/v1/core/policies/{policy['policy_no']}", await _next_version(system, policy)
    )
    assert endorsed.status_code in (200, 201), endorsed.text
    await system.drain()

    await _all_at_the_kept_one(system, agent, old, kept)
    assert (await story.read())["customer_id"] == kept, "the claim follows"
    found = await read(system, agent, f"/v1/customers?claim_no={story.claim['claim_no']}")
    assert [one["id"] for one in found["items"]] == [kept]
    version = (await read(system, agent, f"/v1/customers/{old}"))["version"]
    said = {"merged_id": kept, "reason": "反向"}
    late = await system.gateway.post(head, f"/v1/customers/{old}/merges", said, version=version)
    assert (late.status_code, late.json()["code"]) == (409, "customer_merged")


async def _all_at_the_kept_one(system: System, agent: SignedIn, old: str, kept: str) -> None:
    told = await read(system, agent, f"/v1/customers/{kept}/timeline?limit=200")
    kinds = [one["kind"] for one in told["items"]]
    for kind in ("policy.policy.issued", "policy.policy.endorsed", "claims.claim.reported", "claims.claim.registered",
                 "crm.customer.merged"):  # fmt: skip
        assert kinds.count(kind) == 1, (kind, kinds)
    assert (await read(system, agent, f"/v1/customers/{old}/timeline"))["items"] == []
    assert (await read(system, agent, f"/v1/customers/{old}"))["merged_into"] == kept
    glance = await read(system, agent, f"/v1/customers/{kept}/overview")
    assert (glance["value"]["policies"], glance["value"]["claims"]) == (1, 1)


async def _next_version(system: System, policy: dict[str, Any]) -> dict[str, Any]:
    """The next version of the policy as the core system states it, still in the old customer's name."""
    body = story_policies(legal_day(process_now()))[NIGHT]
    body.pop("policy_no")
    day = legal_day(process_now()) - timedelta(days=1)
    change = {"kind": "endorse", "no": "E-1", "reason": "更正"}
    return body | {"core_version": 2, "change": change, "effective_at": f"{day.isoformat()}T00:00:00+08:00"}
