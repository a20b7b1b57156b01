"""One record of every type of the policy service at the own unit, for walking its routes."""

from __future__ import annotations

import json
from uuid import uuid4

from embedded.demonstration.story import story_policies
from services.policy.core.handlers import IMPORT, import_line
from shared.clock import legal_day, process_now
from shared.job_runner import Runner
from tests.support import policy_applications, policy_documents, policy_duties
from tests.support.route_walk import OWN, RouteWorld
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


async def policy_world(service: ServiceUnderTest) -> RouteWorld:
    """A group policy with an insured list, and an import that somebody at the unit started."""
    body = story_policies(legal_day(process_now()))[3] | {"unit_code": "320102"}
    number = body.pop("policy_no")
    told = await service.call(actor("core_system", "00"), "PUT", f"/v1/core/policies/{number}", body)
    assert told.status_code == 200, told.text
    policy = told.json()["id"]
    machine = actor("core_system", OWN, level="branch")
    headers = {"Content-Type": "application/x-ndjson"}
    content = json.dumps({**body, "policy_no": "PPA2026-32-990001"}).encode()
    started = await service.call(machine, "POST", "/v1/core/imports", headers=headers, content=content)
    assert started.status_code == 202, started.text
    await Runner(service.db, {IMPORT: import_line(b"d" * 32)}).run_once()
    reader = actor("underwriter", "00.32")
    customer = (await service.get(reader, f"/v1/policies/{policy}")).json()["customer_id"]
    nothing = str(uuid4())
    return RouteWorld(
        service,
        known={"/v1/policies/{}": policy, "/v1/jobs/policy/{}": started.json()["id"]}
        | await policy_documents.made(service, policy, number)
        | await policy_applications.made(service)
        | await policy_duties.due(service, policy),
        bodies={
            "POST /v1/policies/{record_id}/reveals": {"field": "customer_name"},
            "POST /v1/policies/{record_id}/letters": {"kind": "policy_schedule"},
            "POST /v1/deliveries/{record_id}/reveals": {"field": "received_by"},
        }
        | policy_applications.bodies(),
        searches={"/v1/policies/searches": {"policy_no": number}},
        creations=policy_documents.creations(policy, number, customer, nothing)
        | policy_applications.creations(policy, nothing),
        summaries={"/v1/applications/statistics": "group_by=unit"},
    )
