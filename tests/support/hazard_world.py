"""A visit with hazards, its notice, and another visit, made through HTTP as engineers make them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.risk.exposure.tables import Base
from shared.clock import at_midnight, legal_day, process_now, rfc3339, shift
from tests.support.risk_world import ENGINEER, HAZARD, ISSUED, event, hear, policy
from tests.support.sample_files import pdf, picture
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HEAD = actor("department_head", "00.32.3201", name="head-3201")
BRANCH_HEAD = actor("department_head", "00.32", name="head-32")
HAZARDS, INSPECTIONS = Base.metadata.tables["hazards"], Base.metadata.tables["inspections"]
HIGH = HAZARD | {"place": "一号车间", "comment": "含相邻车间"}
GENERAL = HAZARD | {
    "description": "配电箱无漏电保护", "likelihood": "1", "exposure": "3", "consequence": "7",
    "probable_maximum_loss": "80000.00", "reasoning": "一人触电", "place": "二号车间",
}  # fmt: skip


def today() -> date:
    return legal_day(process_now())


async def insured(risk: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A policy in force, as heard of."""
    given: dict[str, Any] = {"risk_level": "high"} | changes
    told = policy(today() - timedelta(days=30), **given)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    return told


async def visit(risk: ServiceUnderTest, policy_no: str = "PLL-1", kind: str = "ad_hoc") -> dict[str, Any]:
    """A visit opened for the policy and agreed on."""
    body = {"kind": kind, "policy_no": policy_no, "due_on": str(today() + timedelta(days=3)), "reason": "客户要求"}
    made = await risk.post(ENGINEER, "/v1/inspections", body)
    assert made.status_code == 201, made.text
    one = made.json()["inspection"]
    agreed = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    answer = await risk.post(ENGINEER, f"/v1/inspections/{one['id']}/schedules", agreed, version=one["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()["inspection"]


async def rated(risk: ServiceUnderTest, visit_id: str, *hazards: dict[str, Any]) -> list[dict[str, Any]]:
    """Hazards found during a visit."""
    made = []
    for n, one in enumerate(hazards):
        answer = await risk.call(ENGINEER, "PUT", f"/v1/inspections/{visit_id}/hazards/h-{n}", one)
        assert answer.status_code == 200, answer.text
        made.append(answer.json())
    return made


async def report(risk: ServiceUnderTest, visit_id: str) -> None:
    """The visit is reported now; what a report has to say is no matter of hazards."""
    async with risk.db.transaction(ENGINEER) as tx:
        told = {"status": "reported", "inspected_at": tx.now, "reported_at": tx.now, "risk_level": "medium"}
        await tx.execute(INSPECTIONS.update().where(INSPECTIONS.c.id == UUID(visit_id)).values(**told))


async def attached(risk: ServiceUnderTest, path: str, *, photo: bool = False) -> str:
    """A file of the record at `path`."""
    file = ("photo.jpg", picture()) if photo else ("receipt.pdf", pdf())
    answer = await risk.call(ENGINEER, "POST", f"{path}/attachments", files={"file": file})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def noticed(risk: ServiceUnderTest, visit_id: str, hazards: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The notice about these hazards, not served yet."""
    body = {"inspection_id": visit_id, "hazard_ids": [one["id"] for one in hazards], **more}
    answer = await risk.post(ENGINEER, "/v1/rectification-notices", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def served(risk: ServiceUnderTest, notice: dict[str, Any], **changes: Any) -> Any:
    """The answer to recording the service of a notice."""
    path = f"/v1/rectification-notices/{notice['id']}"
    proof = await attached(risk, path)
    version = (await risk.get(ENGINEER, path)).json()["version"]
    told = {"at": rfc3339(process_now()), "method": "personal_delivery", "receipt_attachment_id": proof} | changes
    body = {name: value for name, value in told.items() if value is not None}
    return await risk.post(ENGINEER, f"{path}/receipts", body, version=version)


async def curing(risk: ServiceUnderTest, *hazards: dict[str, Any], **policy_changes: Any) -> dict[str, Any]:
    """`{policy, visit, hazards, notice}`: hazards that the customer is curing since today."""
    told = await insured(risk, **policy_changes)
    seen = await visit(risk, told["policy_no"])
    found = await rated(risk, seen["id"], *(hazards or (HIGH,)))
    await report(risk, seen["id"])
    notice = await noticed(risk, seen["id"], found)
    answer = await served(risk, notice)
    assert answer.status_code == 201, answer.text
    return {"policy": told, "visit": seen, "hazards": found, "notice": notice}


async def act(risk: ServiceUnderTest, hazard_id: str, verb: str, body: dict[str, Any], who: Any = ENGINEER) -> Any:
    """The answer to an act on the hazard as it is now."""
    version = (await risk.get(ENGINEER, f"/v1/hazards/{hazard_id}")).json()["version"]
    return await risk.post(who, f"/v1/hazards/{hazard_id}/{verb}", body, version=version)


async def look_again(risk: ServiceUnderTest, hazard_id: str, *, cured: bool = True, **changes: Any) -> Any:
    """The answer to the evidence of another visit, which was made and reported for it."""
    again = await visit(risk, kind="re_inspection")
    await report(risk, again["id"])
    photo = await attached(risk, f"/v1/hazards/{hazard_id}", photo=True)
    body = {
        "kind": "re_inspection", "told": "已复查", "cured": cured, "inspection_id": again["id"],
        "attachment_ids": [photo],
    }  # fmt: skip
    return await act(risk, hazard_id, "evidence", body | changes)


async def status_of(risk: ServiceUnderTest, hazard_id: str) -> str:
    return (await risk.get(ENGINEER, f"/v1/hazards/{hazard_id}")).json()["status"]


def after(days: int) -> timedelta:
    """How far to move the clock to be at noon of the day so many days from the one that really is."""
    real = process_now() - shift()
    return at_midnight(legal_day(real) + timedelta(days=days)) + timedelta(hours=12) - real
