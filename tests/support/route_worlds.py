"""One record of every type of a service at the own unit, made through HTTP and by events, for walking its routes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from services.claims.duty.handlers import CALL_IMPORT, import_call
from services.claims.duty.rules import month_bounds
from services.claims.worker import JOBS
from shared.actor import Actor
from shared.clock import legal_day, process_now, rfc3339
from shared.exports import EXPORT
from shared.job_runner import Runner
from tests.support import complaint_world, table_exports
from tests.support.claim_life import ClaimLife, report
from tests.support.claims_beside import beside, letter_of, looked_at
from tests.support.claims_settled import SettledWorld
from tests.support.crm_routes import crm_world_of_routes
from tests.support.policy_world import policy_world
from tests.support.risk_parts import risk_world_of_routes
from tests.support.route_walk import OWN, RouteWorld
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld
from tests.support.tokens import actor

CENTRAL = "00.32.3201"


async def world_of(service: ServiceUnderTest) -> RouteWorld:
    """The world of this service's routes."""
    return await _WORLDS[service.service](service)


async def _attached(service: ServiceUnderTest, who: Actor, path: str) -> str:
    answer = await service.call(who, "POST", f"{path}/attachments", files={"file": ("a.pdf", pdf())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _uploaded(service: ServiceUnderTest, who: Actor, path: str) -> str:
    answer = await service.call(who, "POST", f"{path}/uploads", files={"file": ("a.pdf", pdf())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def claims_world(service: ServiceUnderTest) -> RouteWorld:
    """A claim that was reported, a claim whose file is bound, its payment, and their files."""
    life, settled = ClaimLife(service), SideWorld(service)
    agent, adjuster = actor("service_agent", OWN), actor("adjuster", OWN)
    await life.policy()
    claim = await life.reported(agent, upload_ids=[await _uploaded(service, agent, "/v1/claims")])
    waiting = await _uploaded(service, agent, "/v1/claims")
    attachment = await _attached(service, adjuster, f"/v1/claims/{claim}")
    bound, payment = await _bound(settled)
    roster, job = await _duty(life)
    check = await looked_at(service, OWN, bound)
    letter = await letter_of(service, OWN, claim)
    accident = (await service.get(adjuster, f"/v1/claims/{claim}")).json()["accident_id"]
    return RouteWorld(
        service,
        known={
            "/v1/claims/{}": claim, "/v1/claims/{}/attachments/{}": attachment, "/v1/payments/{}": payment,
            "/v1/duty-rosters/{}": roster, "/v1/jobs/claims/{}": job, "/v1/quality-checks/{}": check,
            "/v1/claims/{}/letters/{}": letter,
        } | await table_exports.taken(service, adjuster, "claims", JOBS[EXPORT]),
        better={path: {"/v1/claims/{}": bound} for path in _OF_A_BOUND_CLAIM}
        | {"/v1/duty-rosters/{unit_code}/{month}": {"/v1/duty-rosters/{}": "320102", "/v1/duty-rosters/{}/{}": MONTH}}
        | await beside(settled, OWN, bound),
        bodies={
            "POST /v1/claims/{record_id}/reveals": {"field": "reporter.name"},
            "POST /v1/payments/{record_id}/reveals": {"field": "payee.account"},
        },
        searches={
            "/v1/claims/searches": {"reporter_name": "欧阳岚", "include_total": True},
            "/v1/claims/policies/searches": {"phone": "13800001234"},
        },
        creations=_claims_made(claim, waiting, accident),
        summaries={
            "/v1/claims/retention": "on=2099-01-01", "/v1/claims/statistics": "group_by=unit",
            "/v1/duty-calls/rates": f"from_on={legal_day(process_now()).isoformat()}",
        },
    )  # fmt: skip


def _claims_made(claim: str, waiting: str, accident: str) -> dict[str, Callable[[bool], Any]]:
    """Bodies that name what is there, or nothing: the claim, and a file that waits for its report."""
    return {
        "/v1/claims": lambda known: report(policy_no=None, unit_code=None, upload_ids=[waiting if known else NONE]),
        "/v1/exports/claims": lambda known: table_exports.table("claims", accident_id=accident if known else NONE),
        "/v1/duty-calls": lambda known: {
            "call_ref": "2", "unit_code": "320102" if known else NONE, "received_at": rfc3339(process_now()),
        },
        "/v1/claims/batches": lambda known: {"action": "dispatch", "items": [
            {"ref": "1", "claim_id": claim if known else NONE, "version": 1, "surveyor_person_id": NONE}
        ]},
    }  # fmt: skip


async def _duty(life: ClaimLife) -> tuple[str, str]:
    """A roster of the unit, and an import of calls that somebody at the unit started."""
    agent, head = actor("service_agent", OWN), actor("department_head", OWN, level="central_branch")
    await life.appoint(agent)
    begins, ends = month_bounds(MONTH)
    shift = {"person_id": str(agent.person_id), "starts_at": rfc3339(begins), "ends_at": rfc3339(ends)}
    planned = await life.service.call(head, "PUT", f"/v1/duty-rosters/320102/{MONTH}", {"shifts": [shift]})
    assert planned.status_code == 200, planned.text
    call = {"call_ref": "1", "unit_code": "320102", "received_at": rfc3339(process_now())}
    headers = {"Content-Type": "application/x-ndjson"}
    started = await life.service.call(head, "POST", "/v1/duty-calls", headers=headers, content=json.dumps(call))
    assert started.status_code == 202, started.text
    await Runner(life.service.db, {CALL_IMPORT: import_call}).run_once()
    return planned.json()["id"], started.json()["id"]


_OF_A_BOUND_CLAIM = (
    "/v1/claims/{claim_id}/file/loans", "/v1/claims/{claim_id}/file/manifest", "/v1/claims/{claim_id}/file/returns",
    "/v1/claims/{claim_id}/file/supplements", "/v1/claims/{claim_id}/approval", "/v1/claims/{claim_id}/losses",
    "/v1/claims/{claim_id}/calculation-sheets", "/v1/claims/{claim_id}/payees",
)  # fmt: skip


async def _bound(world: SettledWorld) -> tuple[str, str]:
    """A claim that went through everything, and its payment."""
    claim_id = await world.decided(path=OWN)
    cashier = actor("cashier", CENTRAL)
    assert (await world.agree(claim_id, OWN)).status_code == 201
    ordered = await world.order(claim_id, who=actor("adjuster", OWN))
    assert ordered.status_code == 201, ordered.text
    payment = ordered.json()["id"]
    for answer in (
        await world.confirm(payment, who=cashier),
        await world.serve(claim_id, "partial", OWN),
        await world.explain(claim_id, OWN),
        await world.close(claim_id, OWN),
        await world.bind(claim_id, actor("archivist", OWN)),
    ):
        assert answer.status_code == 201, answer.text
    return str(claim_id), payment


APART = ("case", "officer")
"""What has a path of its own, not one below the complaint."""


def _officer(known: bool) -> dict[str, Any]:
    unit, staff_no = "32" if known else "3399", complaint_world.DEPUTY.staff_no
    return {"unit_code": unit, "staff_no": staff_no, "duty": "deputy", "from_on": "2026-01-01"}


async def complaints_world(service: ServiceUnderTest) -> RouteWorld:
    """A complaint about a claim in the hands of an officer, and its file."""
    await complaint_world.appoint(service, *complaint_world.IN_OFFICE)
    await complaint_world.know_claim(service)
    waiting = await _uploaded(service, complaint_world.AGENT, "/v1/complaints")
    made = await complaint_world.assigned(service, about={"claim_no": complaint_world.CLAIM_NO})
    path = f"/v1/complaints/{made['id']}"
    parts = await complaint_world.parts(service, made)
    taken = await table_exports.taken_out(service)
    customer = (await service.get(complaint_world.HEAD, path)).json()["customer_id"]
    return RouteWorld(
        service,
        known={
            "/v1/complaints/{}": made["id"],
            "/v1/complaints/{}/attachments/{}": await _attached(service, complaint_world.AGENT, path),
            **{f"/v1/complaints/{{}}/{name}/{{}}": one for name, one in parts.items() if name not in APART},
            "/v1/mis-selling-cases/{}": parts["case"],
            **taken,
            "/v1/complaint-officers/{}": parts["officer"],
        },
        bodies={
            "POST /v1/complaints/{complaint_id}/decisions": complaint_world.REPLY,
            "POST /v1/complaints/{record_id}/reveals": {"field": "complainant.name"},
        },
        creations={
            **table_exports.creations(customer, NONE),
            "/v1/complaints": lambda known: complaint_world.complaint(upload_ids=[waiting if known else NONE]),
            "/v1/complaint-officers": _officer,
            "/v1/mis-selling-cases": lambda known: {
                "source": {"kind": "complaint", "id": made["id"] if known else NONE},
                "seller_staff_no": complaint_world.SURVEYOR.staff_no,
            },
        },
        summaries={"/v1/complaints/statistics": "group_by=unit"},
    )  # fmt: skip


MONTH = "2099-12"
NONE = str(uuid4())
"""An id that nothing has."""
_WORLDS: dict[str, Any] = {
    "policy": policy_world, "claims": claims_world, "risk": risk_world_of_routes, "complaints": complaints_world,
    "crm": crm_world_of_routes,
}  # fmt: skip
