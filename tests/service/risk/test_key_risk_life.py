"""Risk control files over time: what opens them is taken back, talks and reviews fall due, key accounts go first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.risk.exposure.tables import Base
from services.risk.watch.handlers import ACTIVE, CONTACTS, CRITERIA, REVIEWS
from shared.clock import process_now, rfc3339
from shared.ids import uuid7
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.hazard_world import HEAD, after, today, visit
from tests.support.hazard_world import report as reported
from tests.support.risk_world import ELSEWHERE, ENDORSED, ENGINEER, ISSUED, PATH, claim, event, hear, policy
from tests.support.services import ServiceUnderTest

FILES, SITES = Base.metadata.tables["key_risk_files"], Base.metadata.tables["sites"]
OUTBOX, ITEMS = kernel.tables["outbox"], kernel.tables["work_items"]
HIGH = {"limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00"}
Move = Callable[[timedelta], None]
REVIEW = {"findings": "安全管理有改善", "measures": "继续每季检查"}


async def the_file(risk: ServiceUnderTest) -> dict[str, Any]:
    """The one file that is kept, as the engineer reads it."""
    [found] = [one for one in (await risk.get(ENGINEER, "/v1/key-risk-files")).json()["items"]]
    return (await risk.get(ENGINEER, f"/v1/key-risk-files/{found['id']}")).json()


async def opened(risk: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    """A policy of a high limit, which opens a file."""
    told = policy(today(), **{"cover": HIGH} | changes)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    return told


async def act(
    risk: ServiceUnderTest, file: dict[str, Any], verb: str, body: dict[str, Any], who: Any = ENGINEER
) -> Any:
    path = f"/v1/key-risk-files/{file['id']}"
    version = (await risk.get(ENGINEER, path)).json()["version"]
    return await risk.post(who, f"{path}/{verb}", body, version=version)


async def open_kinds(risk: ServiceUnderTest) -> list[tuple[str, str]]:
    rows = await risk.rows(ITEMS, record_type="key_risk_file")
    return sorted((one["kind"], one["priority"]) for one in rows if one["closed_at"] is None)


async def register_site(risk: ServiceUnderTest, customer_id: str, **changes: Any) -> None:
    async with risk.db.transaction(ENGINEER) as tx:
        told = {
            "id": uuid7(), "version": 1, "org_path": PATH, "created_at": tx.now, "updated_at": tx.now,
            "customer_id": UUID(customer_id), "name": "一厂", "address": "某路1号", "address_key": "某路1号",
            "area_code": "320102", "insured_count": 10, "industry": "retail", "unit_code": "320102", "status": "active",
        }  # fmt: skip
        await tx.execute(SITES.insert().values(**told | changes))


async def test_a_file_that_nobody_worked_on_ends_with_what_opened_it(risk: ServiceUnderTest) -> None:
    told = await opened(risk)
    assert (await the_file(risk))["status"] == "open"
    lower = told | {"policy_version": 2, "cover": {"limit_per_accident": "1000000.00"}}
    await hear(risk, event(ENDORSED, UUID(told["policy_id"]), lower, 2))
    file = await the_file(risk)
    assert (file["status"], file["closed_reason"]) == ("closed", "criteria_withdrawn")
    subjects = [one["subject"] for one in await risk.rows(OUTBOX) if "key_risk" in one["subject"]]
    assert subjects == ["risk.key_risk_file.opened.v1", "risk.key_risk_file.closed.v1"]
    assert await open_kinds(risk) == []


async def test_a_file_under_work_stays_until_a_person_closes_it(risk: ServiceUnderTest) -> None:
    told = await opened(risk)
    file = await the_file(risk)
    early = await act(risk, file, "closures", {"reason": "已整改"})
    assert (early.status_code, early.json()["code"]) == (409, "state_conflict")
    looked = await act(risk, file, "reviews", REVIEW)
    assert looked.json()["key_risk_file"]["status"] == "active", looked.text
    held = await act(risk, file, "closures", {"reason": "已整改"})
    assert (held.status_code, held.json()["code"]) == (409, "criterion_still_holds")
    ended = {
        "policy_id": told["policy_id"], "effective_on": str(today()), "effective_at": rfc3339(process_now()),
        "kind": "cancel", "refund_amount": "0.00",
    }  # fmt: skip
    await hear(risk, event("policy.policy.cancelled.v1", UUID(told["policy_id"]), ended, 2))
    file = await the_file(risk)
    assert (file["status"], file["criteria"]) == ("active", [])
    closed = await act(risk, file, "closures", {"reason": "保单已终止"}, HEAD)
    assert (closed.status_code, closed.json()["key_risk_file"]["status"]) == (201, "closed")
    late = await act(risk, file, "reviews", REVIEW)
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")


async def test_a_visit_makes_the_file_active(risk: ServiceUnderTest) -> None:
    await opened(risk)
    await reported(risk, (await visit(risk))["id"])
    assert await run_once(risk.db, ACTIVE) == 1
    file = await the_file(risk)
    assert (file["status"], file["review_due_on"] is not None) == ("active", True)
    assert await run_once(risk.db, ACTIVE) == 0


async def test_somebody_speaks_to_the_customer_within_the_gap(risk: ServiceUnderTest, moved_clock: Move) -> None:
    told = await opened(risk)
    talk = {
        "customer_id": told["customer_id"], "contact_role": "safety_head", "channel": "phone",
        "summary": "已沟通整改进度", "contacted_at": rfc3339(process_now()),
    }  # fmt: skip
    moved_clock(after(90))
    assert await run_once(risk.db, CONTACTS) == 0
    moved_clock(after(91))
    assert (await run_once(risk.db, CONTACTS), await run_once(risk.db, CONTACTS)) == (1, 0)
    assert ("contact_customer", "normal") in await open_kinds(risk)
    assert (await the_file(risk))["contact_overdue"] is True
    future = await risk.post(ENGINEER, "/v1/contact-logs", talk | {"contacted_at": "2099-01-01T00:00:00+08:00"})
    assert (future.status_code, future.json()["code"]) == (422, "occurred_in_future")
    unknown = await risk.post(ENGINEER, "/v1/contact-logs", talk | {"customer_id": str(uuid4())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")
    foreign = await risk.post(ELSEWHERE, "/v1/contact-logs", talk)
    assert (foreign.status_code, foreign.json()["code"]) == (422, "reference_not_found")
    now = talk | {"contacted_at": rfc3339(process_now())}
    logged = await risk.post(ENGINEER, "/v1/contact-logs", now)
    assert logged.status_code == 201, logged.text
    file = await the_file(risk)
    assert (file["contact_overdue"], file["contact_due_on"]) == (False, str(today() + timedelta(days=90)))
    assert [one["contact_role"] for one in file["contacts"]] == ["safety_head"]
    assert "contact_customer" not in [kind for kind, _ in await open_kinds(risk)]
    listed = (await risk.get(ENGINEER, f"/v1/contact-logs?customer_id={told['customer_id']}")).json()["items"]
    assert [one["id"] for one in listed] == [logged.json()["id"]]


async def test_a_file_is_looked_through_in_its_cycle(risk: ServiceUnderTest, moved_clock: Move) -> None:
    await opened(risk)
    file = await the_file(risk)
    late = await act(risk, file, "reviews", REVIEW | {"next_review_on": str(today() + timedelta(days=400))})
    assert (late.status_code, late.json()["code"]) == (422, "review_day_invalid")
    await act(risk, file, "reviews", REVIEW | {"next_review_on": str(today() + timedelta(days=30))})
    moved_clock(after(29))
    assert await run_once(risk.db, REVIEWS) == 0
    moved_clock(after(30))
    assert (await run_once(risk.db, REVIEWS), await run_once(risk.db, REVIEWS)) == (1, 0)
    assert ("review_key_risk_file", "normal") in await open_kinds(risk)
    await act(risk, file, "reviews", REVIEW)
    assert "review_key_risk_file" not in [kind for kind, _ in await open_kinds(risk)]
    assert len((await the_file(risk))["reviews"]) == 2


@pytest.mark.parametrize("site", [{"industry": "mining"}, {"insured_count": 50}])
async def test_a_dangerous_or_crowded_site_is_concentrated_risk(risk: ServiceUnderTest, site: dict[str, Any]) -> None:
    told = policy(today() - timedelta(days=1))
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    assert await risk.rows(FILES) == []
    await register_site(risk, told["customer_id"], **site)
    await run_once(risk.db, CRITERIA)
    file = await the_file(risk)
    assert (file["criteria"], len(file["sites"])) == (["concentration"], 1)
    assert await run_once(risk.db, CRITERIA) == 0


async def test_a_policy_counts_from_the_day_it_begins(risk: ServiceUnderTest, moved_clock: Move) -> None:
    told = policy(today() + timedelta(days=10), cover=HIGH)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    await run_once(risk.db, CRITERIA)
    assert await risk.rows(FILES) == []
    moved_clock(after(11))
    await run_once(risk.db, CRITERIA)
    assert (await the_file(risk))["criteria"] == ["high_limit"]


async def test_a_criterion_that_time_ends_leaves_the_file_to_a_person(
    risk: ServiceUnderTest, moved_clock: Move
) -> None:
    told = policy(today() - timedelta(days=1))
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    for loss in [claim(told["customer_id"], told["policy_id"]) for _ in range(3)]:
        await hear(risk, event("claims.claim.reported.v1", UUID(loss["claim_id"]), loss))
    assert (await the_file(risk))["criteria"] == ["frequency"]
    moved_clock(after(370))
    await run_once(risk.db, CRITERIA)
    file = await the_file(risk)
    assert (file["status"], file["criteria"]) == ("open", [])


async def test_the_work_for_a_key_account_comes_first(risk: ServiceUnderTest) -> None:
    customer, manager = str(uuid4()), str(uuid4())
    mark = {"customer_id": customer, "tier": "a", "manager_id": manager}
    await hear(risk, event("crm.key_account.changed.v1", uuid4(), mark, 2))
    await hear(risk, event("crm.key_account.changed.v1", uuid4(), mark | {"tier": None}, 1))
    await opened(risk, customer_id=customer)
    assert await open_kinds(risk) == [("keep_key_risk_file", "high")]
    assert (await the_file(risk))["key_account"] == {"tier": "a", "manager_id": manager}
    await hear(risk, event("crm.key_account.changed.v1", uuid4(), mark | {"tier": None}, 3))
    assert "key_account" not in await the_file(risk)


@pytest.mark.parametrize("first", ["finding", "policy"])
async def test_a_finding_about_our_work_becomes_a_task_whichever_is_heard_first(
    risk: ServiceUnderTest, first: str
) -> None:
    told = policy(today())
    finding = {
        "finding_id": str(uuid4()), "area": "prevention", "about_kind": "policy", "about": told["policy_id"],
        "severity": "high",
    }  # fmt: skip
    heard = [
        event("crm.finding.raised.v1", UUID(finding["finding_id"]), finding),
        event(ISSUED, UUID(told["policy_id"]), told),
    ]
    other = finding | {"finding_id": str(uuid4()), "area": "claims"}
    await hear(risk, *(heard if first == "finding" else reversed(heard)))
    await hear(risk, event("crm.finding.raised.v1", UUID(other["finding_id"]), other))
    [item] = [one for one in await risk.rows(ITEMS) if one["kind"] == "correct_finding"]
    plan = (await risk.get(ENGINEER, "/v1/inspection-plans")).json()["items"][0]
    path = f"/v1/inspection-plans/{plan['id']}"
    assert item["action_href"] == f"{path}/corrections"
    body = {"finding_id": finding["finding_id"], "measures": "已重新约定检查时间并致歉"}
    strange = await risk.post(
        ENGINEER, f"{path}/corrections", body | {"finding_id": other["finding_id"]}, version=plan["version"]
    )
    assert (strange.status_code, strange.json()["code"]) == (422, "reference_not_found")
    done = await risk.post(ENGINEER, f"{path}/corrections", body, version=plan["version"])
    assert done.status_code == 201, done.text
    [item] = [one for one in await risk.rows(ITEMS) if one["kind"] == "correct_finding"]
    assert item["closed_at"] is not None
    again = await risk.post(ENGINEER, f"{path}/corrections", body, version=done.json()["inspection_plan"]["version"])
    assert (again.status_code, again.json()["code"]) == (409, "finding_corrected_already")
    listed = (await risk.get(ENGINEER, f"{path}/findings")).json()["items"]
    assert [(one["finding_id"], one["measures"]) for one in listed] == [(finding["finding_id"], body["measures"])]


async def test_before_a_renewal_a_file_that_nobody_worked_on_is_urgent(risk: ServiceUnderTest) -> None:
    told = await opened(risk)
    for n, days in enumerate((60, 30)):
        soon = {"policy_id": told["policy_id"], "days": days}
        await hear(risk, event("policy.policy.expiring.v1", UUID(told["policy_id"]), soon, 2 + n))
    assert await open_kinds(risk) == [("keep_key_risk_file", "normal"), ("key_risk_before_renewal", "high")]
    await act(risk, await the_file(risk), "reviews", REVIEW)
    assert await open_kinds(risk) == []
    unknown = {"policy_id": str(uuid4()), "days": 15}
    await hear(risk, event("policy.policy.expiring.v1", uuid4(), unknown))


async def test_two_claims_heard_at_once_open_one_file(risk: ServiceUnderTest) -> None:
    told = policy(today() - timedelta(days=1))
    losses = [claim(told["customer_id"], told["policy_id"], injured_count=1) for _ in range(4)]
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    await asyncio.gather(*(hear(risk, event("claims.claim.reported.v1", UUID(one["claim_id"]), one)) for one in losses))
    assert [one["criteria"] for one in await risk.rows(FILES)] == [["frequency"]]
    assert len(await risk.rows(OUTBOX, subject="risk.key_risk_file.opened.v1")) == 1
