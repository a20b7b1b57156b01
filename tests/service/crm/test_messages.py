"""Notices of all services in one list, in their newest state; and those that somebody has to tell himself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.crm.events import NoticeSent
from services.crm.reference.tables import KeptOut
from shared.actor import machine
from shared.clock import process_now
from shared.notices import notices, sending
from shared.ticks import run_once
from tests.support.crm_world import AGENT, C1, HEAD, SIBLING, CrmWorld, body
from tests.support.tokens import actor


async def notice(world: CrmWorld, service: str, about: UUID, state: str, **more: Any) -> UUID:
    """A notice of a service, as its event tells of it."""
    notice_id = more.pop("notice_id", None) or uuid4()
    told = {"notice_id": str(notice_id), "about": str(about), "channel": "sms", "state": state, "kind": "guide"}
    await world.hear(f"{service}.notice.sent.v1", notice_id, told, **more)
    return notice_id


async def listed(world: CrmWorld, query: str = "", who: Any = AGENT) -> list[dict[str, Any]]:
    answer = await world.service.get(who, f"/v1/messages{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_every_notice_is_listed_once_in_its_newest_state_whatever_the_order(world: CrmWorld) -> None:
    claim = uuid4()
    await world.take(world.reported(claim))
    made = process_now() - timedelta(hours=2)
    own = await notice(world, "claims", claim, "delivered", version=3)
    await notice(world, "claims", claim, "queued", version=1, notice_id=own, at=made)
    await notice(world, "claims", claim, "sent", version=2, notice_id=own, at=made + timedelta(minutes=1))
    [one] = await listed(world)
    assert (one["id"], one["state"], one["service"], one["kind"]) == (str(own), "delivered", "claims", "guide")
    assert one["about"] == {"kind": "claim", "id": str(claim), "number": "C2026-32-000001"}
    assert (one["customer_id"], one["created_at"][:16]) == (str(C1), made.isoformat()[:16])
    assert "text" not in one


async def test_they_are_found_by_customer_record_and_state_and_stay_in_their_unit(world: CrmWorld) -> None:
    claim, policy = uuid4(), uuid4()
    await world.take(world.reported(claim), world.issued(policy, uuid4()))
    await notice(world, "claims", claim, "failed")
    await notice(world, "policy", policy, "sent")
    await notice(world, "risk", uuid4(), "suppressed")
    for query, count in {
        "": 3, f"?customer_id={C1}": 1, f"?about={policy}": 1, "?state=failed": 1, "?service=policy": 1,
        "?channel=email": 0, "?unit_code=320102": 3, "?state=sent&state=failed": 2,
    }.items():  # fmt: skip
        assert len(await listed(world, query)) == count, query
    assert await listed(world, who=SIBLING) == []
    assert len(await listed(world, who=HEAD)) == 3
    assert (await world.service.get(AGENT, "/v1/messages?customer_id=x")).json()["code"] == "invalid_parameter"


async def test_whoever_stays_out_of_a_complaint_does_not_see_that_somebody_was_told_of_it(world: CrmWorld) -> None:
    complaint = uuid4()
    await notice(world, "complaints", complaint, "sent")
    assert len(await listed(world)) == 1
    async with world.service.db.transaction(machine("crm")) as tx:
        tx.session.add(KeptOut(person_id=str(AGENT.person_id), record_id=complaint))
    assert await listed(world) == []
    assert len(await listed(world, who=HEAD)) == 1


async def answered(world: CrmWorld, **known: Any) -> dict[str, Any]:
    """An opinion that was answered to a customer who wants to be told in some way."""
    await world.put(**body(**known))
    visit = await world.visit()
    opinion = {"topic": "claims", "polarity": "negative", "text": "理赔太慢"}
    done = (await world.complete(visit["id"], opinions=[opinion])).json()["opinions"][0]
    path = f"/v1/opinions/{done['id']}/answers"
    answer = await world.service.post(HEAD, path, {"text": "已加派人手"}, version=1)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("preferred", "channel"), [("email", "email"), ("letter", "letter"), ("phone", "phone"), (None, "sms")]
)
async def test_the_customer_is_told_as_he_prefers_and_crms_own_notices_are_listed_too(
    world: CrmWorld, preferred: str | None, channel: str
) -> None:
    told = await answered(world, preferred_channel=preferred)
    [one] = await listed(world)
    assert (one["id"], one["service"], one["channel"], one["kind"]) == (
        told["notice_id"], "crm", channel, "opinion_answered",
    )  # fmt: skip
    assert one["about"]["kind"] == "opinion"
    assert one["customer_id"] == str(C1)
    items = [item for item in await world.rows("work_items") if item["record_type"] == "notice"]
    assert [item["kind"] for item in items] == ([f"tell_by_{channel}"] if channel in ("phone", "letter") else [])
    assert "crm.notice.sent" in {entry["kind"] for entry in await world.timeline()}


async def test_what_is_told_by_hand_waits_for_whoever_tells_it(world: CrmWorld) -> None:
    told = await answered(world)
    path = f"/v1/messages/{told['notice_id']}"
    async with world.service.db.transaction(machine("crm")) as tx:
        await tx.execute(notices.update().values(next_at=tx.now - timedelta(minutes=1)))
    await run_once(world.service.db, sending(world.service.app.state.settings, NoticeSent))
    assert [one["state"] for one in await listed(world)] == ["queued"]
    read = (await world.service.get(AGENT, path)).json()
    assert (read["text"], read["customer_id"]) == ("告知客户：您反映的意见已答复。已加派人手", str(C1))
    assert (await world.service.get(SIBLING, path)).status_code == 404
    done = await world.service.post(AGENT, f"{path}/reports", {"state": "delivered"})
    assert done.json()["state"] == "delivered"
    again = await world.service.post(AGENT, f"{path}/reports", {"state": "failed"})
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")
    assert [one["state"] for one in await listed(world)] == ["delivered"]
    states = [
        one["event"]["data"]["state"] for one in await world.rows("outbox") if one["subject"] == "crm.notice.sent.v1"
    ]
    assert states == ["queued", "delivered"]
    assert all(one["closed_at"] for one in await world.rows("work_items") if one["record_type"] == "notice")
    manager = actor("account_manager", "00.32.3201")
    assert (await world.service.post(manager, f"{path}/reports", {"state": "failed"})).status_code == 403


async def test_a_machines_notice_is_reported_by_nobody(world: CrmWorld) -> None:
    told = await answered(world, preferred_channel="email")
    path = f"/v1/messages/{told['notice_id']}"
    assert (await world.service.get(AGENT, path)).status_code == 404
    refused = await world.service.post(AGENT, f"{path}/reports", {"state": "delivered"})
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


async def test_a_notice_leaves_once_however_often_the_worker_looks(world: CrmWorld) -> None:
    await answered(world, preferred_channel="email")
    tick = sending(world.service.app.state.settings, NoticeSent)
    for _ in range(3):
        async with world.service.db.transaction(machine("crm")) as tx:
            await tx.execute(notices.update().values(next_at=tx.now - timedelta(minutes=1)))
        await run_once(world.service.db, tick)
    file = world.service.app.state.settings.attachments_dir / "notices.ndjson"
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1
    assert [one["state"] for one in await listed(world)] == ["delivered"]
