"""Checklists by industry and version, the points of a visit, and a site compared over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.clock import legal_day, process_now, rfc3339
from tests.support.risk_world import ENGINEER, ISSUED, SECTIONS, event, hear, policy
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TODAY = legal_day(process_now())
HEAD_OFFICE = actor("rules_manager", "00", name="rules-00")
BRANCH = actor("rules_manager", "00.32", name="rules-32")
OTHER_BRANCH = actor("risk_engineer", "00.33", name="engineer-33")


def question(
    code: str, section: str, kind: str = "yes_no", weight: int = 1, *, required: bool = False
) -> dict[str, Any]:
    words = {"zh": "是否符合要求？", "en": "Is it in order?"}
    return {
        "code": code, "section": section, "question": words, "kind": kind, "weight": weight, "required": required,
    }  # fmt: skip


ITEMS = [
    question("F1", "safety_facilities", weight=3, required=True), question("F2", "safety_facilities"),
    question("R1", "safety_rules", "scale", weight=4), question("N1", "products", "note"),
]  # fmt: skip


def published(**changes: Any) -> dict[str, Any]:
    return {
        "industry": "dangerous_chemicals", "list_version": "2026-1", "effective_from": str(TODAY), "items": ITEMS,
    } | changes  # fmt: skip


async def site_with_visits(risk: ServiceUnderTest) -> str:
    """A chemical plant whose policy is visited every three months; its id."""
    made = policy(TODAY, risk_level="high")
    await hear(risk, event(ISSUED, UUID(made["policy_id"]), made))
    body = {
        "policy_no": "PLL-1", "name": "厂区", "address": "岚江路18号", "area_code": "320102", "insured_count": 40,
        "industry": "dangerous_chemicals",
    }  # fmt: skip
    answer = await risk.post(ENGINEER, "/v1/sites", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def agreed(risk: ServiceUnderTest, n: int) -> dict[str, Any]:
    """The n-th visit, its day agreed on."""
    visit = (await risk.get(ENGINEER, "/v1/inspections")).json()["items"][n]
    body = {"scheduled_at": rfc3339(process_now()), "inspector_person_id": str(ENGINEER.person_id)}
    answer = await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/schedules", body, version=visit["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()["inspection"]


async def report(risk: ServiceUnderTest, visit: dict[str, Any], **answers: dict[str, str]) -> Any:
    sections = {name: one | {"answers": answers[name]} if name in answers else one for name, one in SECTIONS.items()}
    body = {"inspected_at": rfc3339(process_now()), "risk_level": "medium", "sections": sections}
    return await risk.post(ENGINEER, f"/v1/inspections/{visit['id']}/reports", body, version=visit["version"])


async def test_a_list_holds_for_the_unit_that_published_it_and_all_below(risk: ServiceUnderTest) -> None:
    answer = await risk.post(BRANCH, "/v1/checklists", published())
    assert answer.status_code == 201, answer.text
    path = f"/v1/checklists/{answer.json()['id']}"
    assert [one["code"] for one in (await risk.get(ENGINEER, path)).json()["items"]] == ["F1", "F2", "R1", "N1"]
    assert len((await risk.get(ENGINEER, "/v1/checklists?industry=dangerous_chemicals")).json()["items"]) == 1
    assert (await risk.get(OTHER_BRANCH, path)).status_code == 404
    assert (await risk.get(OTHER_BRANCH, "/v1/checklists")).json()["items"] == []
    refused = await risk.post(ENGINEER, "/v1/checklists", published(list_version="2026-2"))
    assert (refused.status_code, refused.json()["code"]) == (403, "action_not_permitted")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 409, "checklist_version_exists"),
        ({"list_version": "2026-2"}, 422, "checklist_not_later"),
        (
            {"list_version": "2026-2", "effective_from": (TODAY - timedelta(days=1)).isoformat()},
            422,
            "checklist_not_later",
        ),
        ({"industry": "mining", "items": [ITEMS[0], ITEMS[0]]}, 422, "validation_failed"),
        ({"industry": "mining", "items": [ITEMS[0] | {"section": "weather"}]}, 422, "validation_failed"),
        ({"industry": "mining", "items": []}, 422, "validation_failed"),
    ],
)
async def test_a_version_that_cannot_be_is_refused(
    risk: ServiceUnderTest, changes: dict[str, Any], status: int, code: str
) -> None:
    assert (await risk.post(BRANCH, "/v1/checklists", published())).status_code == 201
    refused = await risk.post(BRANCH, "/v1/checklists", published(**changes))
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_the_nearest_list_of_the_industry_comes_before_the_general_one(risk: ServiceUnderTest) -> None:
    await risk.post(HEAD_OFFICE, "/v1/checklists", published(industry="general"))
    await risk.post(HEAD_OFFICE, "/v1/checklists", published())
    near = (await risk.post(BRANCH, "/v1/checklists", published(list_version="2026-32"))).json()
    later = published(list_version="2027-1", effective_from=(TODAY + timedelta(days=40)).isoformat())
    assert (await risk.post(BRANCH, "/v1/checklists", later)).status_code == 201
    await site_with_visits(risk)
    visit = await agreed(risk, 0)
    package = (await risk.get(ENGINEER, f"/v1/inspections/{visit['id']}/package")).json()
    assert (package["checklist"]["id"], package["site"]["industry"]) == (near["id"], "dangerous_chemicals")


async def test_answers_make_points_and_wrong_or_missing_ones_are_refused(risk: ServiceUnderTest) -> None:
    await risk.post(BRANCH, "/v1/checklists", published())
    await site_with_visits(risk)
    visit = await agreed(risk, 0)
    wrong = await report(risk, visit, safety_facilities={"F2": "perhaps", "F9": "yes"})
    assert {one["code"] for one in wrong.json()["errors"]} == {"answer_off_scale", "item_unknown", "answer_missing"}
    done = await report(
        risk, visit, safety_facilities={"F1": "yes", "F2": "no"}, safety_rules={"R1": "4"}, products={"N1": "环氧树脂"}
    )
    assert done.status_code == 201, done.text
    # facilities 3 of 4; rules 4/5; whole (3 + 4 × 0.8) of 8
    assert done.json()["told"]["scores"] == {"safety_facilities": "75.0", "safety_rules": "80.0"}
    assert done.json()["told"]["score"] == "77.5"


async def test_a_site_is_compared_over_time(risk: ServiceUnderTest) -> None:
    await risk.post(BRANCH, "/v1/checklists", published())
    site = await site_with_visits(risk)
    assert (await risk.get(ENGINEER, f"/v1/sites/{site}/comparison")).json()["visits"] == []
    for n, answers in enumerate(({"F1": "no", "F2": "no"}, {"F1": "yes", "F2": "n_a"})):
        done = await report(risk, await agreed(risk, n), safety_facilities=answers)
        assert done.status_code == 201, done.text
    told = (await risk.get(ENGINEER, f"/v1/sites/{site}/comparison")).json()["visits"]
    assert [(one["score"], one.get("change")) for one in told] == [("0.0", None), ("100.0", "100.0")]
    assert told[1]["changes"] == {"safety_facilities": "100.0"}
    assert told[0]["checklist"] == "dangerous_chemicals 2026-1"
