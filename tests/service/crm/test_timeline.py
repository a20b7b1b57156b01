"""The timeline in every order of the news, each event once, and what was taken back marked as such."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from shared.actor import Actor
from tests.support.crm_world import AGENT, C1, SIBLING, CrmWorld, body
from tests.support.tokens import actor

CLAIM = uuid4()


def life(world: CrmWorld, *, customer: bool) -> list[Any]:
    """Reported, registered, settled, reopened; with or without the customer in what a policy could tell."""
    told = {} if customer else {"customer_id": None}
    return [
        world.reported(CLAIM, version=1, **told),
        world.of_claim("registered", CLAIM, version=3, reserve_amount="4000.00"),
        world.settled(CLAIM, version=9, **told),
        world.of_claim("reopened", CLAIM, version=11, reason_code="new_evidence"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_reported_registered_settled_reopened_in_every_order(world: CrmWorld, order: tuple[int, ...]) -> None:
    arrivals = life(world, customer=True)
    await world.take(*(arrivals[n] for n in order))
    told = await world.timeline()
    assert [one["kind"].rpartition(".")[2] for one in sorted(told, key=lambda one: one["kind"])] == [
        "registered", "reopened", "reported", "settled",
    ]  # fmt: skip
    undone = {one["kind"]: one.get("undone_by") for one in told}
    assert undone.pop("claims.claim.settled") == "claims.claim.reopened"
    assert set(undone.values()) == {None}
    assert {one["about"]["number"] for one in told} == {"C2026-32-000001"}
    assert {one["status"] for one in await world.rows("return_visits")} <= {"cancelled"}
    assert await world.rows("waiting_entries") == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_a_claim_without_customer_waits_and_is_placed_by_its_match(
    world: CrmWorld, order: tuple[int, ...]
) -> None:
    """The match comes last, first, or in between; nothing is lost and nothing stands twice."""
    arrivals = life(world, customer=False)[:3]
    arrivals.append(world.event("claims.claim.matched.v1", CLAIM, {
        "claim_id": str(CLAIM), "policy_id": str(uuid4()), "customer_id": str(C1), "line": "accident",
        "loss_at": "2026-04-18T01:30:00+08:00", "reported_at": "2026-04-18T02:40:00+08:00", "injured_count": 1,
        "death_count": 0,
    }, version=2))  # fmt: skip
    await world.take(*(arrivals[n] for n in order))
    assert len(await world.timeline()) == 4
    assert await world.rows("waiting_entries") == []
    [visit] = await world.rows("return_visits")
    assert (visit["customer_id"], visit["status"], str(visit["due_on"])) == (C1, "planned", "2026-04-30")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_policy_gives_the_customer_to_its_claim_and_the_complaint_about_it(
    world: CrmWorld, order: tuple[int, ...]
) -> None:
    policy, claim, complaint = uuid4(), uuid4(), uuid4()
    arrivals = [
        world.issued(policy, issued_on="2026-01-05"),
        world.reported(claim, customer_id=None, policy_id=str(policy)),
        world.event("complaints.complaint.registered.v1", complaint, {
            "complaint_id": str(complaint), "claim_id": str(claim), "channel": "phone", "cause": "delay",
            "due_on": "2026-05-03", "due_legal_on": "2026-05-06",
        }),
    ]  # fmt: skip
    await world.take(*(arrivals[n] for n in order))
    assert {one["about"]["kind"] for one in await world.timeline()} == {"policy", "claim", "complaint"}
    await world.put(**body())
    found = (await world.service.get(AGENT, f"/v1/customers/{C1}")).json()
    assert found["complaints_open"] == 1
    for where in ("policy_no=PPA-1", "claim_no=C2026-32-000001"):
        listed = (await world.service.get(AGENT, f"/v1/customers?{where}")).json()["items"]
        assert [one["id"] for one in listed] == [str(C1)], where


async def test_an_event_that_comes_twice_stands_once(world: CrmWorld) -> None:
    first, second = world.reported(CLAIM), world.settled(CLAIM)
    await world.take(first, second, first, second)
    assert len(await world.timeline()) == 2
    assert len(await world.rows("return_visits")) == 1


async def test_events_of_policy_and_claim_at_the_same_moment_lose_nothing(world: CrmWorld) -> None:
    for _ in range(6):
        policy, claim = uuid4(), uuid4()
        arrivals = [
            world.issued(policy, issued_on="2026-01-05", policy_no=f"P-{policy}"),
            world.settled(claim, customer_id=None, policy_id=str(policy)),
            world.of_claim("registered", claim, version=3, reserve_amount="4000.00"),
        ]
        taken = await asyncio.gather(*(world.inbox.take(one) for one in arrivals))
        for arrival, one in zip(arrivals, taken, strict=True):
            if one.failure is not None:
                await world.take(arrival)
        assert await world.rows("waiting_entries") == []
        assert len(await world.rows("return_visits", about_id=claim)) == 1


async def test_a_cancelled_duplicate_is_marked_and_the_link_stands_with_the_claim_that_was_kept(
    world: CrmWorld,
) -> None:
    kept, gone = uuid4(), uuid4()
    arrivals = [
        world.of_claim("cancelled", gone, version=2, duplicate_of=str(kept), reason_code="duplicate"),
        world.of_claim("linked", kept, version=2, linked_claim_id=str(gone)),
        world.reported(gone, claim_no="C2026-32-000002"),
        world.reported(kept),
    ]
    await world.take(*arrivals)
    told = {(one["about"]["number"], one["kind"]): one.get("undone_by") for one in await world.timeline()}
    assert told == {
        ("C2026-32-000001", "claims.claim.reported"): None,
        ("C2026-32-000001", "claims.claim.linked"): None,
        ("C2026-32-000002", "claims.claim.reported"): "claims.claim.cancelled",
        ("C2026-32-000002", "claims.claim.cancelled"): None,
    }


async def test_what_nobody_belongs_to_waits_and_is_seen_by_nobody(world: CrmWorld) -> None:
    await world.take(world.of_claim("registered", uuid4(), version=3, reserve_amount="4000.00"))
    assert len(await world.rows("waiting_entries")) == 1
    assert await world.rows("customers") == await world.rows("timeline_entries") == []


async def test_a_sibling_sees_neither_customer_nor_timeline(world: CrmWorld) -> None:
    await world.put(**body())
    await world.take(world.reported(CLAIM))
    for path in ("", "/timeline", "/history"):
        hidden = await world.service.get(SIBLING, f"/v1/customers/{C1}{path}")
        unknown = await world.service.get(SIBLING, f"/v1/customers/{uuid4()}{path}")
        assert hidden.status_code == unknown.status_code == 404
    assert (await world.service.get(SIBLING, "/v1/customers")).json()["items"] == []
    assert len(await world.timeline()) == 1


async def test_the_timeline_is_paged_filtered_and_refuses_what_it_does_not_know(world: CrmWorld) -> None:
    await world.take(*life(world, customer=True))
    path = f"/v1/customers/{C1}/timeline"
    first = (await world.service.get(AGENT, f"{path}?limit=3")).json()
    rest = (await world.service.get(AGENT, f"{path}?limit=3&cursor={first['next_cursor']}")).json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 4
    moments = [one["occurred_at"] for one in first["items"] + rest["items"]]
    assert moments == sorted(moments, reverse=True)
    only = (await world.service.get(AGENT, f"{path}?kind=claims.claim.settled")).json()["items"]
    assert [one["amounts"] for one in only] == [{"gross_amount": "3268.00", "paid_amount": "3268.00"}]
    assert (await world.service.get(AGENT, f"{path}?knid=x")).json()["code"] == "unknown_parameter"


async def test_whoever_must_stay_out_of_a_complaint_does_not_read_here_who_complained(world: CrmWorld) -> None:
    complaint, case = uuid4(), uuid4()
    outside, later = AGENT, actor("department_head", "00.32", name="later")
    registered = {"complaint_id": str(complaint), "customer_id": str(C1), "channel": "phone", "cause": "attitude"}
    kept_out = [str(outside.person_id)]
    await world.hear("complaints.complaint.registered.v1", complaint, registered | {"kept_out": kept_out})
    opened = {"case_id": str(case), "customer_id": str(C1), "kept_out": kept_out}
    await world.hear("complaints.mis_selling_case.opened.v1", case, opened)
    told = {"complaint_id": str(complaint), "notified_at": "2026-05-22T10:00:00+08:00"}
    await world.hear("complaints.complaint.notified.v1", complaint, told, version=2)
    [visit] = await world.rows("return_visits")

    async def seen(who: Actor) -> tuple[int, int, int | None]:
        """Entries, visits, complaints that count as open."""
        visits = (await world.service.get(who, "/v1/return-visits")).json()["items"]
        read = (await world.service.get(who, f"/v1/customers/{C1}")).json()
        return len(await world.timeline(who=who)), len(visits), read.get("complaints_open")

    assert await seen(later) == (3, 1, 1)
    other = actor("service_agent", AGENT.scope, name="other")
    stands_in = replace(other, on_behalf_of=outside.person_id, delegation_id=uuid4())
    for who in (outside, stands_in):
        assert await seen(who) == (0, 0, 0)
        assert (await world.service.get(who, f"/v1/return-visits/{visit['id']}")).status_code == 404
    more = {"complaint_id": str(complaint), "kept_out": [str(later.person_id)]}
    await world.hear("complaints.complaint.recused.v1", complaint, more, version=3)
    assert await seen(later) == (1, 0, 0), "what was told before is taken back too; the case is another matter"
    assert await seen(other) == (3, 1, 1)
