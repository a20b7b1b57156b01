"""Questionnaires, what customers said, surveys with their improvements, and notices at the own unit, for the walk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.crm.improvement.tables import SurveyAction
from services.crm.survey.tables import Survey, SurveyPlan
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ids import uuid7
from tests.support.crm_world import GOOD, SUB, CrmWorld, body
from tests.support.route_parts import Part
from tests.support.services import ServiceUnderTest
from tests.support.survey_world import QUESTIONS
from tests.support.tokens import actor, person

NONE = str(uuid4())
"""An id that nothing has."""
DRAFTER = actor("service_agent", SUB, level="branch", name="drafter below")


async def said_routes(service: ServiceUnderTest) -> Part:
    """An edition, an opinion, a demand, and a notice that somebody has to tell."""
    world = CrmWorld(service)
    visit = await world.visit(customer_id=str(await _customer(world)))
    said: dict[str, Any] = {
        "opinions": [{"topic": "claims", "polarity": "negative", "text": "太慢"}] * 2,
        "demands": [{"product_need": "短期意外险"}],
    }
    done = (await world.complete(visit["id"], answers=GOOD["claim_settlement"], **said)).json()
    first, second = (one["id"] for one in done["opinions"])
    head = actor("department_head", SUB, level="branch", name="head below")
    answered = await service.post(head, f"/v1/opinions/{first}/answers", {"text": "已加派人手"}, version=1)
    assert answered.status_code == 201, answered.text
    edition = await service.post(DRAFTER, "/v1/questionnaires", _edition())
    assert edition.status_code == 201, edition.text
    return Part(
        known={
            "/v1/questionnaires/{}": edition.json()["id"], "/v1/opinions/{}": second,
            "/v1/demands/{}": done["demands"][0]["id"], "/v1/messages/{}": answered.json()["notice_id"],
        },
        creations={
            "/v1/questionnaires": lambda _: _edition(),
            "/v1/return-visits/batches": lambda known: {
                "kind": "claim_settlement", "due_on": _on(9), "reason": "x",
                "items": [{"ref": "1", "about_id": visit["about"]["id"] if known else NONE}],
            },
        },
    )  # fmt: skip


async def _customer(world: CrmWorld) -> Any:
    """Somebody who wants to be called."""
    told = await world.put("C0077", **body(id_no=None, id_type=None, preferred_channel="phone"))
    assert told.status_code == 200, told.text
    return told.json()["id"]


def _edition() -> dict[str, Any]:
    return {"purpose": "survey", "code": "below", "title": {"zh": "满意度", "en": "Survey"}, "questions": QUESTIONS}


def _on(days: int) -> str:
    return (legal_day(process_now()) + timedelta(days=days)).isoformat()


async def survey_routes(service: ServiceUnderTest) -> Part:
    """A plan and a survey with an improvement, as a branch would have them."""
    edition = (await service.post(DRAFTER, "/v1/questionnaires", _edition() | {"code": "asked"})).json()["id"]
    plan, survey, action = uuid7(), uuid7(), uuid7()
    today, somebody = legal_day(process_now()), person("owner of improvements")
    async with service.db.transaction(machine("crm")) as tx:
        tx.add(SurveyPlan(id=plan, version=1, org_path=SUB, year=2025, entries=[], person_id=somebody))
        tx.add(
            Survey(
                id=survey, version=1, org_path=SUB, status="actions_tracked", title_zh="调查", title_en="Survey",
                reason="x", questionnaire_id=edition, sample_per_unit=1, channel="sms", anonymous=False,
                frame={"touch_points": ["claim"], "products": [], "unit_codes": [], "from_on": str(today),
                       "to_on": str(today)},
                starts_on=today, closes_on=today, owner_id=somebody, drafted_by=somebody,
            )
        )  # fmt: skip
        await tx.flush()
        tx.add(
            SurveyAction(
                id=action, version=1, org_path=SUB, survey_id=survey, status="open", text="告知进度",
                unit_code="320102", owner_id=somebody, due_on=today, person_id=somebody,
            )
        )  # fmt: skip
    return Part(
        known={
            "/v1/surveys/{}": str(survey), "/v1/surveys/{}/actions/{}": str(action), "/v1/survey-plans/{}": str(plan),
        },
        better={"/v1/survey-plans/{year}": {"/v1/survey-plans/{}": "2025"}},
        creations={
            "/v1/surveys": lambda known: _survey(edition if known else NONE),
            # nobody has this staff number: the walk puts no plan of its own
            "/v1/survey-plans/{year}": lambda _: {"entries": [_entry()]},
        },
    )  # fmt: skip


def _entry() -> dict[str, Any]:
    return {
        "code": "x", "title": {"zh": "x", "en": "x"}, "starts_on": "2025-03-01", "closes_on": "2025-03-31",
        "touch_points": ["claim"], "owner_staff_no": "nobody",
    }  # fmt: skip


def _survey(questionnaire_id: str) -> dict[str, Any]:
    return {
        "title": {"zh": "x", "en": "x"}, "reason": "x", "questionnaire_id": questionnaire_id, "sample_per_unit": 1,
        "channel": "sms", "starts_on": _on(1), "closes_on": _on(9), "owner_staff_no": "nobody",
        "frame": {"touch_points": ["claim"], "from_on": _on(-9), "to_on": _on(0)},
    }  # fmt: skip
