"""What may be destroyed is listed first; two persons destroy it, after its last day, with nothing pending."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.claims.consumers import CONSUMERS
from services.claims.retention.handlers import ticks
from services.claims.retention.tables import FileDestruction
from shared.actor import machine
from shared.attachments import attachments
from shared.file_store import path_of
from shared.inbox import Inbox
from shared.ticks import run_once
from tests.support.claim_life import MovedClock, told
from tests.support.claims_settled import MIDDLE, NORTH, PROVINCE, SettledWorld, archivist
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HEAD, SECOND = actor("department_head", PROVINCE), actor("department_head", MIDDLE)


@pytest.fixture
def world(claims: ServiceUnderTest, clock: MovedClock) -> SettledWorld:
    clock.set("2026-06-05T10:00")
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def folder(world: SettledWorld) -> Path:
    return world.service.app.state.settings.attachments_dir


async def paper(world: SettledWorld, claim_id: UUID, kind: str = "document") -> UUID:
    """A file of the claim, with its bytes on the disk."""
    own = await world.attach(claim_id, kind.encode())
    path = path_of(folder(world) / "claims", own)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kind.encode())
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(attachments.update().where(attachments.c.id == own).values(kind=kind))
    return own


async def shelved(world: SettledWorld, *kinds: str) -> tuple[UUID, list[UUID]]:
    """A bound claim with papers of these kinds. Its policy ends in February 2027, it closed on 5 June 2026."""
    claim_id = await world.closed()
    papers = [await paper(world, claim_id, kind) for kind in kinds]
    pages = [{"title": f"第{at}份", "attachment_id": str(one)} for at, one in enumerate(papers)] or [{"title": "报案"}]
    answer = await world.bind(claim_id, pages=pages)
    assert answer.status_code == 201, answer.text
    assert answer.json()["keep_until"] == "2032-02-05"
    return claim_id, papers


async def request(world: SettledWorld, claim_id: UUID, who: Any = None, **more: Any) -> Any:
    body = {"reason": "保管期满"} | more
    return await world.step(who or archivist(), claim_id, "file/destructions", body)


async def decide(world: SettledWorld, claim_id: UUID, destruction_id: str, who: Any = HEAD, **more: Any) -> Any:
    body = {"outcome": "confirm"} | more
    return await world.step(who, claim_id, f"file/destructions/{destruction_id}/decisions", body)


async def listed(world: SettledWorld, query: str = "", who: Any = HEAD) -> list[Any]:
    answer = await world.service.get(who, f"/v1/claims/retention?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def clear(world: SettledWorld) -> int:
    return sum([await run_once(world.service.db, tick) for tick in ticks(folder(world))])


# ------------------------------------------------------------------------------------------ the days


async def test_a_file_is_destroyed_by_two_persons_once_its_days_are_over(
    world: SettledWorld, clock: MovedClock
) -> None:
    claim_id, (plain,) = await shelved(world, "document")
    clock.set("2032-02-05T23:00")
    before = await world.traces()
    answer = await request(world, claim_id)
    assert answer.json()["keep_until"] == "2032-02-05"
    await world.refused(answer, "retention_running", before)
    assert await listed(world) == []
    (foreseen,) = await listed(world, "on=2032-02-06")
    assert (foreseen["claim_id"], foreseen["destroyable"], foreseen["paper_count"]) == (str(claim_id), True, 1)
    clock.set("2032-02-06T08:00")
    asked = await request(world, claim_id)
    assert (asked.status_code, asked.json()["status"]) == (201, "requested")
    (item,) = await world.items(claim_id, "confirm_destruction")
    assert (item["position"], item["unit_code"]) == ("department_head", "32")
    (due,) = await listed(world)
    assert due["destruction_id"] == asked.json()["id"]
    done = await decide(world, claim_id, asked.json()["id"])
    assert (done.status_code, done.json()["status"]) == (201, "confirmed"), done.text
    assert [one["attachment_id"] for one in done.json()["destroyed"]] == [str(plain)]
    assert await world.items(claim_id, "confirm_destruction") == []
    assert await world.service.rows(attachments, record_id=claim_id) == []
    where = path_of(folder(world) / "claims", plain)
    assert where.exists()
    assert await clear(world) == 1
    assert not where.exists()
    assert await clear(world) == 0
    (row,) = await world.service.rows(FileDestruction.__table__)
    assert row["files_gone_at"] is not None
    assert await listed(world) == []


async def test_whoever_asks_does_not_confirm_and_a_decision_is_final(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, _ = await shelved(world, "document")
    clock.set("2032-02-06T08:00")
    own = archivist(PROVINCE)
    asked = (await request(world, claim_id, own)).json()["id"]
    for who in (own, actor("department_head", PROVINCE, name=f"archivist@{PROVINCE}")):
        before = await world.traces()
        await world.refused(await decide(world, claim_id, asked, who), "separation_of_duties", before, 403)
    before = await world.traces()
    again = await request(world, claim_id)
    assert again.json()["destruction_id"] == asked
    await world.refused(again, "destruction_requested", before)
    before = await world.traces()
    await world.refused(await decide(world, claim_id, asked, outcome="reject"), "reason_required", before, 422)
    rejected = await decide(world, claim_id, asked, outcome="reject", reason="仍有查询")
    assert (rejected.json()["status"], rejected.json()["destroyed"]) == ("rejected", [])
    before = await world.traces()
    await world.refused(await decide(world, claim_id, asked), "destruction_decided", before)
    assert len(await world.service.rows(attachments, record_id=claim_id)) == 1
    asked = (await request(world, claim_id)).json()["id"]
    assert (await decide(world, claim_id, asked, SECOND)).json()["status"] == "confirmed"
    statuses = (await world.service.get(HEAD, f"/v1/claims/{claim_id}/file/destructions")).json()["items"]
    assert [one["status"] for one in statuses] == ["rejected", "confirmed"]
    one = await world.service.get(HEAD, f"/v1/claims/{claim_id}/file/destructions/{asked}")
    assert one.json()["decided_by"] == str(SECOND.person_id)


async def test_papers_of_a_longer_period_outlive_the_volume(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, (plain, identity, proof) = await shelved(world, "document", "claimant_identity", "payment_proof")
    clock.set("2032-02-06T08:00")
    asked = (await request(world, claim_id)).json()["id"]
    done = (await decide(world, claim_id, asked)).json()
    kept = {one["attachment_id"]: one["keep_until"] for one in done["kept"]}
    assert kept == {str(identity): "2037-02-05", str(proof): "2056-06-05"}
    assert [one["attachment_id"] for one in done["destroyed"]] == [str(plain)]
    await clear(world)
    assert path_of(folder(world) / "claims", identity).exists()
    assert await listed(world) == []
    before = await world.traces()
    early = await request(world, claim_id)
    assert early.json()["keep_until"] == "2037-02-05"
    await world.refused(early, "retention_running", before)
    clock.set("2037-02-06T08:00")
    (due,) = await listed(world)
    assert (due["file_status"], due["destroyable"], due["paper_count"]) == ("destroyed", True, 1)
    asked = (await request(world, claim_id)).json()["id"]
    done = (await decide(world, claim_id, asked)).json()
    assert [one["attachment_id"] for one in done["destroyed"]] == [str(identity)]
    await clear(world)
    assert not path_of(folder(world) / "claims", identity).exists()
    assert path_of(folder(world) / "claims", proof).exists()


# ------------------------------------------------------------------------------------------ what holds it


async def test_a_complaint_freezes_the_file_and_its_end_prolongs_it(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, _ = await shelved(world, "document")
    inbox = Inbox(world.service.db, CONSUMERS)
    clock.set("2032-02-06T08:00")
    record = uuid4()
    about = {"complaint_id": str(record), "claim_id": str(claim_id)}
    await inbox.take(told("complaints.complaint.registered.v1", about, record=record))
    (due,) = await listed(world)
    assert (due["destroyable"], due["frozen_by"]) == (False, ["complaint"])
    before = await world.traces()
    answer = await request(world, claim_id)
    assert answer.json()["frozen_by"] == ["complaint"]
    await world.refused(answer, "retention_running", before)
    await inbox.take(told("complaints.complaint.decided.v1", about, record=record, version=2))
    answer = await request(world, claim_id)
    assert (answer.json()["keep_until"], answer.json()["frozen_by"]) == ("2034-02-06", [])
    clock.set("2034-02-07T08:00")
    assert (await request(world, claim_id)).status_code == 201


async def test_what_becomes_pending_after_the_request_stops_the_confirmation(
    world: SettledWorld, clock: MovedClock
) -> None:
    claim_id, _ = await shelved(world, "document")
    clock.set("2032-02-06T08:00")
    asked = (await request(world, claim_id)).json()["id"]
    await world.sql("update claims set complaints_open = 1 where id = :id", claim_id)
    before = await world.traces()
    await world.refused(await decide(world, claim_id, asked), "retention_running", before)
    await world.sql("update claims set complaints_open = 0 where id = :id", claim_id)
    lend = {"borrower_person_id": str(archivist().person_id), "purpose": "质量检查", "due_on": "2032-03-01"}
    assert (await world.step(archivist(), claim_id, "file/loans", lend)).status_code == 201
    before = await world.traces()
    await world.refused(await decide(world, claim_id, asked), "state_conflict", before)


async def test_a_destroyed_volume_is_neither_lent_nor_added_to_nor_given_out(
    world: SettledWorld, clock: MovedClock
) -> None:
    claim_id, _ = await shelved(world, "document")
    clock.set("2032-02-06T08:00")
    asked = (await request(world, claim_id)).json()["id"]
    assert (await decide(world, claim_id, asked)).status_code == 201
    who = archivist()
    lend = {"borrower_person_id": str(who.person_id), "purpose": "质量检查", "due_on": "2032-03-01"}
    more = {"pages": [{"title": "补充"}], "reason": "补交"}
    for below, body in (("file/loans", lend), ("file/supplements", more)):
        assert code(await world.step(who, claim_id, below, body)) == (409, "state_conflict"), below
    path = f"/v1/claims/{claim_id}/file/exports"
    assert code(await world.service.post(HEAD, path, {"purpose": "内部检查"})) == (409, "state_conflict")
    shown = (await world.service.get(who, f"/v1/claims/{claim_id}/file/manifest")).json()
    assert (shown["status"], len(shown["pages"])) == ("destroyed", 1)


async def test_who_may_not_and_what_is_not_there(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, _ = await shelved(world, "document")
    clock.set("2032-02-06T08:00")
    adjusting = actor("adjuster", NORTH)
    assert code(await request(world, claim_id, adjusting)) == (403, "action_not_permitted")
    assert code(await world.service.get(adjusting, "/v1/claims/retention")) == (403, "action_not_permitted")
    elsewhere = archivist("00.32.3201")
    assert code(await request(world, claim_id, elsewhere)) == (404, "not_found")
    asked = (await request(world, claim_id)).json()["id"]
    assert code(await decide(world, claim_id, asked, archivist())) == (403, "action_not_permitted")
    assert code(await decide(world, claim_id, str(uuid4()))) == (404, "not_found")
    assert await listed(world, who=elsewhere) == []
    assert len(await listed(world, "unit_code=3202")) == 1
    assert code(await world.service.get(elsewhere, "/v1/claims/retention?unit_code=3202")) == (404, "not_found")
    unbound = await world.closed()
    assert code(await request(world, unbound)) == (409, "no_volume")


async def test_the_list_goes_on_from_where_it_stopped(world: SettledWorld, clock: MovedClock) -> None:
    own = [(await shelved(world))[0] for _ in range(3)]
    clock.set("2032-02-06T08:00")
    first = (await world.service.get(HEAD, "/v1/claims/retention?limit=2")).json()
    rest = (await world.service.get(HEAD, f"/v1/claims/retention?limit=2&after={first['next_after']}")).json()
    assert [one["claim_id"] for one in (*first["items"], *rest["items"])] == [str(one) for one in own]
    assert "next_after" not in rest


async def test_available_actions_say_why_a_file_is_not_destroyed(world: SettledWorld, clock: MovedClock) -> None:
    claim_id, _ = await shelved(world, "document")
    for at, allowed in (("2032-02-05T08:00", False), ("2032-02-06T08:00", True)):
        clock.set(at)
        shown = (await world.service.get(archivist(), f"/v1/claims/{claim_id}")).json()["available_actions"]
        (action,) = [one for one in shown if one["action"] == "request_destruction"]
        assert action["allowed"] is allowed
        if not allowed:
            assert action["reason"]["code"] == "retention_running"
