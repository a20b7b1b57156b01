"""Papers of a claim: ticked off as they come, asked for once, and what the insurer holds is not asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from tests.support.claim_life import ADJUSTER, AGENT, SIBLING, ClaimLife
from tests.support.tokens import actor

ALL = ("claim_request", "claimant_identity", "payee_account", "accident_proof", "medical_record", "medical_invoices")


@pytest.fixture
async def registered(life: ClaimLife) -> str:
    await life.policy()
    return await life.registered()


async def documents(life: ClaimLife, claim_id: str) -> Any:
    answer = await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/documents")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_list_follows_line_and_loss_and_is_ticked_off_as_papers_come(
    life: ClaimLife, registered: str
) -> None:
    told = await documents(life, registered)
    codes = {one["code"]: one for one in told["items"]}
    assert told["missing"] == list(ALL)
    assert "liability_proof" not in codes
    assert "property_photos" not in codes
    assert (codes["policy"]["held"], codes["policy"]["required"]) == (True, False)
    file = await life.file(registered)
    body = {"items": [{"code": "claim_request", "attachment_ids": [file]}]}
    answer = await life.done(ADJUSTER, registered, "documents", body)
    assert answer["missing"] == list(ALL[1:])
    assert answer["claim"]["status"] == "documents_pending"
    codes = {one["code"]: one for one in (await documents(life, registered))["items"]}
    assert (codes["claim_request"]["received"], codes["claim_request"]["attachment_ids"]) == (True, [file])


async def test_all_papers_at_once_complete_the_claim_and_open_the_calculation(life: ClaimLife, registered: str) -> None:
    assert set(await life.items(registered)) == {"collect_documents"}
    answer = await life.collect(registered, *ALL)
    assert (answer["missing"], answer["claim"]["status"]) == ([], "documents_complete")
    assert answer["documents_complete_at"] == answer["documents_received_at"]
    items = await life.items(registered)
    assert set(items) == {"calculate", "obtain_consent"}
    assert items["calculate"]["basis"] == "DL-CL-1"


async def test_a_later_paper_moves_neither_the_first_day_nor_a_complete_claim(life: ClaimLife, registered: str) -> None:
    first = await life.collect(registered, *ALL)
    later = await life.collect(registered, "social_insurance_statement")
    assert later["documents_received_at"] == first["documents_received_at"]
    assert later["claim"]["status"] == "documents_complete"


async def test_papers_before_registration_count_when_assessment_begins(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.reported()
    answer = await life.collect(claim_id, *ALL, who=AGENT)
    assert answer["claim"]["status"] == "reported"
    body = {"reserve_amount": "100.00", "reason": "estimate", "no_survey_reason": "clear facts"}
    told = await life.done(ADJUSTER, claim_id, "registrations", body)
    assert told["claim"]["status"] == "registered"
    assert (await life.row(claim_id)).documents_complete_at is not None
    registered = (await life.events("claims.claim.registered.v1"))[0]
    assert registered["due_on"] == (await life.deadlines(claim_id))["DL-CL-1"]["due_on"]


async def test_one_notice_is_served_and_a_second_one_is_refused_in_every_state(
    life: ClaimLife, registered: str
) -> None:
    await life.collect(registered, *ALL[:4])
    asked = {"items": [{"code": "medical_record"}, "medical_invoices", {"description": "现场照片"}], "method": "sms"}
    told = await life.done(ADJUSTER, registered, "supplement-notices", asked)
    wanted = told["supplement_notice"]["items"]
    assert [(one["number"], one.get("code")) for one in wanted] == [
        (1, "medical_record"), (2, "medical_invoices"), (3, None),
    ]  # fmt: skip
    for status in ("documents_pending", "documents_complete", "calculated", "in_approval", "decided", "closed"):
        async with life.service.db.transaction(machine("claims")) as tx:
            await tx.execute(text("update claims set status = :status").bindparams(status=status))
        for body in (asked, {"items": []}, {"items": ["one more"]}):
            before = await life.traces()
            answer = await life.step(ADJUSTER, registered, "supplement-notices", body)
            await life.refused(answer, 409, "supplement_already_requested", before)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([], "supplement_items_required"),
        ([{"description": " "}], "supplement_items_required"),
        ([{"code": "policy"}], "already_held"),
        ([{"code": "premium_receipt"}, "accident_proof"], "already_held"),
        ([{"code": "claim_request"}], "already_held"),
        ([{"code": "no_such_paper"}], "unknown_document"),
    ],
)
async def test_a_notice_without_items_or_for_what_the_insurer_holds_is_refused(
    life: ClaimLife, registered: str, items: Any, code: str
) -> None:
    await life.collect(registered, "claim_request")
    before = await life.traces()
    answer = await life.step(ADJUSTER, registered, "supplement-notices", {"items": items})
    await life.refused(answer, 422, code, before)
    assert (await life.row(registered)).supplement_served_at is None


async def test_no_notice_is_served_before_assessment(life: ClaimLife, registered: str) -> None:
    before = await life.traces()
    answer = await life.step(ADJUSTER, registered, "supplement-notices", {"items": ["accident_proof"]})
    await life.refused(answer, 409, "state_conflict", before)


async def test_the_answer_to_the_notice_may_come_in_parts_and_ends_the_wait_with_the_last(
    life: ClaimLife, registered: str
) -> None:
    await life.collect(registered, *ALL[:4])
    before = await life.traces()
    answer = await life.step(ADJUSTER, registered, "supplements", {"items": [{"number": 1}]})
    await life.refused(answer, 409, "no_supplement_requested", before)
    asked = {"items": [{"code": "medical_record"}, {"code": "medical_invoices"}, "现场照片"]}
    await life.done(ADJUSTER, registered, "supplement-notices", asked)
    part = await life.done(ADJUSTER, registered, "supplements", {"items": [{"code": "medical_record"}, {"number": 3}]})
    assert part["claim"]["status"] == "documents_pending"
    assert [one["received"] for one in part["supplement_notice"]["items"]] == [True, False, True]
    assert "received_at" not in part["supplement_notice"]
    rest = await life.collect(registered, "medical_invoices")  # the last one came with other papers
    assert (rest["claim"]["status"], rest["missing"]) == ("documents_complete", [])
    assert rest["supplement_notice"]["received_at"]
    before = await life.traces()
    answer = await life.step(ADJUSTER, registered, "supplements", {"items": [{"number": 2}]})
    await life.refused(answer, 409, "supplements_complete", before)


async def test_a_claimant_who_has_nothing_more_ends_the_wait(life: ClaimLife, registered: str) -> None:
    await life.collect(registered, *ALL[:4])
    await life.done(ADJUSTER, registered, "supplement-notices", {"items": ["medical_record", "medical_invoices"]})
    for wrong, code in (({"items": []}, "documents_required"), ({"items": [{"number": 3}]}, "unknown_document")):
        before = await life.traces()
        await life.refused(await life.step(ADJUSTER, registered, "supplements", wrong), 422, code, before)
    told = await life.done(ADJUSTER, registered, "supplements", {"items": [{"number": 1}], "final": True})
    assert told["claim"]["status"] == "documents_complete"
    assert told["missing"] == ["medical_invoices"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"received_at": "+1h"}, "occurred_in_future"),
        ({"received_at": "-30h", "reason": "mail room"}, "validation_failed"),
        ({"items": []}, "documents_required"),
        ({"items": [{"code": "no_such_paper"}]}, "unknown_document"),
        (
            {"items": [{"code": "claim_request", "attachment_ids": ["01a1f749-e3df-7c02-8838-9e4119657450"]}]},
            "reference_not_found",
        ),
        ({"upload_ids": ["01a1f749-e3df-7c02-8838-9e4119657450"]}, "reference_not_found"),
        ({"liability_fixed_on": "2031-01-01"}, "occurred_in_future"),
    ],
)
async def test_papers_that_cannot_be_are_refused(life: ClaimLife, registered: str, change: Any, code: str) -> None:
    moment = change.get("received_at")
    if moment is not None:
        change = change | {"received_at": rfc3339(process_now() + timedelta(hours=int(moment[:-1])))}
    before = await life.traces()
    body = {"items": [{"code": "claim_request"}]} | change
    await life.refused(await life.step(ADJUSTER, registered, "documents", body), 422, code, before)


async def test_papers_of_an_earlier_day_need_a_reason_and_then_count_from_that_day(life: ClaimLife) -> None:
    await life.policy()
    long_ago = process_now() - timedelta(days=5)
    claim_id = await life.registered(loss_at=rfc3339(long_ago))
    came = rfc3339(long_ago + timedelta(days=2))
    body = {"items": [{"code": "claim_request"}], "received_at": came}
    before = await life.traces()
    await life.refused(await life.step(ADJUSTER, claim_id, "documents", body), 422, "reason_required", before)
    told = await life.done(ADJUSTER, claim_id, "documents", body | {"reason": "post came while the office was closed"})
    assert told["documents_received_at"] == came


async def test_another_claims_file_is_no_paper_of_this_one(life: ClaimLife, registered: str) -> None:
    other = await life.reported(place="别处")
    body = {"items": [{"code": "claim_request", "attachment_ids": [await life.file(other)]}]}
    answer = await life.step(ADJUSTER, registered, "documents", body)
    assert answer.json()["errors"][0]["pointer"] == "#/items/0/attachment_ids/0"


async def test_a_missing_consent_is_a_task_and_never_a_stop(life: ClaimLife, registered: str) -> None:
    told = await life.collect(registered, *ALL)
    assert told["claim"]["status"] == "documents_complete"
    assert (await documents(life, registered))["consents_missing"] == ["injured.0"]
    assert "obtain_consent" in await life.items(registered)
    given = {"claimant_ref": "injured.0", "basis": "consent", "obtained_at": rfc3339(process_now())}
    answer = await life.done(AGENT, registered, "consents", given)
    assert answer["missing"] == []
    assert "obtain_consent" not in await life.items(registered)
    assert [one["basis"] for one in (await documents(life, registered))["consents"]] == ["consent"]


async def test_for_a_child_the_guardian_consents(life: ClaimLife) -> None:
    child = {"name": "司徒小海", "id_no": "11010520200101001X"}
    claim_id = await life.reported(injured=[child])
    given = {"claimant_ref": "injured.0", "basis": "consent", "obtained_at": rfc3339(process_now())}
    before = await life.traces()
    await life.refused(await life.step(AGENT, claim_id, "consents", given), 422, "guardian_consent_required", before)
    await life.done(AGENT, claim_id, "consents", given | {"basis": "guardian_consent"})
    later = given | {"obtained_at": rfc3339(process_now() + timedelta(hours=1))}
    before = await life.traces()
    await life.refused(await life.step(AGENT, claim_id, "consents", later), 422, "occurred_in_future", before)


async def test_papers_of_another_unit_do_not_exist(life: ClaimLife, registered: str) -> None:
    sibling = actor("adjuster", SIBLING)
    assert (await life.service.get(sibling, f"/v1/claims/{registered}/documents")).status_code == 404
    for below, body in (
        ("documents", {"items": [{"code": "claim_request"}]}),
        ("supplement-notices", {"items": ["x"]}),
        ("supplements", {"items": [{"number": 1}]}),
    ):
        before = await life.traces()
        await life.refused(await life.step(sibling, registered, below, body), 404, "not_found", before)


async def test_events_tell_nothing_personal(life: ClaimLife, registered: str) -> None:
    await life.collect(registered, *ALL)
    told = str(await life.service.rows(kernel.tables["outbox"]))
    assert not [secret for secret in ("欧阳岚", "司徒海", "11010519491231002X", "13800001234") if secret in told]
