"""A contract of March 2026 whose customer is visited in thirty days, what that visit uncovers, and a survey from its
sample to the improvement; every step through the gateway, on the day on which it happens.
"""

from __future__ import annotations

from typing import Any

from services.crm.improvement.handlers import TICKS as ACTION_TICKS
from services.crm.invitation.handlers import survey_ticks
from shared.notices import notices
from shared.ticks import run_once
from tests.support.claim_life import MovedClock
from tests.support.gateway import SignedIn
from tests.support.journeys import PUBLIC, move, sold
from tests.support.survey_world import QUESTIONS, settle
from tests.support.system import System

BEGINS = "2026-03-16T10:00"
GOOD = {
    "insuring_convenient": "yes", "cover_fits": "yes", "exclusions_clear": "yes", "signed_in_person": "yes",
    "policy_received": "yes", "attitude": "5",
}  # fmt: skip


async def done(system: System, who: SignedIn, path: str, body: Any, version: int | None = None) -> dict[str, Any]:
    answer = await system.gateway.call(who, "POST", path, body, version=version)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(system: System, who: SignedIn, path: str) -> dict[str, Any]:
    answer = await system.gateway.get(who, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def drawn_visit(system: System) -> dict[str, Any]:
    """The visit after the issue of a contract that the sample of a fifth draws; others are issued until one is."""
    head = await system.enter("department_head", "32")
    issued = {
        "issued_on": "2026-03-16", "starts_at": "2026-03-20T00:00:00+08:00", "ends_at": "2027-03-20T00:00:00+08:00",
        "effective_at": "2026-03-20T00:00:00+08:00",
    }  # fmt: skip
    for n in range(60):
        number = f"PLL2026-32-{810001 + n}"
        await sold(system, PUBLIC, policy_no=number, change={"kind": "issue", "no": number, "reason": None}, **issued)
        found = (await read(system, head, "/v1/return-visits?kind=underwriting"))["items"]
        if found:
            return found[0]
    raise AssertionError("a fifth of sixty is never none")


async def test_the_visit_of_a_new_contract_uncovers_mis_selling_which_is_put_right(
    clock: MovedClock, system: System
) -> None:
    visit = await drawn_visit(system)
    assert (visit["status"], visit["due"]["due_on"], visit["due"]["id"]) == ("planned", "2026-04-15", "DL-RV-2")
    move(system, clock, "2026-04-10T10:00")
    unit = visit["org_path"].rpartition(".")[2]
    agent = await system.enter("service_agent", unit)
    path = f"/v1/return-visits/{visit['id']}"
    tried = await done(system, agent, f"{path}/attempts", {"mode": "phone"}, visit["version"])
    assert tried["return_visit"]["status"] == "attempted"
    said = {
        "mode": "phone", "recording_ref": "REC-0410", "answers": GOOD | {"exclusions_clear": "no"},
        "opinions": [{"topic": "product", "polarity": "neutral", "text": "希望附加食品安全责任"}],
    }  # fmt: skip
    completed = await done(system, agent, f"{path}/completions", said, tried["return_visit"]["version"])
    [finding] = completed["findings"]
    assert (completed["return_visit"]["status"], finding["area"]) == ("routed", "mis_selling")
    await system.drain()
    officer = await system.enter("complaint_officer", "32")
    [case] = (await read(system, officer, "/v1/mis-selling-cases"))["items"]
    assert case["source_id"] == finding["id"]
    inbox = (await read(system, officer, "/v1/work-items?kind=finding"))["items"]
    assert [one["record"]["id"] for one in inbox] == [finding["id"]]
    steps = {"action": "explained", "text": "由非销售人员重新说明免责条款", "fixed": True}
    fixed = await done(system, officer, f"/v1/findings/{finding['id']}/follow-ups", steps, 1)
    assert fixed["finding"]["status"] == "fixed"
    assert (await read(system, agent, path))["status"] == "followed_up"


async def started(system: System) -> tuple[dict[str, Any], list[str]]:
    """A planned survey of two central branches, with its links."""
    agent, head = await system.enter("service_agent", "32"), await system.enter("department_head", "32")
    edition = {"purpose": "survey", "code": "claims", "title": {"zh": "理赔", "en": "Claims"}, "questions": QUESTIONS}
    made = await done(system, agent, "/v1/questionnaires", edition)
    await done(system, head, f"/v1/questionnaires/{made['id']}/approvals", {}, 1)
    owner = await system.enter("department_head", "3202")
    entry = {
        "code": "claims_h1", "title": {"zh": "上半年理赔满意度", "en": "Claims, first half"}, "starts_on": "2026-05-11",
        "closes_on": "2026-05-20", "touch_points": ["claim"], "owner_staff_no": owner.login.upper(),
    }  # fmt: skip
    planned = await system.gateway.call(head, "PUT", "/v1/survey-plans/2026", {"entries": [entry]})
    assert planned.status_code == 200, planned.text
    survey = await done(system, agent, "/v1/surveys", {
        "title": entry["title"], "plan_code": "claims_h1", "questionnaire_id": made["id"], "sample_per_unit": 31,
        "channel": "sms", "anonymous": True, "starts_on": "2026-05-11", "closes_on": "2026-05-20",
        "owner_staff_no": entry["owner_staff_no"],
        "frame": {"touch_points": ["claim"], "from_on": "2026-05-01", "to_on": "2026-05-11"},
    })  # fmt: skip
    await done(system, head, f"/v1/surveys/{survey['id']}/approvals", {}, survey["version"])
    await pass_time(system)
    rows = await system.rows("crm", notices.select().where(notices.c.kind == "survey_invitation"))
    return await read(system, head, f"/v1/surveys/{survey['id']}"), [one["body"].rpartition("/")[2] for one in rows]


async def pass_time(system: System) -> None:
    for tick in (*survey_ticks("http://gateway/survey"), *ACTION_TICKS):
        await run_once(system.workers["crm"].database, tick)


async def test_a_survey_goes_from_its_sample_to_its_improvement(clock: MovedClock, system: System) -> None:
    move(system, clock, "2026-05-11T10:00")
    database = system.workers["crm"].database
    await settle(database, 0, 33, "00.32.3201.320102", "public_liability")
    await settle(database, 40, 28, "00.32.3202.320205", "public_liability")
    survey, links = await started(system)
    invited = {code: one["invited"] for code, one in survey["sample"]["units"].items()}
    assert (survey["status"], invited, len(links)) == ("running", {"3201": 31, "3202": 28}, 59)
    page = await system.gateway.client.get(f"/survey/{links[0]}")
    assert (page.status_code, "上半年理赔满意度" in page.text) == (200, True)
    path = f"/v1/surveys/{survey['id']}"
    for link in links:
        said = {"token": link, "answers": {"content": "4", "told": "yes"}}
        answer = await system.gateway.client.post(f"{path}/responses", json=said)
        assert answer.status_code == 201, answer.text
    again = await system.gateway.client.post(f"{path}/responses", json={"token": links[0], "answers": {}})
    assert (again.status_code, again.json()["code"]) == (409, "survey_answered")
    page = await system.gateway.client.get(f"/survey/{links[0]}?lang=en")
    assert "We already have your answers" in page.text
    move(system, clock, "2026-05-21T09:00")
    await pass_time(system)
    head = await system.enter("department_head", "32")
    await _improved(system, clock, head, path)


async def _improved(system: System, clock: MovedClock, head: SignedIn, path: str) -> None:
    told = await read(system, head, f"{path}/results")
    assert (told["survey"]["status"], told["index"]) == ("closed", "87.5")
    assert [(one["unit_code"], one["responses"], one.get("rank")) for one in told["units"]] == [
        ("3201", 31, 1), ("3202", 28, None),
    ]  # fmt: skip
    version = told["survey"]["version"]
    both = {"summary": "告知不及时", "ranking": ["3201", "3202"]}
    small = await system.gateway.call(head, "POST", f"{path}/analyses", both, version=version)
    assert (small.status_code, small.json()["code"], small.json()["units"]) == (422, "sample_too_small", ["3202"])
    analysed = await done(system, head, f"{path}/analyses", both | {"ranking": ["3201"]}, version)
    owner = await system.enter("department_head", "3202")
    improvement = {
        "text": "每三日告知进度", "unit_code": "3202", "owner_staff_no": owner.login.upper(),
        "due_on": "2026-06-10",
    }  # fmt: skip
    action = await done(system, head, f"{path}/actions", improvement, analysed["survey"]["version"])
    items = (await read(system, owner, "/v1/work-items?kind=survey_action"))["items"]
    assert [one["record"]["id"] for one in items] == [action["id"]]
    move(system, clock, "2026-06-05T09:00")
    owner = await system.enter("department_head", "3202")
    href = f"{path}/actions/{action['id']}/completions"
    reported = await done(system, owner, href, {"text": "已上线短信提醒"}, action["version"])
    assert (reported["status"], reported["survey"]["status"]) == ("done", "done")
