"""Cases of mis-selling, actions on causes, and figures that equal the raw count."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from services.complaints.cause.handlers import EFFECTS, OVERDUE
from services.complaints.cause.tables import RootCause
from services.complaints.complaint.tables import Complaint, PolicyReference
from services.complaints.mis_selling.handlers import BREACHES
from services.complaints.mis_selling.tables import MisSellingCase
from shared.actor import machine
from shared.clock import legal_day, process_now, rfc3339
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.complaint_acts import heard, now, today, working
from tests.support.complaint_world import (
    AGENT,
    DEPUTY,
    HEAD,
    OFFICER,
    SURVEYORS_HEAD,
    act,
    appoint,
    know_claim,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

SELLER = actor("sales_agent", "00.32.3201.320102", name="seller")
CASES = "/v1/mis-selling-cases"


async def opened(complaints: ServiceUnderTest) -> dict[str, Any]:
    await appoint(complaints, SELLER)
    await know_claim(complaints, seller=SELLER)
    body = {"source": {"kind": "visit", "id": str(uuid4())}, "policy_no": "PLL-1", "seller_staff_no": SELLER.staff_no}
    answer = await complaints.post(AGENT, CASES, body)
    assert answer.status_code == 201, answer.text
    again = await complaints.post(AGENT, CASES, body)
    assert (again.status_code, again.json()["code"]) == (409, "mis_selling_case_exists")
    return answer.json()


async def step(complaints: ServiceUnderTest, who: Any, case: dict[str, Any], path: str, body: Any) -> dict[str, Any]:
    answer = await complaints.post(who, f"{CASES}/{case['id']}/{path}", body, version=case["version"])
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_case_goes_to_somebody_who_did_not_sell_and_is_not_closed_without_action(
    complaints: ServiceUnderTest,
) -> None:
    case = await opened(complaints)
    url = f"{CASES}/{case['id']}"
    for person in (SELLER, SURVEYORS_HEAD):
        body = {"handler_person_id": str(person.person_id)}
        refused = await complaints.post(HEAD, f"{url}/assignments", body, version=case["version"])
        assert (refused.status_code, refused.json()["code"]) == (403, "handler_sold")
    early = await complaints.post(OFFICER, f"{url}/findings", {"verified": True, "findings": "属实"}, version=1)
    assert (early.status_code, early.json()["code"]) == (409, "handler_missing")
    case = await step(complaints, HEAD, case, "assignments", {"handler_person_id": str(OFFICER.person_id)})
    other = await complaints.post(
        DEPUTY, f"{url}/findings", {"verified": True, "findings": "属实"}, version=case["version"]
    )
    assert (other.status_code, other.json()["code"]) == (403, "not_the_handler")
    case = await step(complaints, OFFICER, case, "findings", {"verified": True, "findings": "夸大保障范围"})
    closure = {"outcome": "put_right"}
    bare = await complaints.post(OFFICER, f"{url}/closures", closure, version=case["version"])
    assert (bare.status_code, bare.json()["code"]) == (409, "no_action_taken")
    case = await step(complaints, OFFICER, case, "actions", {"kind": "explained", "description": "说明条款"})
    words = await complaints.post(OFFICER, f"{url}/closures", closure, version=case["version"])
    assert (words.status_code, words.json()["code"]) == (422, "explanation_not_enough")
    case = await step(complaints, OFFICER, case, "actions", {"kind": "refund", "description": "全额退保"})
    case = await step(complaints, OFFICER, case, "closures", closure)
    assert case["status"] == "closed"
    events = [one for one in await complaints.rows(kernel.tables["outbox"]) if "mis_selling" in one["subject"]]
    assert [one["subject"].split(".")[2] for one in events] == ["opened", "closed"]
    assert events[1]["event"]["data"]["action"] == "refund"


async def test_the_seller_and_his_line_manager_do_not_find_the_case(complaints: ServiceUnderTest) -> None:
    case = await opened(complaints)
    for who in (SURVEYORS_HEAD, actor("complaint_officer", "00.32", name="seller")):
        assert (await complaints.get(who, f"{CASES}/{case['id']}")).status_code == 404
        assert (await complaints.get(who, CASES)).json()["items"] == []
    read = (await complaints.get(OFFICER, f"{CASES}/{case['id']}")).json()
    assert {one["action"] for one in read["available_actions"]} == {"assign", "find", "act", "close"}


async def test_fifteen_working_days_later_the_head_of_the_branch_hears(complaints: ServiceUnderTest) -> None:
    case = await opened(complaints)
    assert await run_once(complaints.db, BREACHES) == 0
    async with complaints.db.transaction(machine("complaints")) as tx:
        late = update(MisSellingCase).where(MisSellingCase.id == UUID(case["id"]))
        await tx.execute(late.values(due_at=process_now() - timedelta(hours=1)))
    assert [await run_once(complaints.db, BREACHES) for _ in range(2)] == [1, 0]


async def test_a_finding_of_a_visit_opens_its_case_once(complaints: ServiceUnderTest) -> None:
    await appoint(complaints, SELLER)
    await know_claim(complaints, seller=SELLER)
    [policy] = await complaints.rows(PolicyReference.__table__)
    finding = {
        "finding_id": str(uuid4()),
        "area": "mis_selling",
        "about_kind": "policy",
        "about": str(policy["policy_id"]),
    }
    await heard(complaints, "crm.finding.raised.v1", UUID(finding["finding_id"]), finding | {"severity": "high"})
    await heard(complaints, "crm.finding.raised.v1", UUID(finding["finding_id"]), finding | {"severity": "high"})
    await heard(complaints, "crm.finding.raised.v1", uuid4(), finding | {"area": "service", "severity": "low"})
    assert [one["seller_person_id"] for one in await complaints.rows(MisSellingCase.__table__)] == [SELLER.person_id]


async def test_an_action_on_the_cause_is_done_and_looked_at_again(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    path = f"/v1/complaints/{told['id']}/root-causes"
    body = {"action": "调整调度", "owner_staff_no": HEAD.staff_no, "due_on": today(-1)}
    refused = await complaints.post(OFFICER, path, body, version=told["version"])
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "due_in_past")
    made = await complaints.post(OFFICER, path, body | {"due_on": today(3)}, version=told["version"])
    assert made.status_code == 201, made.text
    one, version = made.json()["id"], made.json()["complaint"]["version"]
    assert await run_once(complaints.db, OVERDUE) == 0
    done = await complaints.post(
        OFFICER, f"{path}/{one}/completions", {"done_at": now(), "note": "已调整"}, version=version
    )
    assert (done.status_code, done.json()["check_on"]) == (201, today(90)), done.text
    received = {"received_at": rfc3339(process_now() - timedelta(days=50)), "received_reason": "补录"}
    await registered(complaints, **received)
    async with complaints.db.transaction(machine("complaints")) as tx:
        long_ago = process_now() - timedelta(days=100)
        await tx.execute(
            update(RootCause).values(done_at=long_ago, check_on=legal_day(process_now()) - timedelta(days=1))
        )
    assert [await run_once(complaints.db, EFFECTS) for _ in range(2)] == [1, 0]
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert (read["root_causes"][0]["status"], read["root_causes"][0]["recurred"]) == ("recurred", 1)


async def test_figures_equal_the_raw_count_by_every_key(complaints: ServiceUnderTest) -> None:
    for n in range(6):
        await registered(
            complaints, cause=("survey_late", "claim_delay", "attitude")[n % 3], channel=("phone", "web")[n % 2]
        )
    gone = await registered(complaints)
    await act(complaints, AGENT, gone, "withdrawals", {"withdrawn_at": now(), "reason": "客户撤诉"})
    async with complaints.db.transaction(machine("complaints")) as tx:
        rows = (await tx.execute(select(Complaint.cause, Complaint.channel, Complaint.status))).all()
    month = today()[:7]
    wanted = Counter((row.cause, row.channel) for row in rows)
    answer = await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=cause,channel")
    shown = {(one["group"]["cause"], one["group"]["channel"]): one["count"] for one in answer.json()["items"]}
    assert (shown, answer.json()["total"]) == (dict(wanted), len(rows))
    by_stage = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=stage")).json()["items"]
    assert [(one["period"], one["group"]["stage"], one["count"], one.get("rank")) for one in by_stage] == [
        (month, "claims", 5, 1), (month, "service", 2, None),
    ]  # fmt: skip
    outcome = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=outcome,timeliness")).json()
    assert {"withdrawn"} < {one["group"]["outcome"] for one in outcome["items"]}
    for period in ("day", "week"):
        answer = await complaints.get(OFFICER, f"/v1/complaints/statistics?group_by=salesperson&period={period}")
        assert answer.json()["total"] == len(rows)


async def test_complaints_for_every_ten_thousand_policies(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints)
    await registered(complaints)
    items = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=unit")).json()["items"]
    assert items[0]["per_10_000_policies"] == "10000.00"
    by_cause = (await complaints.get(OFFICER, "/v1/complaints/statistics?group_by=cause")).json()["items"]
    assert "per_10_000_policies" not in by_cause[0]


async def test_two_who_close_at_once_close_once(complaints: ServiceUnderTest) -> None:
    case = await opened(complaints)
    case = await step(complaints, HEAD, case, "assignments", {"handler_person_id": str(OFFICER.person_id)})
    case = await step(complaints, OFFICER, case, "findings", {"verified": False, "findings": "未发现误导"})
    case = await step(complaints, OFFICER, case, "actions", {"kind": "explained", "description": "说明条款"})
    url = f"{CASES}/{case['id']}/closures"
    answers = await asyncio.gather(
        *(complaints.post(OFFICER, url, {"outcome": "unfounded"}, version=case["version"]) for _ in range(2))
    )
    assert sorted(one.status_code for one in answers) == [201, 412]
