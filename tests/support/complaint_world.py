"""People around a complaint, and a complaint in the state a test needs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.complaints.complaint.tables import ClaimDuty, ClaimReference, PolicyDuty, PolicyReference
from shared.actor import Actor, machine
from shared.clock import legal_day, process_now, rfc3339
from shared.directory import directory_appointments, directory_persons
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

OFFICER = actor("complaint_officer", "00.32", name="officer-1")
DEPUTY = actor("complaint_officer", "00.32", name="officer-2")
ABOVE = actor("complaint_officer", "00", name="officer-00")
HEAD = actor("department_head", "00.32", name="head-32")
AGENT = actor("service_agent", "00.32.3201.320102", name="agent")
SURVEYOR = actor("surveyor", "00.32.3201.320102", name="surveyor")
SURVEYORS_HEAD = actor("department_head", "00.32.3201", name="head-3201")
IN_OFFICE = (OFFICER, DEPUTY, ABOVE, HEAD, AGENT, SURVEYOR, SURVEYORS_HEAD)
CLAIM_NO = "C2026-32-000001"
REPLY = {
    "findings": "查勘迟到两日。", "basis": "服务规范", "reasons": "调度有误。", "remedies": ["review", "litigation"],
    "outcome": "justified",
}  # fmt: skip


async def appoint(service: ServiceUnderTest, *people: Actor) -> None:
    """Put these people into the service's directory as they are."""
    async with service.db.transaction(machine(service.service)) as tx:
        for one in people:
            told = {"person_id": one.person_id, "staff_no": one.staff_no, "record_version": 1}
            await tx.execute(directory_persons.insert().values(**told, active=True, digests=[]))
            row = told | {
                "appointment_id": one.appointment_id, "position": one.position, "unit_code": one.unit_code,
                "path": one.scope, "from_on": date(2020, 1, 1), "to_on": None,
            }  # fmt: skip
            await tx.execute(directory_appointments.insert().values(**row))


TOLD = {"method": "phone", "proof_reference": "REC-1"}


async def know_claim(service: ServiceUnderTest, *, duties: tuple[Actor, ...] = (), seller: Actor | None = None) -> UUID:
    """A claim on a policy, as events would have told of it."""
    claim_id, policy_id, customer_id = uuid4(), uuid4(), uuid4()
    async with service.db.transaction(machine("complaints")) as tx:
        tx.add(
            PolicyReference(
                policy_id=policy_id, policy_no="PLL-1", customer_id=customer_id, product="public_liability",
                seller_id=None if seller is None else seller.person_id, unit_code="320102", policy_version=1,
                line="liability",
            )
        )  # fmt: skip
        if seller is not None:
            tx.add(PolicyDuty(policy_id=policy_id, person_id=seller.person_id, duty="seller"))
        tx.add(
            ClaimReference(
                claim_id=claim_id, claim_no=CLAIM_NO, policy_id=policy_id, customer_id=customer_id,
                path="00.32.3201.320102", record_version=1,
            )
        )  # fmt: skip
        for one in duties:
            tx.add(ClaimDuty(claim_id=claim_id, person_id=one.person_id, duty=one.position))
    return claim_id


def complaint(**changes: Any) -> dict[str, Any]:
    """A complaint by phone, received just now."""
    body = {
        "channel": "phone", "complainant": {"name": "司徒岚", "phone": "13800005555"}, "about": {},
        "cause": "survey_late",
        "content": "查勘员未按时到场。", "received_at": rfc3339(process_now() - timedelta(minutes=5)),
    }  # fmt: skip
    return body | changes


async def registered(service: ServiceUnderTest, who: Actor = AGENT, **changes: Any) -> dict[str, Any]:
    """A registered complaint as its taker is told."""
    answer = await service.post(who, "/v1/complaints", complaint(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def act(
    service: ServiceUnderTest, who: Actor, told: dict[str, Any], path: str, body: dict[str, Any]
) -> dict[str, Any]:
    """Carry out one act at the complaint's newest version and answer with the complaint's new state."""
    answer = await service.post(who, f"/v1/complaints/{told['id']}/{path}", body, version=told["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()["complaint"]


async def assigned(service: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A complaint in the hands of an officer."""
    told = await registered(service, **changes)
    told = await act(service, AGENT, told, "identity-checks", {"result": "confirmed"})
    return await act(service, HEAD, told, "assignments", {})


async def parts(service: ServiceUnderTest, told: dict[str, Any]) -> dict[str, str]:
    """What lies below a complaint in an officer's hands, and a case beside it: ids by the part of the path."""
    found, today = {}, legal_day(process_now()).isoformat()
    bodies = {
        "compensations": {"amount": "500.00", "reason": "误工"},
        "root-causes": {
            "action": "培训", "owner_staff_no": HEAD.staff_no, "due_on": today
        },
        "letters": {"kind": "acceptance"},
    }  # fmt: skip
    version = told["version"]
    for name, body in bodies.items():
        stated = {} if name == "letters" else {"version": version}
        answer = await service.post(OFFICER, f"/v1/complaints/{told['id']}/{name}", body, **stated)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        found[name] = made.get("letter_id") or made["id"]
        version = made.get("complaint", {"version": version})["version"]
    named = {"unit_code": "32", "staff_no": OFFICER.staff_no, "duty": "full_time", "from_on": today}
    answer = await service.post(HEAD, "/v1/complaint-officers", named)
    assert answer.status_code == 201, answer.text
    found["officer"] = answer.json()["id"]
    source = {"source": {"kind": "complaint", "id": told["id"]}, "seller_staff_no": SURVEYOR.staff_no}
    answer = await service.post(OFFICER, "/v1/mis-selling-cases", source)
    assert answer.status_code == 201, answer.text
    return found | {"case": answer.json()["id"]}
