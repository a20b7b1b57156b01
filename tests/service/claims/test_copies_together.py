"""Copies of the directory that are written together are those that single events leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from services.claims.consumers import CONSUMERS
from shared.actor import machine
from shared.directory import directory_appointments, directory_persons
from shared.inbox import Arrival, Inbox, Outcome
from shared.together import goes_together, take_together
from shared.unit_moves import former_units
from tests.support.claim_life import ClaimLife, policy_version, told
from tests.support.services import ServiceUnderTest

ANNA, BERT, POST = UUID(int=11), UUID(int=12), UUID(int=21)
FORMER, NOW = "00.32.3201.320102", "00.32.3202.320102"


def person(who: UUID, version: int, *, active: bool = True) -> Arrival:
    data = {"person_id": str(who), "staff_no": f"S{who.int}", "active": active, "digests": []}
    return told("organisation.person.changed.v1", data, record=who, version=version)


def appointment(version: int, position: str, path: str) -> Arrival:
    data = {
        "appointment_id": str(POST), "person_id": str(ANNA), "staff_no": "S11", "position": position,
        "unit_code": path.split(".")[-1], "path": path, "from": "2026-01-01",
    }  # fmt: skip
    return told("organisation.appointment.changed.v1", data, record=POST, version=version)


async def copies(claims: ServiceUnderTest) -> tuple[set[Any], set[Any]]:
    people, posts = directory_persons.c, directory_appointments.c
    async with claims.db.transaction(machine("claims")) as tx:
        held = select(people.person_id, people.active, people.record_version).where(people.person_id.in_((ANNA, BERT)))
        given = select(posts.position, posts.path, posts.record_version).where(posts.appointment_id == POST)
        return {tuple(one) for one in await tx.execute(held)}, {tuple(one) for one in await tx.execute(given)}


async def test_of_many_versions_in_one_batch_the_newest_stays_wherever_it_stands(claims: ServiceUnderTest) -> None:
    async with claims.db.transaction(machine("claims")) as tx:
        gone = {"path": FORMER, "code": "320102", "unit_code": "320102", "leads_to": NOW, "noted_at": tx.now}
        await tx.execute(insert(former_units).values(**gone))
    news = [
        person(ANNA, 2, active=False), appointment(1, "adjuster", "00.32"), person(ANNA, 1), person(BERT, 1),
        appointment(3, "surveyor", FORMER), appointment(2, "cashier", "00.32.3203"), person(BERT, 2, active=False),
    ]  # fmt: skip
    inbox = Inbox(claims.db, CONSUMERS)
    assert all(goes_together(inbox, one) for one in news)
    assert await take_together(inbox, news)
    people, posts = await copies(claims)
    assert people == {(ANNA, False, 2), (BERT, False, 2)}
    assert posts == {("surveyor", NOW, 3)}
    assert (await inbox.take(person(ANNA, 1))).outcome is Outcome.APPLIED
    assert (await copies(claims))[0] == people


async def test_a_policy_that_a_claim_has_waited_for_is_taken_alone_and_the_claim_is_matched(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    claim_id = await life.reported()
    wanted, other = policy_version(), policy_version(policy_id=str(UUID(int=31)), policy_no="PPA-OTHER")
    news = [told("policy.policy.issued.v1", one, record=UUID(one["policy_id"])) for one in (other, wanted)]
    inbox = Inbox(claims.db, CONSUMERS)
    assert all(goes_together(inbox, one) for one in news)
    assert not await take_together(inbox, news)
    assert (await life.row(claim_id)).policy_match == "unmatched"
    assert [(await inbox.take(one)).outcome for one in news] == [Outcome.APPLIED] * 2
    assert (await life.row(claim_id)).policy_match == "matched"
    assert len(await life.events("claims.claim.matched.v1")) == 1
    assert await take_together(inbox, news)
