"""What claims, complaints and crm tell of a policy: limits that wear down and come back, marks that end."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.policy.policy.tables import Base
from shared.clock import process_now
from shared.kernel import kernel
from tests.support import contract_world as world
from tests.support.contract_world import LIABILITY, PATH, SELLER, UNDERWRITER
from tests.support.feeding import event
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

AGENT = actor("service_agent", PATH)
SALES = actor("sales_agent", PATH, name="the seller")
IN_FORCE = {"starts_at": process_now() - timedelta(days=30), "created_at": process_now() - timedelta(days=31)}


async def in_force(policy: ServiceUnderTest) -> dict[str, Any]:
    await world.own_products(policy)
    held = await world.issued(policy, LIABILITY)
    async with policy.db.transaction(UNDERWRITER) as tx:
        await tx.execute(Base.metadata.tables["policies"].update().values(**IN_FORCE))
    return held


def claim(verb: str, claim_id: UUID, version: int, **data: Any) -> dict[str, Any]:
    return event(f"claims.claim.{verb}.v1", PATH, record_id=claim_id, version=version, claim_id=str(claim_id), **data)


def story(policy_id: str, claim_id: UUID) -> list[dict[str, Any]]:
    at = process_now().isoformat()
    used = [{"limit": "aggregate_limit", "amount": "4000000.00"}]
    loss = {"claim_no": "C2026-32-000001", "policy_id": policy_id, "loss_at": at, "injured_count": 3, "death_count": 1}
    return [
        claim("reported", claim_id, 1, **loss),
        claim(
            "settled", claim_id, 2, policy_id=policy_id, outcome="paid", paid_amount="4000000.00", by_limit=used,
            settled_at=at,
        ),
    ]  # fmt: skip


async def read(policy: ServiceUnderTest, held: dict[str, Any], who: Any = UNDERWRITER) -> dict[str, Any]:
    return (await policy.get(who, f"/v1/policies/{held['id']}")).json()


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
async def test_settled_claims_wear_the_aggregate_down_and_a_reopening_gives_it_back(
    policy: ServiceUnderTest, order: tuple[int, ...]
) -> None:
    held, claim_id = await in_force(policy), uuid4()
    told = story(held["id"], claim_id)
    await world.hear(policy, *(told[at] for at in order))
    assert (await read(policy, held))["status"] == "exhausted"
    [limit] = (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}/remaining-limits")).json()["items"]
    assert (limit["used"], limit["remaining"]) == ("4000000.00", "0.00")
    [loss] = (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}/loss-history")).json()["items"]
    assert (loss["claim_no"], loss["paid_amount"]) == ("C2026-32-000001", "4000000.00")
    await world.hear(policy, claim("reopened", claim_id, 3))
    again = await read(policy, held)
    assert (again["status"], again["claims_open"]) == ("in_force", 1)
    await world.hear(policy, {**told[1], "id": str(uuid4())})
    assert (await read(policy, held))["status"] == "in_force"


async def test_a_complaint_marks_the_policy_and_its_end_takes_the_mark_away(policy: ServiceUnderTest) -> None:
    held, complaint = await in_force(policy), uuid4()
    told = {"complaint_id": str(complaint), "policy_id": held["id"]}
    opened = event("complaints.complaint.registered.v1", PATH, record_id=complaint, version=1, **told)
    ended = event("complaints.complaint.decided.v1", PATH, record_id=complaint, version=4, **told, outcome="upheld")
    before = (await read(policy, held))["version"]
    await world.hear(policy, opened)
    marked = await read(policy, held)
    assert (marked["marks"], marked["version"]) == ({"complaint": 1}, before)
    await world.hear(policy, ended, {**opened, "id": str(uuid4())})
    assert (await read(policy, held))["marks"] == {}


async def test_an_end_that_is_told_first_leaves_no_mark(policy: ServiceUnderTest) -> None:
    held, case = await in_force(policy), uuid4()
    told = {"case_id": str(case), "policy_id": held["id"]}
    closed = event(
        "complaints.mis_selling_case.closed.v1", PATH, record_id=case, version=3, **told, outcome="verified", action="x"
    )
    opened = event("complaints.mis_selling_case.opened.v1", PATH, record_id=case, version=1, **told)
    await world.hear(policy, closed, opened)
    assert (await read(policy, held))["marks"] == {}


@pytest.mark.parametrize("first", [True, False])
async def test_who_is_kept_out_of_a_case_does_not_see_its_mark(policy: ServiceUnderTest, first: bool) -> None:
    held, case = await in_force(policy), uuid4()
    opened = event(
        "complaints.mis_selling_case.opened.v1", PATH, record_id=case, version=1, case_id=str(case),
        policy_id=held["id"],
    )  # fmt: skip
    recused = event(
        "complaints.complaint.recused.v1", PATH, version=2, complaint_id=str(uuid4()), case_ids=[str(case)],
        kept_out=[str(SELLER)],
    )  # fmt: skip
    await world.hear(policy, *((recused, opened) if first else (opened, recused)))
    assert (await read(policy, held))["marks"] == {"mis_selling": 1}
    assert (await read(policy, held, SALES))["marks"] == {}


async def test_what_a_customer_said_is_put_right_once(policy: ServiceUnderTest) -> None:
    held, finding = await in_force(policy), uuid4()
    told = {"finding_id": str(finding), "about_kind": "policy", "about": held["id"], "severity": "medium"}
    await world.hear(policy, event("crm.finding.raised.v1", PATH, record_id=finding, area="data", **told))
    await world.hear(
        policy, event("crm.finding.raised.v1", PATH, **(told | {"finding_id": str(uuid4())}), area="mis_selling")
    )
    found = await read(policy, held)
    assert found["marks"] == {"finding": 1}
    path, body = f"/v1/policies/{held['id']}/corrections", {"finding_id": str(finding), "done": "地址已更正"}
    unknown = await policy.post(AGENT, path, body | {"finding_id": str(uuid4())}, version=found["version"])
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")
    done = await policy.post(AGENT, path, body, version=found["version"])
    assert done.status_code == 201, done.text
    assert (await read(policy, held))["marks"] == {}
    assert await policy.rows(kernel.tables["work_items"], kind="correct_finding", closed_at=None) == []
    twice = await policy.post(AGENT, path, body, version=found["version"] + 1)
    assert (twice.status_code, twice.json()["code"]) == (409, "finding_corrected")
