"""A chemical plant is looked after: planned and due, visited without a connection, its hazards told, overdue, cured.

Work-safety liability, 5,000,000 per accident, three claims in twelve months: a key risk. Due on 15 July, told on
30 June, visited on 13 July, the notice served on the 14th; one hazard is overdue on 30 July, the other cured on
10 August.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from tests.support.claim_life import MovedClock, report
from tests.support.gateway import SignedIn
from tests.support.journeys import CHEMICAL, ago, move, reported, sold
from tests.support.risk_world import CUSTOMER_SIGNS, INSPECTOR_SIGNS, SECTIONS
from tests.support.sample_files import pdf, picture
from tests.support.services import ServiceUnderTest
from tests.support.system import System

BEGINS = "2026-06-01T09:00"
PERIOD = {
    "starts_at": "2026-04-15T00:00:00+08:00", "effective_at": "2026-04-15T00:00:00+08:00",
    "ends_at": "2027-04-15T00:00:00+08:00",
}  # fmt: skip
H1 = {
    "description": "反应釜安全阀失效", "likelihood": "3", "exposure": "6", "consequence": "15", "place": "一号车间",
    "probable_maximum_loss": "2400000.00", "reasoning": "一次爆炸波及一个车间",
}  # fmt: skip
H2 = {
    "description": "配电箱无漏电保护", "likelihood": "1", "exposure": "3", "consequence": "7", "place": "二号车间",
    "probable_maximum_loss": "80000.00", "reasoning": "一人触电",
}  # fmt: skip
ITEM = {
    "item": "危险源辨识培训", "measure": "对班组长以上人员每季度培训一次", "frequency": "quarterly",
    "people": ["注册安全工程师1名", "企业安全负责人"],
}  # fmt: skip


@dataclass
class Plant:
    """The plant, seen by the engineer of its central branch."""

    system: System
    policy: dict[str, Any]

    async def engineer(self) -> SignedIn:
        return await self.system.enter("risk_engineer", self.policy["unit_code"][:4])

    async def read(self, path: str) -> dict[str, Any]:
        answer = await self.system.gateway.get(await self.engineer(), path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    async def of(self, collection: str) -> list[dict[str, Any]]:
        number = self.policy["policy_no"]
        return (await self.read(f"/v1/{collection}?policy_no={number}"))["items"]

    async def act(self, record: str, below: str, body: Any, *, method: str = "POST") -> Any:
        """An act on a record at its present version."""
        version = (await self.read(record))["version"]
        who = await self.engineer()
        return await self.system.gateway.call(who, method, f"{record}/{below}", body, version=version)

    async def done(self, record: str, below: str, body: Any, *, method: str = "POST") -> dict[str, Any]:
        answer = await self.act(record, below, body, method=method)
        assert answer.status_code in (200, 201), f"{below}: {answer.text}"
        return answer.json()

    async def refused(self, status: int, code: str, record: str, below: str, body: Any) -> None:
        """The act is refused so, and the record stays as it was."""
        before = await self.read(record)
        answer = await self.act(record, below, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert (await self.read(record))["version"] == before["version"]

    async def attached(self, record: str, *, photo: bool = False) -> str:
        file = ("photo.jpg", picture()) if photo else ("receipt.pdf", pdf())
        who = await self.engineer()
        answer = await self.system.gateway.call(who, "POST", f"{record}/attachments", files={"file": file})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


async def test_a_chemical_plant_is_visited_and_its_hazards_followed_up(clock: MovedClock, system: System) -> None:
    plant = Plant(system, await sold(system, CHEMICAL, **PERIOD))
    await _planned(plant)
    move(system, clock, "2026-06-20T10:00")
    await _three_claims(plant)
    visit = await _announced(plant, clock)
    move(system, clock, "2026-07-13T08:00")
    await _agreed(plant, visit)
    move(system, clock, "2026-07-13T15:00")
    h1, h2 = await _seen_without_a_connection(plant, visit)
    await _reported_and_signed(plant, visit)
    move(system, clock, "2026-07-14T10:00")
    await _told_in_writing(plant, visit, h1, h2)
    move(system, clock, "2026-07-30T08:00")
    await _overdue(plant, h1)
    move(system, clock, "2026-08-10T09:00")
    await _second_one_cured(plant, h1, h2)


async def _planned(plant: Plant) -> None:
    """High risk: every three months; the prevention plan is written and confirmed; one site is registered."""
    [plan] = await plant.of("inspection-plans")
    assert plan["due_dates"] == ["2026-07-15", "2026-10-15", "2027-01-15"]
    [prevention] = await plant.of("prevention-plans")
    here = f"/v1/prevention-plans/{prevention['id']}"
    word = {"confirmed_at": ago(minutes=5), "method": "seal", "confirmed_by": "安全负责人"}
    await plant.refused(409, "prevention_plan_empty", here, "confirmations", word)
    await plant.done(here, "items", {"items": [ITEM]}, method="PUT")
    assert (await plant.done(here, "confirmations", word))["prevention_plan"]["status"] == "confirmed"
    site = {
        "policy_no": plant.policy["policy_no"], "name": "岚江化工厂区", "address": "岚江路18号",
        "area_code": plant.policy["unit_code"], "position": {"lon": "118.796877", "lat": "32.060255"},
        "insured_count": 180, "industry": "dangerous_chemicals",
    }  # fmt: skip
    answer = await plant.system.gateway.post(await plant.engineer(), "/v1/sites", site)
    assert answer.status_code == 201, answer.text
    assert {one["site_id"] for one in await plant.of("inspections")} == {answer.json()["id"]}


async def _three_claims(plant: Plant) -> None:
    """With the third claim the customer is a key risk by limit, concentration and frequency alike."""
    unit = plant.policy["unit_code"]
    for hours in (2, 200, 500):
        body = report(
            policy_no=plant.policy["policy_no"], unit_code=unit, loss_at=ago(hours=hours), injured=[], injured_count=1
        )
        await reported(plant.system, unit, body)
    await plant.system.drain()
    [file] = (await plant.read("/v1/key-risk-files"))["items"]
    assert (file["status"], set(file["criteria"])) == ("open", {"high_limit", "concentration", "frequency"})


async def _announced(plant: Plant, clock: MovedClock) -> dict[str, Any]:
    """Nothing on 29 June; on the 30th, 15 days before, once, however often one looks."""
    system = plant.system
    move(system, clock, "2026-06-29T09:00")
    await system.tick("risk")
    assert {one.get("stage") for one in await plant.of("inspections") if one["kind"] == "periodic"} == {None}
    move(system, clock, "2026-06-30T09:00")
    await system.tick("risk")
    await system.tick("risk")
    told = [one for one in await plant.of("inspections") if one.get("stage") is not None]
    assert [(one["due_on"], one["stage"]) for one in told] == [("2026-07-15", "t_15")]
    database = system.workers["risk"].database
    rows = await ServiceUnderTest("risk", None, None, database).rows(  # type: ignore[arg-type]
        kernel.tables["outbox"], subject="risk.inspection.due.v1"
    )
    assert len(rows) == 1
    day = await plant.read("/v1/inspection-calendar?from=2026-07-15&to=2026-07-15")
    assert [one["inspection_id"] for item in day["items"] for one in item["entries"]] == [told[0]["id"]]
    return told[0]


async def _agreed(plant: Plant, visit: dict[str, Any]) -> None:
    here, engineer = f"/v1/inspections/{visit['id']}", await plant.engineer()
    body = {"scheduled_at": "2026-07-13T14:00:00+08:00", "inspector_person_id": engineer.id}
    await plant.done(here, "schedules", body)
    word = {"confirmed_at": ago(minutes=1), "channel": "phone", "confirmed_by": "安全负责人"}
    await plant.done(here, "confirmations", word)
    await plant.refused(409, "state_conflict", here, "feedback", {"role": "leader", "text": "无意见"})
    package = await plant.read(f"{here}/package")
    assert (package["site"]["name"], len(package["claims"]), len(package["sections"])) == ("岚江化工厂区", 3, 8)


async def _seen_without_a_connection(plant: Plant, visit: dict[str, Any]) -> tuple[str, str]:
    """Sections and hazards are sent when there is a connection again, some of them twice."""
    here, engineer, gate = f"/v1/inspections/{visit['id']}", await plant.engineer(), plant.system.gateway
    for name in [*SECTIONS, "products", "hazards"]:
        part = {"text": f"{name} 已检查", "client_id": f"pad-{name}", "written_at": "2026-07-13T14:20:00+08:00"}
        if name == "accident_history":
            part |= {"text": "无事故", "none_found": True}
        answer = await gate.call(engineer, "PUT", f"{here}/sections/{name}", part)
        assert answer.status_code == 200, answer.text
    off = await gate.call(engineer, "PUT", f"{here}/hazards/pad-1", H1 | {"likelihood": "5"})
    assert (off.status_code, off.json()["errors"][0]["pointer"]) == (422, "#/likelihood")
    rated = [await gate.call(engineer, "PUT", f"{here}/hazards/pad-{n}", one) for n, one in ((1, H1), (1, H1), (2, H2))]
    told = [answer.json() for answer in rated]
    assert [(one["score"], one["class"]) for one in told] == [("270", "high"), ("270", "high"), ("21", "general")]
    assert told[0]["id"] == told[1]["id"]
    return told[0]["id"], told[2]["id"]


async def _reported_and_signed(plant: Plant, visit: dict[str, Any]) -> None:
    """“No accidents” against three claims is explained before anybody signs; with both feedbacks the visit closes."""
    here = f"/v1/inspections/{visit['id']}"
    future = {"inspected_at": "2026-07-13T16:00:00+08:00", "risk_level": "high"}
    await plant.refused(422, "occurred_in_future", here, "reports", future)
    told = await plant.done(here, "reports", {"inspected_at": "2026-07-13T14:00:00+08:00", "risk_level": "high"})
    assert told["told"]["warnings"] == ["accident_history_contradicted"]
    now = {"signed_at": rfc3339(process_now())}
    await plant.refused(409, "contradiction_unexplained", here, "signatures", INSPECTOR_SIGNS | now)
    await plant.done(here, "explanations", {"text": "三起均为轻微擦伤，企业未作事故登记。"})
    for side in (INSPECTOR_SIGNS, CUSTOMER_SIGNS):
        await plant.done(here, "signatures", side | now)
    one = await plant.done(here, "feedback", {"role": "leader", "text": "同意整改"})
    assert one["inspection"]["status"] == "reported"
    await plant.refused(422, "feedback_empty", here, "feedback", {"role": "safety_head"})
    both = await plant.done(here, "feedback", {"role": "safety_head", "text": "已断电挂牌"})
    assert both["inspection"]["status"] == "closed"


async def _told_in_writing(plant: Plant, visit: dict[str, Any], h1: str, h2: str) -> None:
    gate, engineer = plant.system.gateway, await plant.engineer()
    body = {"inspection_id": visit["id"], "hazard_ids": [h1, h2]}
    issued = await gate.post(engineer, "/v1/rectification-notices", body)
    assert issued.status_code == 201, issued.text
    here = f"/v1/rectification-notices/{issued.json()['id']}"
    told = {"at": rfc3339(process_now()), "method": "personal_delivery"}
    await plant.refused(422, "receipt_required", here, "receipts", told)
    proof = await plant.attached(here)
    served = await plant.done(here, "receipts", told | {"receipt_attachment_id": proof})
    days = {one["hazard_id"]: one["due_on"] for one in served["hazards"]}
    assert days == {h1: "2026-07-29", h2: "2026-08-13"}


async def _overdue(plant: Plant, h1: str) -> None:
    """One day late it is the matter of the level above, told once; by word alone it is not closed."""
    await plant.system.tick("risk")
    await plant.system.tick("risk")
    await plant.system.drain()
    here = f"/v1/hazards/{h1}"
    assert (await plant.read(here))["status"] == "escalated"
    history = [one["action"] for one in (await plant.read(f"{here}/history"))["items"]]
    assert history.count("overdue") == 1
    await plant.refused(422, "evidence_required", here, "closures", {})


async def _second_one_cured(plant: Plant, h1: str, h2: str) -> None:
    """Another visit sees it, with a photo; the other hazard stays open, and the next first notice shows it."""
    gate, engineer, number = plant.system.gateway, await plant.engineer(), plant.policy["policy_no"]
    body = {"kind": "re_inspection", "policy_no": number, "due_on": "2026-08-10", "reason": "复查隐患"}
    opened = await gate.post(engineer, "/v1/inspections", body)
    assert opened.status_code == 201, opened.text
    again = f"/v1/inspections/{opened.json()['inspection']['id']}"
    await plant.done(again, "schedules", {"scheduled_at": ago(minutes=30), "inspector_person_id": engineer.id})
    told = {"inspected_at": ago(minutes=10), "risk_level": "medium", "sections": SECTIONS}
    await plant.done(again, "reports", told)
    here = f"/v1/hazards/{h2}"
    photo = await plant.attached(here, photo=True)
    seen = {
        "kind": "re_inspection", "told": "漏电保护已加装", "cured": True, "attachment_ids": [photo],
        "inspection_id": again.rpartition("/")[2],
    }  # fmt: skip
    evidence = await plant.done(here, "evidence", seen)
    closed = await plant.done(here, "closures", {"evidence_ids": [evidence["id"]]})
    assert closed["hazard"]["status"] == "closed"
    await plant.system.drain()
    unit = plant.policy["unit_code"]
    claim = (await reported(plant.system, unit, report(policy_no=number, unit_code=unit, loss_at=ago(hours=1)))).claim
    assert [one["hazard_id"] for one in claim["open_hazards"]] == [h1]
