"""The report and the assessment as pages for the customer: what they say, and when there is none."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

from shared.clock import legal_day, process_now, rfc3339
from tests.support.risk_world import ENGINEER, HAZARD, ISSUED, SECTIONS, event, hear, policy
from tests.support.services import ServiceUnderTest


async def agreed(risk: ServiceUnderTest) -> str:
    """The path of a visit whose day is agreed on."""
    made = policy(legal_day(process_now()))
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    visit = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][0]
    here = f"/v1/inspections/{visit['id']}"
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    assert (await risk.post(ENGINEER, f"{here}/schedules", body, version=visit["version"])).status_code == 201
    return here


async def issued(risk: ServiceUnderTest, record: str, kind: str) -> Any:
    answer = await risk.post(ENGINEER, f"{record}/letters", {"kind": kind})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_report_is_a_page_once_there_is_one_and_is_printed_again_to_the_byte(risk: ServiceUnderTest) -> None:
    here = await agreed(risk)
    early = await risk.post(ENGINEER, f"{here}/letters", {"kind": "inspection_report"})
    assert (early.status_code, early.json()["code"]) == (409, "state_conflict")
    hazard = await risk.call(ENGINEER, "PUT", f"{here}/hazards/h-1", HAZARD | {"comment": "含相邻车间"})
    assert hazard.status_code == 200, hazard.text
    counted = SECTIONS | {"safety_facilities": {"text": "配置齐全", "counts": {"灭火器": 24}}}
    told = {"inspected_at": rfc3339(process_now()), "risk_level": "high", "sections": counted}
    version = (await risk.get(ENGINEER, here)).json()["version"]
    assert (await risk.post(ENGINEER, f"{here}/reports", told, version=version)).status_code == 201
    shown = await risk.post(ENGINEER, f"{here}/letters?dry_run=true", {"kind": "inspection_report"})
    page = base64.b64decode(shown.json()["page"])
    assert (shown.json()["title"], page[:5]) == ("安全检查报告", b"%PDF-")
    letter = await issued(risk, here, "inspection_report")
    again = await risk.get(ENGINEER, f"{here}/letters/{letter['letter_id']}/page")
    assert again.content[:5] == b"%PDF-"
    assert (await risk.get(ENGINEER, f"{here}/letters/{letter['letter_id']}/page")).content == again.content
    other = await risk.post(ENGINEER, f"{here}/letters", {"kind": "risk_assessment"})
    assert (other.status_code, other.json()["code"]) == (409, "letter_template_missing")


async def test_the_assessment_is_a_page_for_the_customer_with_its_receipt(risk: ServiceUnderTest) -> None:
    body = {
        "customer_id": str(uuid4()), "score": 55, "summary": "仓储区风险较高。", "advice": ["三个月内补装仓库喷淋"],
        "factors": [{"factor": "消防设施", "finding": "喷淋覆盖不足"}],
    }  # fmt: skip
    made = (await risk.post(ENGINEER, "/v1/risk-assessments", body)).json()
    record = f"/v1/risk-assessments/{made['id']}"
    letter = await issued(risk, record, "risk_assessment")
    assert letter["title"] == "风险评估报告"
    receipt = {"at": rfc3339(process_now()), "method": "personal_delivery"}
    path = f"{record}/letters/{letter['letter_id']}/receipts"
    served = await risk.post(ENGINEER, path, receipt, version=1)
    assert served.status_code == 201, served.text
    twice = await risk.post(ENGINEER, path, receipt, version=2)
    assert (twice.status_code, twice.json()["code"]) == (409, "letter_served_already")
