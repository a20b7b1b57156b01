"""The world of loss prevention for the walk over all routes: a record of every kind, and what names one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.actor import Actor
from shared.clock import legal_day, process_now, rfc3339
from tests.support import risk_world
from tests.support.risk_loops import SUMMARIES as LOOP_SUMMARIES
from tests.support.risk_loops import loop_creations, loop_parts
from tests.support.risk_world import ENGINEER
from tests.support.route_walk import RouteWorld
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

OWN = "00.32.3201.320102"
NONE = "0193b0c4-ffff-7fff-8fff-000000000406"
QUESTION = {
    "code": "F1", "section": "safety_facilities", "kind": "yes_no",
    "question": {"zh": "消防设施是否完好？", "en": "Are the fire-fighting facilities in order?"},
}  # fmt: skip
FIELD_BODIES = {
    "PUT /v1/inspections/{inspection_id}/sections/{section}": {
        "written_at": rfc3339(process_now() - timedelta(hours=1)),
    },
    "POST /v1/inspections/{record_id}/reveals": {"field": "customer_signer_name"},
}  # fmt: skip
SUMMARIES = {
    "/v1/inspection-calendar": f"from={legal_day(process_now())}&to={legal_day(process_now()) + timedelta(days=90)}",
}  # fmt: skip


def _site(known: bool) -> dict[str, Any]:
    return {
        "policy_no": "PLL-1" if known else "PLL-0", "name": "厂区", "address": "南京市玄武区岚江路20号",
        "area_code": "320102", "insured_count": 3, "industry": "general",
    }  # fmt: skip


def assessment(**more: Any) -> dict[str, Any]:
    """What an assessment says."""
    return {
        "score": 72, "factors": [{"factor": "消防设施", "finding": "喷淋覆盖不足"}], "advice": ["补装喷淋"],
        "summary": "总体风险中等。", **more,
    }  # fmt: skip


def _checklist(_known: bool) -> dict[str, Any]:
    return {
        "industry": "general", "list_version": "2026-9", "effective_from": str(legal_day(process_now())),
        "items": [QUESTION],
    }  # fmt: skip


async def field_parts(service: ServiceUnderTest, customer_id: str) -> dict[str, str]:
    """A site, a checklist, an assessment and a prevention plan at the own unit, with their files."""
    engineer, rules = ENGINEER, actor("rules_manager", OWN, level="branch")
    made = {
        "/v1/sites/{}": await _made(service, engineer, "/v1/sites", _site(True) | {"address": "岚江路18号"}),
        "/v1/checklists/{}": await _made(service, rules, "/v1/checklists", _checklist(True)),
    }
    body = assessment(customer_id=customer_id, policy_no="PLL-1", site_id=made["/v1/sites/{}"])
    made["/v1/risk-assessments/{}"] = await _made(service, engineer, "/v1/risk-assessments", body)
    plans = (await service.get(engineer, "/v1/prevention-plans")).json()["items"]
    made["/v1/prevention-plans/{}"] = plans[0]["id"]
    for path in ("/v1/prevention-plans/{}", "/v1/risk-assessments/{}"):
        made[f"{path}/attachments/{{}}"] = await _attached(service, path.format(made[path]))
    path = f"/v1/risk-assessments/{made['/v1/risk-assessments/{}']}/letters"
    letter = await service.post(engineer, path, {"kind": "risk_assessment"})
    assert letter.status_code == 201, letter.text
    made["/v1/risk-assessments/{}/letters/{}"] = letter.json()["letter_id"]
    return made | {"/v1/inspections/{}/sections/{}": "products"}


async def printed(service: ServiceUnderTest) -> dict[str, dict[str, str]]:
    """Another visit, which is reported and has its page: for the routes of pages, by their path."""
    visit = (await service.get(ENGINEER, "/v1/inspections?status=planned")).json()["items"][0]
    here, version = f"/v1/inspections/{visit['id']}", visit["version"]
    agreed = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    told = {"inspected_at": rfc3339(process_now()), "risk_level": "low", "sections": risk_world.SECTIONS}
    for act, body in (("schedules", agreed), ("reports", told)):
        answer = await service.post(ENGINEER, f"{here}/{act}", body, version=version)
        assert answer.status_code == 201, answer.text
        version = answer.json()["inspection"]["version"]
    letter = await service.post(ENGINEER, f"{here}/letters", {"kind": "inspection_report"})
    assert letter.status_code == 201, letter.text
    ids = {"/v1/inspections/{}": visit["id"], "/v1/inspections/{}/letters/{}": letter.json()["letter_id"]}
    below = "/v1/inspections/{record_id}/letters/{letter_id}"
    return {f"{below}/page": ids, f"{below}/receipts": ids}


async def _made(service: ServiceUnderTest, who: Any, path: str, body: dict[str, Any]) -> str:
    answer = await service.post(who, path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def field_creations(visit_id: str) -> dict[str, Callable[[bool], Any]]:
    """Bodies that name what is there, or nothing."""
    customer = str(uuid4())
    return {
        "/v1/sites": _site,
        "/v1/checklists": _checklist,
        "/v1/risk-assessments": lambda known: assessment(
            customer_id=customer, policy_no="PLL-1" if known else "PLL-0"
        ),
        "/v1/inspections/batches": lambda known: {
            "action": "reassign", "to_person_id": NONE, "reason": "休假",
            "items": [{"ref": "1", "inspection_id": visit_id if known else NONE}],
        },
    }  # fmt: skip


async def _attached(service: ServiceUnderTest, path: str) -> str:
    answer = await service.call(ENGINEER, "POST", f"{path}/attachments", files={"file": ("a.pdf", pdf())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _at_work(service: ServiceUnderTest) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A policy, its first visit that has begun, and the hazard found there."""
    engineer = ENGINEER
    sold = risk_world.policy(
        legal_day(process_now()), risk_level="high", product="work_safety_liability",
        cover={"limit_per_accident": "5000000.00", "aggregate_limit": "9000000.00"},
    )  # fmt: skip
    await risk_world.hear(service, risk_world.event(risk_world.ISSUED, UUID(sold["policy_id"]), sold))
    visit = (await service.get(engineer, "/v1/inspections")).json()["items"][0]
    below = f"/v1/inspections/{visit['id']}"
    agreed = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(engineer.person_id)}
    answer = await service.post(engineer, f"{below}/schedules", agreed, version=visit["version"])
    assert answer.status_code == 201, answer.text
    hazard = await service.call(engineer, "PUT", f"{below}/hazards/H1", risk_world.HAZARD)
    assert hazard.status_code == 200, hazard.text
    return sold, visit, hazard.json()


async def _visited(service: ServiceUnderTest) -> tuple[str, dict[str, str]]:
    """The customer of a policy of high limits, and its plan, visit, hazard and key-risk file, with their files."""
    await risk_world.appoint(service, ENGINEER)
    sold = risk_world.policy(
        legal_day(process_now()), risk_level="high", product="work_safety_liability",
        cover={"limit_per_accident": "5000000.00", "aggregate_limit": "9000000.00"},
    )  # fmt: skip
    await risk_world.hear(service, risk_world.event(risk_world.ISSUED, UUID(sold["policy_id"]), sold))
    visit = (await service.get(ENGINEER, "/v1/inspections")).json()["items"][0]
    below = f"/v1/inspections/{visit['id']}"
    agreed = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    answer = await service.post(ENGINEER, f"{below}/schedules", agreed, version=visit["version"])
    assert answer.status_code == 201, answer.text
    hazard = await service.call(ENGINEER, "PUT", f"{below}/hazards/H1", risk_world.HAZARD)
    assert hazard.status_code == 200, hazard.text
    known = {
        "/v1/inspections/{}": visit["id"], "/v1/inspections/{}/hazards/{}": "H1",
        "/v1/hazards/{}": hazard.json()["id"],
        "/v1/inspection-plans/{}": await _first(service, ENGINEER, "/v1/inspection-plans"),
        "/v1/key-risk-files/{}": await _first(service, ENGINEER, "/v1/key-risk-files"),
    }  # fmt: skip
    for path in ("/v1/inspections/{}", "/v1/hazards/{}"):
        known[f"{path}/attachments/{{}}"] = await _attached(service, path.replace("{}", known[path]))
    return sold["customer_id"], known | await field_parts(service, sold["customer_id"])


async def risk_world_of_routes(service: ServiceUnderTest) -> RouteWorld:
    """A record of every kind at the own unit."""
    customer, known = await _visited(service)
    visit, hazard = known["/v1/inspections/{}"], known["/v1/hazards/{}"]
    known |= await loop_parts(service, visit, hazard, customer)
    return RouteWorld(
        service,
        known=known,
        better=await printed(service),
        bodies={
            **FIELD_BODIES,
            "POST /v1/inspections/{inspection_id}/reports": {"sections": risk_world.SECTIONS},
            "PUT /v1/inspections/{inspection_id}/hazards/{client_id}": risk_world.HAZARD,
        },
        summaries={**SUMMARIES, **LOOP_SUMMARIES},
        creations={
            **field_creations(visit),
            **loop_creations(visit, hazard, customer),
            "/v1/inspections": lambda known: {
                "kind": "ad_hoc", "policy_no": "PLL-1" if known else "PLL-0", "reason": "after a complaint",
                "due_on": (process_now() + timedelta(days=9)).date().isoformat(),
            },
        },
    )  # fmt: skip


async def _first(service: ServiceUnderTest, who: Actor, path: str) -> str:
    return (await service.get(who, path)).json()["items"][0]["id"]
