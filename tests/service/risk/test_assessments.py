"""Risk assessments, and visits that an application asks for before it is decided."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.risk.exposure.tables import Base
from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from tests.support.risk_world import (
    CUSTOMER_SIGNS,
    ELSEWHERE,
    ENGINEER,
    INSPECTOR_SIGNS,
    ISSUED,
    SECTIONS,
    event,
    hear,
    policy,
)
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
ASSESSMENTS, INSPECTIONS = Base.metadata.tables["risk_assessments"], Base.metadata.tables["inspections"]


def drafted(**changes: Any) -> dict[str, Any]:
    told = {
        "customer_id": str(uuid4()), "application_id": str(uuid4()), "score": 72,
        "factors": [{"factor": "消防设施", "finding": "喷淋覆盖不足", "points": -12}],
        "advice": ["三个月内补装仓库喷淋"], "summary": "总体风险中等，仓储区需改造。",
    }  # fmt: skip
    return told | changes


def handed(**changes: Any) -> dict[str, Any]:
    return {
        "handed_over": {"at": rfc3339(process_now()), "method": "in_person", "received_by": "安全负责人"} | changes
    }  # fmt: skip


def requested(**changes: Any) -> dict[str, Any]:
    return {
        "application_id": str(uuid4()), "customer_id": str(uuid4()), "reasons": ["limit"],
        "site": {"name": "岚江化工", "address": "南京市江宁区东山路1号"},
    } | changes  # fmt: skip


async def test_an_assessment_is_drafted_signed_handed_over_and_told(risk: ServiceUnderTest) -> None:
    answer = await risk.post(ENGINEER, "/v1/risk-assessments", drafted())
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["status"], told["level"], told["org_path"]) == ("draft", "medium", "00.32.3201")
    path = f"/v1/risk-assessments/{told['id']}"
    assert (await risk.get(ELSEWHERE, path)).status_code == 404
    signed = await risk.post(ENGINEER, f"{path}/signatures", handed(), version=1)
    assert signed.status_code == 201, signed.text
    [published] = await risk.rows(kernel.tables["outbox"], subject="risk.assessment.signed.v1")
    data = published["event"]["data"]
    assert (data["application_id"], data["score"], data["level"]) == (told["application_id"], 72, "medium")
    again = await risk.post(ENGINEER, f"{path}/signatures", handed(), version=2)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"score": 101}, "score_out_of_range"),
        ({"score": -1}, "score_out_of_range"),
        ({"advice": []}, "advice_required"),
        ({"advice": ["  "]}, "advice_required"),
        ({"factors": []}, "factors_required"),
        ({"inspection_id": str(uuid4())}, "reference_not_found"),
        ({"policy_no": "PLL-9"}, "reference_not_found"),
    ],
)
async def test_an_assessment_without_points_advice_or_factors_is_refused(
    risk: ServiceUnderTest, changes: dict[str, Any], code: str
) -> None:
    refused = await risk.post(ENGINEER, "/v1/risk-assessments", drafted(**changes))
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert await risk.rows(ASSESSMENTS) == []


@pytest.mark.parametrize(("score", "level"), [(0, "high"), (59, "high"), (60, "medium"), (80, "low"), (100, "low")])
async def test_the_level_follows_the_points(risk: ServiceUnderTest, score: int, level: str) -> None:
    answer = await risk.post(ENGINEER, "/v1/risk-assessments", drafted(score=score))
    assert answer.json()["level"] == level


async def test_what_is_not_handed_over_is_not_signed_and_the_seller_does_not_sign(risk: ServiceUnderTest) -> None:
    made = policy(TODAY, seller_id=str(ENGINEER.person_id))
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    body = drafted(customer_id=made["customer_id"], policy_no="PLL-1")
    other = await risk.post(ENGINEER, "/v1/risk-assessments", body | {"customer_id": str(uuid4())})
    assert (other.status_code, other.json()["code"]) == (422, "customer_mismatch")
    told = (await risk.post(ENGINEER, "/v1/risk-assessments", body)).json()
    path = f"/v1/risk-assessments/{told['id']}/signatures"
    refused = await risk.post(ENGINEER, path, handed(), version=1)
    assert (refused.status_code, refused.json()["conflicting_duty"]) == (403, "seller")
    mine = (await risk.post(ENGINEER, "/v1/risk-assessments", drafted())).json()
    later = handed(at=rfc3339(process_now() + timedelta(hours=1)))
    future = await risk.post(ENGINEER, f"/v1/risk-assessments/{mine['id']}/signatures", later, version=1)
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")
    assert {one["status"] for one in await risk.rows(ASSESSMENTS)} == {"draft"}


def survey(told: dict[str, Any], **changes: Any) -> Any:
    return event("policy.survey.requested.v1", UUID(told["application_id"]), told, **changes)


def decided(told: dict[str, Any], outcome: str) -> Any:
    record = UUID(told["application_id"])
    return event("policy.application.decided.v1", record, {"application_id": str(record), "outcome": outcome}, 2)


async def test_an_application_that_asks_has_one_visit_until_its_signed_report(risk: ServiceUnderTest) -> None:
    told = requested()
    await hear(risk, survey(told), survey(told | {"reasons": ["industry"]}, version=3))
    [row] = await risk.rows(INSPECTIONS)
    assert (row["kind"], row["reasons"], str(row["application_id"])) == (
        "pre_bind", ["limit", "industry"], told["application_id"],
    )  # fmt: skip
    here = f"/v1/inspections/{row['id']}"
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    version = row["version"]
    for act, sent in (
        ("schedules", body),
        ("reports", {"inspected_at": rfc3339(process_now()), "risk_level": "high", "sections": SECTIONS}),
        ("signatures", INSPECTOR_SIGNS), ("signatures", CUSTOMER_SIGNS),
    ):  # fmt: skip
        signed = {"signed_at": rfc3339(process_now())} if act == "signatures" else {}
        answer = await risk.post(ENGINEER, f"{here}/{act}", sent | signed, version=version)
        assert answer.status_code == 201, answer.text
        version = answer.json()["inspection"]["version"]
    [published] = await risk.rows(kernel.tables["outbox"], subject="risk.inspection.completed.v1")
    data = published["event"]["data"]
    assert (data["application_id"], data["kind"], data["risk_level"]) == (told["application_id"], "pre_bind", "high")
    assert {"inspector_id", "inspected_at", "signed_at"} <= set(data)
    draft = drafted(customer_id=told["customer_id"], inspection_id=str(row["id"])) | {"application_id": None}
    answer = await risk.post(ENGINEER, "/v1/risk-assessments", draft)
    assert answer.json()["application_id"] == told["application_id"], answer.text


@pytest.mark.parametrize("order", list(itertools.permutations(("asked", "ended"))))
async def test_nobody_goes_for_an_application_that_has_ended_in_whatever_order(
    risk: ServiceUnderTest, order: tuple[str, ...]
) -> None:
    told = requested()
    arrivals = {"asked": survey(told), "ended": decided(told, "declined")}
    await hear(risk, *(arrivals[one] for one in order))
    assert [one for one in await risk.rows(INSPECTIONS) if one["status"] != "cancelled"] == []


async def test_an_approval_leaves_the_visit(risk: ServiceUnderTest) -> None:
    told = requested(site="南京市江宁区东山路1号")
    await hear(risk, survey(told), decided(told, "approved"))
    [row] = await risk.rows(INSPECTIONS)
    assert (row["status"], row["place"]) == ("planned", {"address": "南京市江宁区东山路1号"})


async def test_whoever_sells_the_contract_does_not_survey_for_it(risk: ServiceUnderTest) -> None:
    await hear(risk, survey(requested(seller_id=str(ENGINEER.person_id))))
    [row] = await risk.rows(INSPECTIONS)
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    refused = await risk.post(ENGINEER, f"/v1/inspections/{row['id']}/schedules", body, version=row["version"])
    assert (refused.status_code, refused.json()["conflicting_duty"]) == (403, "seller")
