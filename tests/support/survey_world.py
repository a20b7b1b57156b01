"""Surveys as a branch carries them out: customers with something behind them, questions, links, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.crm.customer.tables import Customer
from services.crm.events import NoticeSent
from services.crm.invitation.handlers import survey_ticks
from services.crm.reference.tables import ClaimReference, PolicyReference, RecordReference
from shared.actor import machine
from shared.clock import process_now
from shared.database import Database
from shared.notices import notices, sending
from shared.ticks import run_once
from tests.support.complaint_world import appoint
from tests.support.crm_world import CrmWorld
from tests.support.tokens import actor

BRANCH = "00.32"
DRAFTER = actor("service_agent", BRANCH, name="drafter of surveys")
HEAD = actor("department_head", BRANCH, name="head of the branch")
OWNER = actor("department_head", "00.32.3201", name="owner of improvements")
ADDRESS = "http://gateway/survey"
PLACES = {"3201": "00.32.3201.320102", "3202": "00.32.3202.320205"}

QUESTIONS: list[dict[str, Any]] = [
    {"code": "content", "form": "scale", "text_zh": "您对理赔服务的总体满意度？",
     "text_en": "How content are you with our claims service?",
     "labels": {"1": {"zh": "很不满意", "en": "Not at all"}, "5": {"zh": "非常满意", "en": "Very"}}},
    {"code": "told", "text_zh": "是否及时告知进度？", "text_en": "Were you told how it went?", "answers": ["yes", "no"],
     "labels": {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}}, "points": {"yes": 100, "no": 0}},
    {"code": "why", "form": "text", "text_zh": "哪些环节未告知？", "text_en": "What were you not told?",
     "required": False,
     "asked_if": {"question": "told", "answers": ["no"]}},
]  # fmt: skip
BEST = {"content": "5", "told": "yes"}


@dataclass
class SurveyWorld:
    """One branch with surveys of its own."""

    world: CrmWorld
    people: list[UUID] = field(default_factory=list)

    async def begin(self) -> None:
        """Whoever has a part in it is known."""
        await appoint(self.world.service, DRAFTER, HEAD, OWNER)

    async def settled(self, count: int, unit: str = "3201", product: str = "public_liability", **of: Any) -> list[UUID]:
        """So many customers of a unit, each with a claim settled yesterday."""
        made = await settle(self.world.service.db, len(self.people), count, PLACES[unit], product, **of)
        self.people += made
        return made

    async def questionnaire(self, code: str = "claims_survey", approve: bool = True) -> dict[str, Any]:
        """An edition for surveys, approved by the head of the branch."""
        said = {
            "purpose": "survey",
            "code": code,
            "title": {"zh": "理赔满意度", "en": "Claims"},
            "questions": QUESTIONS,
        }
        made = await self.post(DRAFTER, "/v1/questionnaires", said)
        if approve:
            await self.post(HEAD, f"/v1/questionnaires/{made['id']}/approvals", {}, version=1)
        return made

    def said(self, questionnaire_id: str, **changes: Any) -> dict[str, Any]:
        today = process_now().date()
        return {
            "title": {"zh": "2026年理赔服务满意度调查", "en": "Claims service 2026"}, "reason": "年中专项",
            "questionnaire_id": questionnaire_id, "sample_per_unit": 100, "channel": "sms", "anonymous": False,
            "frame": {"touch_points": ["claim"], "from_on": str(today - timedelta(days=30)), "to_on": str(today)},
            "starts_on": str(today), "closes_on": str(today + timedelta(days=7)), "owner_staff_no": OWNER.staff_no,
        } | changes  # fmt: skip

    async def draft(self, **changes: Any) -> dict[str, Any]:
        questionnaire = changes.pop("questionnaire_id", None) or (await self.questionnaire())["id"]
        return await self.post(DRAFTER, "/v1/surveys", self.said(questionnaire, **changes))

    async def running(self, **changes: Any) -> tuple[dict[str, Any], list[str]]:
        """A survey that has started, and the links that went out, in the order of the invitations."""
        survey = await self.draft(**changes)
        await self.post(HEAD, f"/v1/surveys/{survey['id']}/approvals", {}, version=1)
        await self.pass_time("surveys_started")
        return await self.read(survey["id"]), await self.links(survey["id"])

    async def links(self, survey_id: str) -> list[str]:
        """The tokens that were sent for a survey."""
        sent = await self.world.rows("notices")
        invited = {one["notice_id"] for one in await self.world.rows("survey_invitations", survey_id=UUID(survey_id))}
        bodies = [one["body"] for one in sorted(sent, key=lambda one: str(one["id"])) if one["id"] in invited]
        return [body.rpartition("/")[2] for body in bodies]

    async def deliver(self) -> None:
        """Send what waits, whatever the hour."""
        async with self.world.service.db.transaction(machine("crm")) as tx:
            await tx.execute(notices.update().where(notices.c.state == "queued").values(next_at=tx.now))
        await run_once(self.world.service.db, sending(self.world.service.app.state.settings, NoticeSent))

    async def pass_time(self, name: str) -> int:
        """What has become due by one rule."""
        [tick] = [one for one in survey_ticks(ADDRESS) if one.name == name]
        return await run_once(self.world.service.db, tick)

    async def answer(self, survey_id: str, link: str, answers: Mapping[str, str] | None = None) -> httpx.Response:
        said = {"token": link, "answers": dict(answers or BEST)}
        return await self.world.service.call(None, "POST", f"/v1/surveys/{survey_id}/responses", said)

    async def read(self, survey_id: str) -> dict[str, Any]:
        return (await self.world.service.get(HEAD, f"/v1/surveys/{survey_id}")).json()

    async def results(self, survey_id: str) -> dict[str, Any]:
        return (await self.world.service.get(HEAD, f"/v1/surveys/{survey_id}/results")).json()

    async def post(self, who: Any, path: str, said: Any, **options: Any) -> dict[str, Any]:
        answer = await self.world.service.post(who, path, said, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def answered(self, survey_id: str, links: Sequence[str], contents: Sequence[str]) -> None:
        for link, content in zip(links, contents, strict=True):
            told = await self.answer(survey_id, link, {"content": content, "told": "yes"})
            assert told.status_code == 201, told.text


async def settle(db: Database, first: int, count: int, path: str, product: str, **of: Any) -> list[UUID]:
    """So many customers at `path`, numbered from `first`, each with a claim settled yesterday, as events leave them."""
    made, today, before = [], process_now().date(), process_now() - timedelta(days=1)
    async with db.transaction(machine("crm")) as tx:
        for n in range(first, first + count):
            customer, policy, claim = uuid4(), uuid4(), uuid4()
            known = {"phone": f"138{n:08d}", "known": True, "kind": "person", "name": "张三"} | of
            tx.add(Customer(id=customer, version=1, org_path=path, unit_code=path.rpartition(".")[2], **known))
            await tx.flush()
            for record_id, kind in ((policy, "policy"), (claim, "claim")):
                row = RecordReference(record_id=record_id, kind=kind, customer_id=customer, path=path, ended=False)
                tx.session.add(row)
            tx.session.add(
                PolicyReference(
                    policy_id=policy, policy_no=f"P{n}", policy_version=1, product=product, line="liability",
                    business="group", issued_on=today - timedelta(days=90), ends_on=today + timedelta(days=270),
                )
            )  # fmt: skip
            tx.session.add(
                ClaimReference(
                    claim_id=claim, policy_id=policy, settled_version=1, reopened_version=0, settled_at=before,
                    cancelled=False,
                )
            )  # fmt: skip
            made.append(customer)
    return made


def days_on(count: int) -> date:
    return process_now().date() + timedelta(days=count)
