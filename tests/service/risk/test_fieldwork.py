"""A visit without a connection: its package, its sections one by one, and the report that gathers them."""

from __future__ import annotations

import asyncio
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
    HAZARD,
    INSPECTOR_SIGNS,
    ISSUED,
    SECTIONS,
    claim,
    event,
    hear,
    policy,
)
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TODAY = legal_day(process_now())
INSPECTIONS = Base.metadata.tables["inspections"]
COLLEAGUE = actor("risk_engineer", "00.32.3201", name="colleague")


async def agreed(risk: ServiceUnderTest, **told: Any) -> dict[str, Any]:
    """A visit whose day is agreed on: as it reads."""
    made = policy(TODAY, **told)
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    visit = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][0]
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    answer = await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/schedules", body, version=visit["version"])
    assert answer.status_code == 201, answer.text
    return await read(risk, visit["id"])


async def read(risk: ServiceUnderTest, visit_id: str) -> dict[str, Any]:
    return (await risk.get(ENGINEER, f"/v1/inspections/{visit_id}")).json()


def section(text: str = "已检查。", *, client_id: str = "t-1", ago: int = 60, **more: Any) -> dict[str, Any]:
    return {"text": text, "client_id": client_id, "written_at": rfc3339(process_now() - timedelta(seconds=ago))} | more


async def put(risk: ServiceUnderTest, visit: dict[str, Any], name: str, body: dict[str, Any]) -> Any:
    return await risk.call(ENGINEER, "PUT", f"/v1/inspections/{visit['id']}/sections/{name}", body)


def report(**changes: Any) -> dict[str, Any]:
    return {"inspected_at": rfc3339(process_now()), "risk_level": "medium"} | changes


async def post(risk: ServiceUnderTest, visit: dict[str, Any], act: str, body: dict[str, Any]) -> Any:
    here = f"/v1/inspections/{visit['id']}"
    version = (await risk.get(ENGINEER, here)).json()["version"]
    return await risk.post(ENGINEER, f"{here}/{act}", body, version=version)


async def reported(risk: ServiceUnderTest, **sections: Any) -> dict[str, Any]:
    visit = await agreed(risk)
    answer = await post(risk, visit, "reports", report(sections=SECTIONS | sections))
    assert answer.status_code == 201, answer.text
    return visit


def signature(side: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return side | {"signed_at": rfc3339(process_now())} | changes


async def test_the_package_holds_what_is_wanted_on_the_spot(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    loss = claim(visit["customer_id"], visit["policy_id"])
    await hear(risk, event("claims.claim.reported.v1", UUID(loss["claim_id"]), loss))
    package = (await risk.get(ENGINEER, f"/v1/inspections/{visit['id']}/package")).json()
    assert len(package["sections"]) == 8
    assert [one["claim_id"] for one in package["claims"]] == [loss["claim_id"]]
    assert "0.5" in package["scales"]["likelihood"]
    assert (package["earlier_hazards"], package["sent"]) == ([], {})
    assert (await risk.get(ELSEWHERE, f"/v1/inspections/{visit['id']}/package")).status_code == 404


async def test_sections_come_in_any_order_and_twice_without_harm(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    names = list(SECTIONS)
    parts = {name: section(f"{name} 已检查", client_id=f"t-{name}") for name in names}
    for name in [*reversed(names), *names]:
        answer = await put(risk, visit, name, parts[name])
        assert answer.status_code == 200, answer.text
    assert answer.json()["kept"] is False
    assert (await read(risk, visit["id"]))["version"] == visit["version"] + len(names)
    done = await post(risk, visit, "reports", report())
    assert done.status_code == 201, done.text
    kept = (await read(risk, visit["id"]))["sections"]
    assert {name: one["text"] for name, one in kept.items()} == {name: f"{name} 已检查" for name in names}


async def test_what_was_written_earlier_does_not_replace_what_was_written_later(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    await put(risk, visit, "products", section("后来", client_id="t-2", ago=10))
    old = await put(risk, visit, "products", section("先前", client_id="t-1", ago=600))
    assert (old.json()["kept"], old.json()["client_id"]) == (False, "t-2")
    newer = await put(risk, visit, "products", section("最后", client_id="t-3", ago=1))
    assert newer.json()["kept"] is True
    assert (await read(risk, visit["id"]))["sections"]["products"]["text"] == "最后"


async def test_the_same_section_sent_at_once_from_two_devices_is_kept_once(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    part = section("同一份")
    answers = await asyncio.gather(*(put(risk, visit, "products", part) for _ in range(4)))
    assert [one.status_code for one in answers] == [200] * 4
    assert sorted(one.json()["kept"] for one in answers) == [False, False, False, True]


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("weather", {}, "section_unknown"),
        ("safety_facilities", {"counts": {"灭火器": -1}}, "count_negative"),
        ("hazards", {"photo_ids": [str(uuid4())]}, "reference_not_found"),
        ("hazards", {"written_at": rfc3339(process_now() + timedelta(hours=2))}, "occurred_in_future"),
        ("hazards", {"answers": {"X": "yes"}}, "item_unknown"),
    ],
)
async def test_a_section_that_cannot_be_is_refused(
    risk: ServiceUnderTest, name: str, more: dict[str, Any], code: str
) -> None:
    visit = await agreed(risk)
    refused = await put(risk, visit, name, section() | more)
    assert refused.status_code == 422, refused.text
    told = refused.json()
    assert code in {told["code"], *(one["code"] for one in told["errors"])}
    assert (await read(risk, visit["id"]))["sections"] == {}


async def test_a_photo_of_the_visit_goes_with_its_section(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    path = f"/v1/inspections/{visit['id']}/attachments"
    files = {"file": ("photo.pdf", pdf(), "application/pdf"), "kind": (None, "photo")}
    attached = await risk.call(ENGINEER, "POST", path, files=files)
    assert attached.status_code == 201, attached.text
    kept = await put(risk, visit, "hazards", section(photo_ids=[attached.json()["id"]]))
    assert kept.status_code == 200, kept.text


async def test_a_negative_count_in_the_report_is_refused(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    wrong = SECTIONS | {"safety_facilities": {"text": "灭火器", "counts": {"灭火器": -3}}}
    refused = await post(risk, visit, "reports", report(sections=wrong))
    assert refused.status_code == 422
    assert [one["code"] for one in refused.json()["errors"]] == ["count_negative"]


async def test_feedback_before_a_report_closes_nothing(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    refused = await post(risk, visit, "feedback", {"role": "leader", "text": "无意见"})
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


async def test_a_visit_stays_open_with_one_feedback_and_silence_needs_a_reason(risk: ServiceUnderTest) -> None:
    visit = await reported(risk)
    for side in (INSPECTOR_SIGNS, CUSTOMER_SIGNS):
        assert (await post(risk, visit, "signatures", signature(side))).status_code == 201
    one = await post(risk, visit, "feedback", {"role": "leader", "text": "同意整改"})
    assert one.json()["inspection"]["status"] == "reported"
    empty = await post(risk, visit, "feedback", {"role": "safety_head"})
    assert (empty.status_code, empty.json()["code"]) == (422, "feedback_empty")
    other = await post(risk, visit, "feedback", {"role": "safety_head", "declined_reason": "不愿签署意见"})
    assert other.json()["inspection"]["status"] == "closed"


async def test_only_the_signed_report_is_told(risk: ServiceUnderTest) -> None:
    visit = await reported(risk)
    outbox = kernel.tables["outbox"]
    assert await risk.rows(outbox, subject="risk.inspection.completed.v1") == []
    await post(risk, visit, "signatures", signature(INSPECTOR_SIGNS))
    assert await risk.rows(outbox, subject="risk.inspection.completed.v1") == []
    silent = {"side": "customer", "refused_reason": "负责人不在场，拒绝代签"}
    done = await post(risk, visit, "signatures", signature(silent))
    assert done.status_code == 201, done.text
    [told] = [one["event"]["data"] for one in await risk.rows(outbox, subject="risk.inspection.completed.v1")]
    assert (told["inspector_id"], told["kind"]) == (str(ENGINEER.person_id), "periodic")
    shown = {one["side"]: one for one in (await read(risk, visit["id"]))["signatures"]}
    assert shown["customer"]["refused_reason"] == silent["refused_reason"]


async def test_signatures_that_do_not_count_are_refused(risk: ServiceUnderTest) -> None:
    visit = await reported(risk)
    version = (await read(risk, visit["id"]))["version"]
    path = f"/v1/inspections/{visit['id']}/signatures"
    other = await risk.post(COLLEAGUE, path, signature(INSPECTOR_SIGNS), version=version)
    assert (other.status_code, other.json()["code"]) == (403, "not_the_inspector")
    nameless = await risk.post(ENGINEER, path, signature({"side": "customer"}), version=version)
    assert (nameless.status_code, nameless.json()["code"]) == (422, "signature_incomplete")
    early = signature(INSPECTOR_SIGNS, signed_at=rfc3339(process_now() - timedelta(days=2)))
    before = await risk.post(ENGINEER, path, early, version=version)
    assert (before.status_code, before.json()["code"]) == (422, "signed_before_visit")
    done = await risk.post(ENGINEER, path, signature(CUSTOMER_SIGNS), version=version)
    assert done.status_code == 201, done.text
    twice = await post(risk, visit, "signatures", signature(CUSTOMER_SIGNS))
    assert (twice.status_code, twice.json()["code"]) == (409, "already_signed")


async def test_the_customers_name_is_masked_and_revealed_for_a_purpose(risk: ServiceUnderTest) -> None:
    visit = await reported(risk)
    await post(risk, visit, "signatures", signature(CUSTOMER_SIGNS))
    [shown] = (await read(risk, visit["id"]))["signatures"]
    assert shown["signer_name"] == "欧阳*"
    body = {"field": "customer_signer_name", "purpose": "核对签署人身份"}
    told = await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/reveals", body)
    assert told.json()["value"] == "欧阳岚", told.text


async def test_a_report_against_the_claims_is_explained_before_it_is_signed(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    loss = claim(visit["customer_id"], visit["policy_id"])
    await hear(risk, event("claims.claim.reported.v1", UUID(loss["claim_id"]), loss))
    silent = SECTIONS | {"accident_history": {"text": "无", "none_found": True}}
    told = await post(risk, visit, "reports", report(sections=silent))
    assert told.json()["told"]["warnings"] == ["accident_history_contradicted"]
    refused = await post(risk, visit, "signatures", signature(INSPECTOR_SIGNS))
    assert (refused.status_code, refused.json()["code"]) == (409, "contradiction_unexplained")
    explained = await post(risk, visit, "explanations", {"text": "该次事故发生在租户区域，企业未登记。"})
    assert explained.status_code == 201, explained.text
    again = await post(risk, visit, "explanations", {"text": "再说明一次"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_explain")
    assert (await post(risk, visit, "signatures", signature(INSPECTOR_SIGNS))).status_code == 201


async def test_another_day_needs_a_reason_and_the_customers_word_anew(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    word = {"confirmed_at": rfc3339(process_now()), "channel": "phone", "confirmed_by": "安全负责人"}
    assert (await post(risk, visit, "confirmations", word)).status_code == 201
    twice = await post(risk, visit, "confirmations", word)
    assert (twice.status_code, twice.json()["code"]) == (409, "state_conflict")
    day = {
        "scheduled_at": rfc3339(process_now() + timedelta(days=3)), "inspector_person_id": str(ENGINEER.person_id),
    }  # fmt: skip
    refused = await post(risk, visit, "schedules", day)
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_required")
    moved = await post(risk, visit, "schedules", day | {"reason": "客户停产检修"})
    assert moved.status_code == 201, moved.text
    read_again = await read(risk, visit["id"])
    assert (read_again["status"], read_again.get("confirmed_at")) == ("scheduled", None)


async def test_a_joint_visit_names_its_participants(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    refused = await post(risk, visit, "reports", report(sections=SECTIONS, jointly=True))
    assert [one["code"] for one in refused.json()["errors"]] == ["participants_required"]


async def test_hazards_and_sections_of_one_visit_come_beside_each_other(risk: ServiceUnderTest) -> None:
    visit = await agreed(risk)
    path = f"/v1/inspections/{visit['id']}/hazards/h-1"
    hazard = risk.call(ENGINEER, "PUT", path, HAZARD | {"comment": "含相邻车间"})
    answers = await asyncio.gather(hazard, put(risk, visit, "products", section()))
    assert [one.status_code for one in answers] == [200, 200], [one.text for one in answers]
    assert (await read(risk, visit["id"]))["status"] == "in_progress"
