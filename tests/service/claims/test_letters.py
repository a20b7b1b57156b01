"""Letters of a claim: issued, printed again to the byte, served; and the messages that leave by themselves."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from services.claims.events import NoticeSent
from services.claims.settings import ClaimsSettings
from shared.actor import machine
from shared.kernel import kernel
from shared.notices import notices_of, sending, set_state
from shared.ticks import run_once
from tests.support.claims_settled import NORTH, PROVINCE, now
from tests.support.claims_world import adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.side_world import SideWorld


@pytest.fixture
def world(claims: ServiceUnderTest) -> SideWorld:
    return SideWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def issue(world: SideWorld, claim_id: Any, kind: str, *, dry_run: bool = False) -> Any:
    path = f"/v1/claims/{claim_id}/letters" + ("?dry_run=true" if dry_run else "")
    return await world.service.post(adjuster(NORTH), path, {"kind": kind})


async def receive(world: SideWorld, claim_id: Any, letter_id: str, **more: Any) -> Any:
    return await world.step(
        adjuster(NORTH), claim_id, f"letters/{letter_id}/receipts", {"at": now(), "method": "post"} | more
    )


async def test_a_refusal_letter_tells_reasons_and_clauses_and_its_receipt_is_the_service(world: SideWorld) -> None:
    claim_id = await world.decided(by=PROVINCE, outcome="refuse")
    told = (await issue(world, claim_id, "refusal")).json()
    assert set(told) >= {"letter_id", "attachment_id", "template_version"}
    (row,) = await world.service.rows(kernel.tables["letters"])
    assert (row["data"]["reason"], row["data"]["clauses"]) == ("不属于保险责任", "PL-02")
    assert row["data"]["notice_due_on"].endswith("日")
    receipt = await receive(world, claim_id, told["letter_id"])
    assert receipt.status_code == 201, receipt.text
    claim = await world.world.row(claim_id)
    assert (claim.status, claim.settled_at is not None) == ("refusal_served", True)
    assert code(await receive(world, claim_id, told["letter_id"])) == (409, "letter_served_already")
    assert code(await world.serve(claim_id, "refuse")) == (409, "notice_served_already")


async def test_a_reprint_is_the_same_to_the_byte_also_after_other_templates_came_into_force(world: SideWorld) -> None:
    claim_id = await world.closed()
    told = (await issue(world, claim_id, "partial")).json()
    page = f"/v1/claims/{claim_id}/letters/{told['letter_id']}/page"
    first = await world.service.get(adjuster(NORTH), page)
    assert first.headers["content-type"] == "application/pdf"
    await world.sql(
        "insert into rule_sets select name, '2026-9', '2026-01-01', source, tag,"
        " jsonb_set(content, '{claims,partial,title}', '\"另一标题\"'), 'x' from rule_sets"
        " where name = 'letter_templates' and cast(:id as text) is not null",
        str(claim_id),
    )
    again = await world.service.get(adjuster(NORTH), page)
    assert again.content == first.content
    link = f"/v1/claims/{claim_id}/attachments/{told['attachment_id']}"
    file = (await world.service.get(adjuster(NORTH), link)).json()
    kept = await world.service.get(adjuster(NORTH), file["content_url"])
    assert kept.content == first.content
    newer = (await issue(world, claim_id, "partial")).json()
    assert (newer["template_version"], newer["title"]) == ("2026-9", "另一标题")
    assert newer["sha256"] != told["sha256"]


async def test_a_dry_run_shows_the_page_and_keeps_nothing(world: SideWorld) -> None:
    claim_id = await world.decided()
    told = (await issue(world, claim_id, "guide", dry_run=True)).json()
    assert base64.b64decode(told["page"]).startswith(b"%PDF-")
    assert "letter_id" not in told
    assert await world.service.rows(kernel.tables["letters"]) == []
    assert await world.service.rows(kernel.tables["attachments"]) == []


async def test_a_letter_tells_the_result_that_was_decided_and_no_other(world: SideWorld) -> None:
    claim_id = await world.decided()
    before = await world.traces()
    for kind in ("refusal", "zero", "result", "closing", "supplement"):
        assert code(await issue(world, claim_id, kind)) == (409, "letter_not_due")
    assert (await world.traces())[0] == before[0]
    assert code(await issue(world, claim_id, "love")) == (422, "letter_unknown")
    for kind in ("partial", "guide"):
        assert (await issue(world, claim_id, kind)).status_code == 201
    listed = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/letters")).json()["items"]
    assert [one["kind"] for one in listed] == ["partial", "guide"]
    far = await world.service.post(adjuster("00.32.3201.320102"), f"/v1/claims/{claim_id}/letters", {"kind": "guide"})
    assert far.status_code == 404
    assert (
        code(await world.service.post(approver(NORTH), f"/v1/claims/{claim_id}/letters", {"kind": "guide"}))[0] == 403
    )


async def test_a_name_that_no_font_can_print_is_refused_and_leaves_nothing(world: SideWorld) -> None:
    claim_id = await world.decided()
    await world.sql("""update claims set reporter = reporter || '{"name": "🀄"}' where id = :id""", claim_id)
    before = await world.traces()
    await world.refused(await issue(world, claim_id, "guide"), "letter_not_printable", before, 422)
    assert await world.service.rows(kernel.tables["attachments"]) == []


async def test_a_receipt_has_its_time_and_its_proof(world: SideWorld) -> None:
    claim_id = await world.decided()
    letter = (await issue(world, claim_id, "guide")).json()["letter_id"]
    later = "2099-01-01T00:00:00+08:00"
    assert code(await receive(world, claim_id, letter, at=later)) == (422, "occurred_in_future")
    assert code(await receive(world, claim_id, letter, at="2020-01-01T00:00:00+08:00")) == (422, "validation_failed")
    strange = {"proof_attachment_id": "01a1f683-27e8-7164-bf7f-537f439f24b8"}
    assert code(await receive(world, claim_id, letter, **strange)) == (422, "reference_not_found")
    proof = str(await world.attach(claim_id, b"%PDF-"))
    told = await receive(world, claim_id, letter, proof_attachment_id=proof)
    assert told.json()["served_method"] == "post"
    assert (await world.world.row(claim_id)).status == "decided"


async def test_an_issued_letter_is_never_changed_whatever_writes(world: SideWorld) -> None:
    claim_id = await world.decided()
    await issue(world, claim_id, "guide")
    for statement in (
        "update letters set kind = 'zero' where record_id = :id",
        "delete from letters where record_id = :id",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            await world.sql(statement, claim_id)


def out_of(folder: Path) -> ClaimsSettings:
    return ClaimsSettings(
        database_url="postgresql+asyncpg://x@x/x", keys_file=folder / "k", secret_file=folder / "s",
        attachments_dir=folder,
    )  # fmt: skip


async def test_the_end_of_a_claim_is_told_by_a_message_after_the_commit(world: SideWorld, tmp_path: Path) -> None:
    claim_id = await world.paid()
    (row,) = await world.service.rows(kernel.tables["notices"])
    assert (row["state"], row["channel"], row["address"]) == ("queued", "sms", "13800001234")
    await world.sql("update notices set next_at = created_at where record_id = :id", claim_id)
    assert await run_once(world.service.db, sending(out_of(tmp_path), NoticeSent)) == 1
    (line,) = (tmp_path / "notices.ndjson").read_text(encoding="utf-8").splitlines()
    assert "3268.00" in json.loads(line)["body"]
    states = [one["state"] for one in await world.events("claims.notice.sent.v1")]
    assert states == ["queued", "delivered"]
    assert await run_once(world.service.db, sending(out_of(tmp_path), NoticeSent)) == 0
    told = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/timeline")).json()["items"]
    assert [one["facts"]["state"] for one in told if one["kind"] == "message"] == ["delivered"]


async def test_a_message_that_cannot_leave_stops_nothing_and_says_why(world: SideWorld, tmp_path: Path) -> None:
    claim_id = await world.decided(by=PROVINCE, outcome="refuse")
    await world.sql("""update claims set reporter = reporter || '{"phone": ""}' where id = :id""", claim_id)
    assert (await world.serve(claim_id, "refuse")).status_code == 201
    async with world.service.db.transaction(machine("claims")) as tx:
        (row,) = await notices_of(tx, claim_id)
        assert (row["state"], row["reason"]) == ("suppressed", "no_address")
        assert await set_state(tx, NoticeSent, row["id"], "sent") is False
    assert await run_once(world.service.db, sending(out_of(tmp_path), NoticeSent)) == 0
