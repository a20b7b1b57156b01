"""Notes between those who work on a claim: kept, shown in order, and never a way into it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from shared.actor import machine
from shared.audit import audit_entries
from shared.kernel import kernel
from tests.support.claim_life import ADJUSTER, AGENT, BRANCH_APPROVER, CENTRAL, FAR, SIBLING, ClaimLife
from tests.support.tokens import actor, person

HEAD = actor("department_head", CENTRAL)
STRANGER = actor("adjuster", FAR)


async def write(life: ClaimLife, claim_id: str, words: str = "请核对发票", who: Any = ADJUSTER, **more: Any) -> Any:
    return await life.service.post(who, f"/v1/claims/{claim_id}/notes", {"text": words} | more)


async def test_notes_stand_in_order_and_in_the_timeline_and_leave_the_version(life: ClaimLife) -> None:
    claim_id = await life.reported()
    before = (await life.row(claim_id)).version
    assert (await write(life, claim_id)).status_code == 201
    told = await write(life, claim_id, " 已核对 ", AGENT)
    assert (told.json()["text"], told.json()["claim"]["version"]) == ("已核对", before)
    read = (await life.service.get(HEAD, f"/v1/claims/{claim_id}/notes")).json()["items"]
    assert [(one["text"], one["position"]) for one in read] == [("请核对发票", "adjuster"), ("已核对", "service_agent")]
    past = (await life.service.get(HEAD, f"/v1/claims/{claim_id}/timeline")).json()["items"]
    assert [one["position"] for one in past if one["kind"] == "write_note"] == ["adjuster", "service_agent"]
    entries = await life.service.rows(audit_entries)
    assert "已核对" not in str(entries), "the words of a note stand in no audit entry"
    assert "已核对" not in str(await life.service.rows(kernel.tables["outbox"]))


async def test_whoever_is_mentioned_is_asked_to_read_and_an_answer_ends_it(life: ClaimLife) -> None:
    await life.appoint(HEAD)
    claim_id = await life.reported()
    told = await write(life, claim_id, mentions=[str(HEAD.person_id)])
    assert told.json()["mentions"] == [str(HEAD.person_id)]
    item = (await life.items(claim_id))["read_note"]
    assert (item["person_id"], item["unit_code"], item["action_method"]) == (HEAD.person_id, "3201", "GET")
    assert (await write(life, claim_id, "收到", HEAD)).status_code == 201
    assert "read_note" not in await life.items(claim_id)


async def test_nobody_is_mentioned_who_does_not_see_the_claim(life: ClaimLife) -> None:
    for who, at in ((STRANGER, FAR), (actor("surveyor", SIBLING), SIBLING)):
        await life.appoint(who, at)
    claim_id = await life.reported()
    for one in (STRANGER.person_id, actor("surveyor", SIBLING).person_id, person("nobody")):
        answer = await write(life, claim_id, mentions=[str(one)])
        assert (answer.status_code, answer.json()["code"]) == (422, "reference_not_found"), answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/mentions/0"]
    assert (await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/notes")).json()["items"] == []
    assert (await life.service.get(STRANGER, f"/v1/claims/{claim_id}/notes")).status_code == 404
    assert (await write(life, claim_id, who=STRANGER)).status_code == 404
    assert (await write(life, claim_id, " ")).status_code == 422


async def test_a_cancelled_claim_takes_notes_too_and_the_database_keeps_them(life: ClaimLife) -> None:
    claim_id = await life.reported()
    body = {"reason_code": "withdrawn", "reason": "客户撤回"}
    await life.done(ADJUSTER, claim_id, "cancellations", body)
    assert (await write(life, claim_id, "归档备查", BRANCH_APPROVER)).status_code == 201
    for statement in ("update claim_notes set text = 'x'", "delete from claim_notes"):
        with pytest.raises(Exception, match="append-only"):
            async with life.service.db.transaction(machine("claims")) as tx:
                await tx.execute(text(statement))
