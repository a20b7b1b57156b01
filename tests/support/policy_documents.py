"""What follows the issue of a policy, one record of each kind at the own unit: for walking the routes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from services.policy.core.tables import ReconciliationItem
from services.policy.policy.tables import Policy
from services.policy.worker import jobs
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.exports import EXPORT
from tests.support import table_exports
from tests.support.risk_world import appoint
from tests.support.route_walk import OWN
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

KEEPER = actor("document_custodian", OWN)
BRANCH = actor("document_custodian", "00.32")
HEAD = actor("department_head", "00.32")
FORM = {"kind": "policy_form", "prefix": "P", "first": 1, "last": 2}


async def _made(service: ServiceUnderTest, who: Any, path: str, body: Any, **options: Any) -> dict[str, Any]:
    answer = await service.post(who, path, body, **options)
    assert answer.status_code in (201, 202), answer.text
    return answer.json()


async def _attached(service: ServiceUnderTest, policy: str) -> str:
    files = {"file": ("a.pdf", pdf())}
    answer = await service.call(KEEPER, "POST", f"/v1/policies/{policy}/attachments", files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def made(service: ServiceUnderTest, policy: str, number: str) -> dict[str, str]:
    """A delivery, a letter, a file, a note, a form in stock, a volume to be destroyed, an item, a table; by path."""
    await appoint(service, KEEPER, BRANCH)
    sent = {"policy_id": policy, "item": "policy", "document_no": number, "method": "in_person"}
    delivery = await _made(service, KEEPER, "/v1/deliveries", sent)
    letter = await _made(service, KEEPER, f"/v1/policies/{policy}/letters", {"kind": "policy_schedule"})
    await _made(service, actor("service_agent", OWN), f"/v1/policies/{policy}/notes", {"text": "x"})
    named = {"unit_code": "320102", "staff_no": KEEPER.staff_no, "from_on": "2020-01-01"}
    await _made(service, HEAD, "/v1/custodians", named)
    await _made(service, KEEPER, "/v1/controlled-documents", FORM | {"unit_code": "320102"})
    forms = (await service.get(KEEPER, "/v1/controlled-documents")).json()["items"]
    volume, destruction = await _volume(service, policy, number, delivery)
    return {
        "/v1/deliveries/{}": delivery["id"],
        "/v1/policies/{}/attachments/{}": await _attached(service, policy),
        "/v1/policies/{}/letters/{}": letter["letter_id"],
        "/v1/controlled-documents/{}": forms[0]["id"],
        "/v1/archive-volumes/{}": volume,
        "/v1/archive-volumes/{}/destructions/{}": destruction,
        "/v1/core/reconciliation-items/{}": await _item(service, number),
    } | await table_exports.taken(service, KEEPER, "deliveries", jobs(b"d" * 32)[EXPORT])


async def _volume(service: ServiceUnderTest, policy: str, number: str, delivery: dict[str, Any]) -> tuple[str, str]:
    """A volume of a policy that ended long ago, put up for destruction."""
    received = {
        "received_at": process_now().isoformat(), "received_by": "欧阳岚", "relation": "employee",
        "receipt_attachment_id": await _attached(service, policy),
    }  # fmt: skip
    path = f"/v1/deliveries/{delivery['id']}/receipts"
    await _made(service, KEEPER, path, received, version=delivery["version"])
    shown = (await service.get(KEEPER, f"/v1/policies/{policy}")).json()
    items = [{"policy_no": number, "kind": "policy", "title": "保险单"}]
    volume = await _made(service, KEEPER, "/v1/archive-volumes", {"line": shown["line"], "items": items})
    path = f"/v1/archive-volumes/{volume['id']}"
    sealed = await _made(service, KEEPER, f"{path}/seals", {"box": "B", "shelf_place": "S"}, version=volume["version"])
    now = {"starts_at": shown["starts_at"], "ends_at": shown["ends_at"]}
    await _term(service, policy, process_now() - timedelta(days=8000), process_now() - timedelta(days=7700))
    asked = await _made(service, BRANCH, f"{path}/destructions", {"reason": "old"}, version=sealed["version"])
    await _term(service, policy, *now.values())
    return volume["id"], asked["id"]


async def _term(service: ServiceUnderTest, policy: str, starts_at: Any, ends_at: Any) -> None:
    days = [datetime.fromisoformat(one) if isinstance(one, str) else one for one in (starts_at, ends_at)]
    async with service.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).where(Policy.id == policy).values(starts_at=days[0], ends_at=days[1]))


async def _item(service: ServiceUnderTest, number: str) -> str:
    async with service.db.transaction(machine("policy")) as tx:
        item = ReconciliationItem
        found = await tx.scalar(select(item.id).where(item.policy_no == number).order_by(item.id).limit(1))
    return str(found)


def creations(policy: str, number: str, customer: str, nothing: str) -> dict[str, Any]:
    """Bodies that name what is there, or nothing."""
    return {
        "/v1/deliveries": lambda known: {
            "policy_id": policy if known else nothing, "item": "receipt", "document_no": "1", "method": "in_person",
        },
        "/v1/exports/policy": lambda known: table_exports.table(
            "policies", customer_id=customer if known else nothing
        ),
        "/v1/controlled-documents": lambda known: {
            "kind": "policy_form", "prefix": "P", "first": 3, "last": 3,
            "unit_code": "320102" if known else "999999",
        },
        "/v1/controlled-documents/movements": lambda known: {
            "kind": "policy_form", "prefix": "P", "first": 1 if known else 9, "last": 1 if known else 9,
            "action": "lose", "reason": "fire",
        },
        "/v1/controlled-documents/voids": lambda known: {
            "kind": "policy_form", "prefix": "P", "number": 1 if known else 9, "copies_returned": 1, "reason": "x",
        },
        "/v1/controlled-documents/counts": lambda known: {
            "month": f"{legal_day(process_now()):%Y-%m}", "counted": [], "explanation": "x",
        },
        "/v1/custodians": lambda known: {
            "unit_code": "320102" if known else "999999", "staff_no": KEEPER.staff_no, "from_on": "2026-01-01",
        },
        "/v1/archive-volumes": lambda known: {
            "line": "accident", "items": [
                {"policy_no": number if known else "X", "kind": "other", "title": "附件"}
            ],
        },
    }  # fmt: skip
