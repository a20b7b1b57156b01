"""What the news of other services asks of account managers, and what is listed of their notices."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

import pytest

from services.crm.consumers import CONSUMERS
from shared.actor import machine
from shared.directory import directory_persons
from tests.support.crm_world import AGENT, C1, SUB, CrmWorld, body
from tests.support.tokens import person

MANAGER = person("manager")


async def open_items(world: CrmWorld) -> list[Any]:
    return [one for one in await world.rows("work_items") if one["closed_at"] is None]


async def test_an_expiring_policy_asks_the_manager_once_however_often_it_is_said(world: CrmWorld) -> None:
    async with world.service.db.transaction(machine("crm")) as tx:
        row = {"person_id": MANAGER, "staff_no": "S0007", "active": True, "digests": [], "record_version": 1}
        await tx.execute(directory_persons.insert().values(**row))
    await world.put(**body(manager_staff_no="S0007"))
    policy = uuid4()
    await world.take(world.issued(policy, issued_on="2026-01-05"))
    for days in (60, 30, 15):
        await world.hear("policy.policy.expiring.v1", policy, {"policy_id": str(policy), "days": days})
    [item] = await open_items(world)
    assert (item["kind"], item["person_id"], item["record_type"], item["record_id"], item["record_number"]) == (
        "renewal", MANAGER, "policy", policy, "PPA-1",
    )  # fmt: skip
    assert [one["summary"]["days"] for one in await world.timeline() if "days" in one["summary"]] == [15, 30, 60]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_hazard_asks_until_it_is_closed_in_whatever_order_the_news_comes(
    world: CrmWorld, order: tuple[int, ...]
) -> None:
    hazard = uuid4()
    told = {"hazard_id": str(hazard), "class": "high", "due_on": "2026-11-01"}
    arrivals = [
        world.event("risk.hazard.found.v1", hazard, told | {"customer_id": str(C1)}, version=1),
        world.event("risk.hazard.overdue.v1", hazard, told, version=2),
        world.event("risk.hazard.closed.v1", hazard, told, version=3),
    ]
    await world.take(*(arrivals[n] for n in order))
    assert await open_items(world) == []
    assert {one["kind"] for one in await world.timeline()} == {"risk.hazard.overdue", "risk.hazard.closed"}


async def test_an_overdue_hazard_asks_the_account_managers_above_where_nobody_is_named(world: CrmWorld) -> None:
    hazard = uuid4()
    told = {"hazard_id": str(hazard), "class": "high", "due_on": "2026-11-01"}
    await world.hear("risk.hazard.found.v1", hazard, told | {"customer_id": str(C1)})
    await world.hear("risk.hazard.overdue.v1", hazard, told)
    [item] = await open_items(world)
    assert (item["kind"], item["unit_code"], item["position"]) == ("hazard_overdue", "3201", "account_manager")


@pytest.mark.parametrize("late", [False, True])
async def test_an_inspection_asks_until_its_report(world: CrmWorld, late: bool) -> None:
    inspection = uuid4()
    due = {"inspection_id": str(inspection), "customer_id": str(C1), "due_on": "2026-09-20", "stage": "t_15"}
    done = {"inspection_id": str(inspection), "customer_id": str(C1), "risk_level": "medium"}
    arrivals = [
        world.event("risk.inspection.due.v1", inspection, due, version=1),
        world.event("risk.inspection.completed.v1", inspection, done, version=2),
    ]
    await world.take(*(reversed(arrivals) if late else arrivals))
    assert await open_items(world) == []
    assert len(await world.timeline()) == 2


async def test_notices_are_kept_in_their_newest_state_and_told_in_every_one(world: CrmWorld) -> None:
    claim, notice = uuid4(), uuid4()
    await world.take(world.reported(claim))
    for version, state in ((3, "delivered"), (1, "queued"), (2, "sent")):
        data = {"notice_id": str(notice), "about": str(claim), "channel": "sms", "state": state}
        await world.hear("claims.notice.sent.v1", notice, data, version=version)
    [row] = await world.rows("notices_seen")
    assert (row["service"], row["about_id"], row["state"]) == ("claims", claim, "delivered")
    states = [one["summary"]["state"] for one in await world.timeline() if one["kind"] == "claims.notice.sent"]
    assert sorted(states) == ["delivered", "queued", "sent"]


async def test_every_event_with_a_customer_of_its_own_stands_on_his_timeline(world: CrmWorld) -> None:
    customer = {"customer_id": str(C1)}
    application, assessment, file, policy = uuid4(), uuid4(), uuid4(), uuid4()
    opened = {"application_id": str(application), "kind": "proposal", "product": "p", "line": "liability"}
    await world.hear("policy.application.decided.v1", application, {
        "application_id": str(application), "kind": "proposal", "outcome": "declined", "reason_code": "risk",
        "level": "branch", "unit_code": "32",
    }, version=2)  # fmt: skip
    await world.hear(
        "policy.application.opened.v1", application, opened | customer | {"unit_code": "320102"}, version=1
    )
    signed = {"assessment_id": str(assessment), "score": 80, "level": "high"}
    await world.hear("risk.assessment.signed.v1", assessment, signed | customer)
    await world.hear("risk.key_risk_file.opened.v1", file, customer | {"criteria": ["deaths"]})
    await world.hear("risk.key_risk_file.closed.v1", file, customer)
    await world.take(world.issued(policy, issued_on="2026-01-05"))
    of_policy = {"policy_id": str(policy)}
    cancelled = {"effective_on": "2026-06-01", "kind": "cancel", "refund_amount": "19875.00"}
    await world.hear("policy.policy.cancelled.v1", policy, of_policy | cancelled)
    delivered = {"item": "policy", "received_on": "2026-03-18", "days_taken": 2}
    await world.hear("policy.document.delivered.v1", policy, of_policy | delivered)
    told = {one["kind"]: one for one in await world.timeline()}
    assert set(told) == {
        "policy.application.opened", "policy.application.decided", "risk.assessment.signed",
        "risk.key_risk_file.opened", "risk.key_risk_file.closed", "policy.policy.issued", "policy.policy.cancelled",
        "policy.document.delivered",
    }  # fmt: skip
    assert told["policy.policy.cancelled"]["amounts"] == {"refund_amount": "19875.00"}
    assert told["policy.document.delivered"]["occurred_at"] == "2026-03-18T00:00:00+08:00"


async def test_a_late_older_version_does_not_give_the_policy_back(world: CrmWorld) -> None:
    policy, earlier = uuid4(), uuid4()
    newer = world.issued(policy, policy_version=2, policy_no="P-2")
    older = world.event(
        "policy.policy.endorsed.v1", policy, newer.event.data | {"customer_id": str(earlier), "policy_version": 1}
    )  # fmt: skip
    await world.take(newer, older)
    [row] = await world.rows("record_references")
    assert row["customer_id"] == C1
    assert len(await world.timeline()) == 2


def test_every_subject_is_heard_by_one_handler() -> None:
    subjects = [one.subject for one in CONSUMERS]
    # The tree is copied first, then the customers follow it.
    assert [one for one in sorted(set(subjects)) if subjects.count(one) > 1] == ["organisation.unit.changed.v1"]


async def test_customers_follow_their_unit_and_old_news_moves_nobody_back(world: CrmWorld) -> None:
    await world.put(**body())
    await world.visit()
    await world.put("C0002", **body(unit_code="320199"))
    unit = {"level": "sub_branch", "kind": "standard", "name": "新支公司", "effective_on": "2026-11-01"}
    opened, moved = uuid4(), uuid4()
    fresh = unit | {"unit_code": "320199", "path": "00.32.3201.320199"}
    away = unit | {"unit_code": "320102", "path": "00.32.3202.320102"}
    await world.hear("organisation.unit.changed.v1", opened, fresh, version=2, path="00")
    await world.hear("organisation.unit.changed.v1", moved, away, version=5, path="00")
    await world.hear("organisation.unit.changed.v1", moved, away | {"path": SUB}, version=4, path="00")
    placed = {one["core_no"]: (one["org_path"], one["unit_pending"]) for one in await world.rows("customers")}
    assert placed == {"C0001": ("00.32.3202.320102", False), "C0002": ("00.32.3201.320199", False)}
    for table in ("return_visits", "timeline_entries", "work_items"):
        assert {one["org_path"] for one in await world.rows(table)} == {"00.32.3202.320102"}, table


async def test_the_complaints_of_a_customer_count_until_decided(world: CrmWorld) -> None:
    await world.put(**body())
    first, second = uuid4(), uuid4()
    for complaint in (first, second):
        registered = {"complaint_id": str(complaint), "customer_id": str(C1), "channel": "phone", "cause": "delay"}
        await world.hear("complaints.complaint.registered.v1", complaint, registered, version=1)
    await world.hear(
        "complaints.complaint.decided.v1", first, {"complaint_id": str(first), "outcome": "upheld"}, version=5
    )
    read = (await world.service.get(AGENT, f"/v1/customers/{C1}")).json()
    assert read["complaints_open"] == 1
    for version, due in ((4, "2027-02-01"), (2, "2026-12-31")):
        longer = {"complaint_id": str(second), "due_on": due, "due_legal_on": due}
        await world.hear("complaints.complaint.extended.v1", second, longer, version=version)
    [row] = await world.rows("complaint_references", complaint_id=second)
    assert str(row["due_on"]) == "2027-02-01"
