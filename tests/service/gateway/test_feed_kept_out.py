"""A record that somebody must stay out of is not fed to him, by whichever event it is told of."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import text

from shared.actor import machine
from tests.support.feeding import arrive, event
from tests.support.gateway import GatewayUnderTest, SignedIn


async def ids(gateway: GatewayUnderTest, who: SignedIn, query: str = "") -> list[str]:
    answer = await gateway.get(who, f"/v1/events{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_nobody_is_fed_what_must_be_kept_from_him_nor_who_stays_out(gateway: GatewayUnderTest):
    head, agent = await gateway.enter("department_head", "32"), await gateway.enter("service_agent", "320102")
    complaint, case = uuid4(), uuid4()
    begun = event("complaints.complaint.registered.v1", record_id=complaint, kept_out=[agent.id], customer_id="x")
    notice = event("complaints.notice.sent.v1", record_id=uuid4(), about=str(complaint))
    visit = event("crm.return_visit.completed.v1", about=str(complaint))
    opened = event("complaints.mis_selling_case.opened.v1", record_id=case, kept_out=[head.id])
    await arrive(gateway.db, begun, notice, visit, opened)
    assert await ids(gateway, agent) == []
    seen = (await gateway.get(head, "/v1/events")).json()["items"]
    assert [one["id"] for one in seen] == [begun["id"], notice["id"], visit["id"]]
    assert "kept_out" not in str(seen)
    async with gateway.db.transaction(machine("gateway")) as tx:
        assert "kept_out" not in str(list(await tx.scalars(text("select event::text from feed_events"))))
    more = event("complaints.complaint.recused.v1", record_id=complaint, version=2, kept_out=[head.id])
    late = event()
    await arrive(gateway.db, more, late)
    assert await ids(gateway, head) == [late["id"]], "what was told before is taken back too"
    assert await ids(gateway, head, f"?after={visit['id']}") == [late["id"]], "and its reader goes on behind it"
