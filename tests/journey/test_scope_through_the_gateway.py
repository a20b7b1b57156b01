"""Who sees what, through the gateway, as people sign in, move and leave."""

from __future__ import annotations

from tests.support.claim_life import report
from tests.support.system import System


async def test_a_colleague_of_the_next_sub_branch_finds_nothing(system: System) -> None:
    gate = system.gateway
    agent = await system.enter("service_agent", "320102")
    claim = (await gate.post(agent, "/v1/claims", report(policy_no=None))).json()
    sibling = await system.enter("service_agent", "320104")
    path = f"/v1/claims/{claim['id']}"
    assert (await gate.get(agent, path)).status_code == 200
    assert (await gate.get(sibling, path)).status_code == 404
