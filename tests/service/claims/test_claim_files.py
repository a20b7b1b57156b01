"""Files of claims: sent before the report or after it, seen by whoever sees the claim."""

from __future__ import annotations

from uuid import uuid4

import httpx

from shared.actor import Actor
from tests.support.claim_life import ADJUSTER, AGENT, POLICY_NO, SIBLING, ClaimLife, report
from tests.support.sample_files import pdf
from tests.support.tokens import actor, token


async def send(life: ClaimLife, who: Actor, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token(who, 'claims')}", "Idempotency-Key": f'"{uuid4()}"'}
    file = {"file": ("单据.pdf", pdf(), "application/pdf")}
    return await life.service.client.post(path, files=file, data={"kind": "photo"}, headers=headers)


async def test_a_photo_sent_before_the_report_belongs_to_it_once(life: ClaimLife) -> None:
    sent = await send(life, AGENT, "/v1/claims/uploads")
    assert sent.status_code == 201, sent.text
    upload = sent.json()["id"]
    stranger = await life.service.post(
        actor("service_agent", SIBLING), "/v1/claims", report(upload_ids=[upload], unit_code="320104")
    )
    assert (stranger.status_code, stranger.json()["code"]) == (422, "reference_not_found")
    claim_id = await life.reported(upload_ids=[upload])
    listed = await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/attachments")
    assert [one["id"] for one in listed.json()["items"]] == [upload]
    again = await life.service.post(AGENT, "/v1/claims", report(upload_ids=[upload]))
    assert (again.status_code, again.json()["code"]) == (422, "reference_not_found")


async def test_a_file_of_the_claim_ticks_a_paper_off_and_moves_with_the_claim(life: ClaimLife) -> None:
    claim_id = await life.reported(policy_no="PPA2026-32-009999")
    sent = await send(life, AGENT, f"/v1/claims/{claim_id}/attachments")
    assert sent.status_code == 201, sent.text
    file = sent.json()["id"]
    told = await life.done(
        AGENT, claim_id, "documents", {"items": [{"code": "claim_request", "attachment_ids": [file]}]}
    )
    assert "claim_request" not in told["missing"]
    assert (await send(life, actor("adjuster", SIBLING), f"/v1/claims/{claim_id}/attachments")).status_code == 404
    await life.policy(unit_code="320104")
    await life.done(actor("adjuster", "00.32.3201"), claim_id, "policy-matches", {"policy_no": POLICY_NO})
    there = actor("adjuster", SIBLING)
    papers = (await life.service.get(there, f"/v1/claims/{claim_id}/documents")).json()
    ticked = {one["code"]: one["attachment_ids"] for one in papers["items"] if one["received"]}
    assert ticked == {"claim_request": [file]}
    listed = await life.service.get(there, f"/v1/claims/{claim_id}/attachments")
    assert [one["id"] for one in listed.json()["items"]] == [file]
    assert (await life.service.get(AGENT, f"/v1/claims/{claim_id}/attachments")).status_code == 404
