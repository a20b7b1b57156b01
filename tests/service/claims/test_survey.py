"""Dispatch and survey: who may be sent, what opens to him, what a survey must say, and that it never changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from shared.actor import machine
from shared.clock import process_now, rfc3339
from shared.directory import directory_persons
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support.claim_life import AGENT, FAR, SIBLING, SUB, SURVEYOR, ClaimLife
from tests.support.tokens import actor, person

FAR_SURVEYOR = actor("surveyor", FAR)


def survey(**changes: Any) -> dict[str, Any]:
    body = {
        "surveyed_at": rfc3339(process_now() - timedelta(minutes=30)),
        "participants": ["司徒海", "欧阳岚"],
        "findings": "现场湿滑，未设警示。",
        "liability_opinion": {"fault_ratio": "0.70", "text": "被保险人未尽安全保障义务"},
    }
    return body | changes


async def dispatched(life: ClaimLife, to: Any = SURVEYOR, **changes: Any) -> str:
    await life.appoint(to)
    claim_id = await life.reported(**changes)
    await life.done(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(to.person_id)})
    return claim_id


async def test_a_surveyor_of_another_unit_sees_exactly_his_claim_while_his_task_is_open(life: ClaimLife) -> None:
    other = await life.reported(place="别处")
    assert (await life.service.get(FAR_SURVEYOR, f"/v1/claims/{other}")).status_code == 404
    claim_id = await dispatched(life, FAR_SURVEYOR)
    seen = await life.service.get(FAR_SURVEYOR, f"/v1/claims/{claim_id}")
    assert (seen.status_code, seen.json()["status"]) == (200, "dispatched")
    assert (await life.service.get(FAR_SURVEYOR, f"/v1/claims/{other}")).status_code == 404
    listed = await life.service.get(FAR_SURVEYOR, "/v1/claims")
    assert listed.json()["items"] == []
    told = await life.done(FAR_SURVEYOR, claim_id, "surveys", survey())
    assert told["claim"]["status"] == "surveyed"
    assert told["liability_opinion"] == {"fault_ratio": "0.7", "text": "被保险人未尽安全保障义务"}
    assert (told["participants"], told["masked"]) == (["司徒*", "欧阳*"], ["participants"])
    assert (await life.service.get(FAR_SURVEYOR, f"/v1/claims/{claim_id}")).status_code == 404
    duties = [(one["duty"], UUID(one["person_id"])) for one in await life.events("claims.duty.taken.v1")]
    assert ("dispatcher", AGENT.person_id) in duties
    assert ("surveyor", FAR_SURVEYOR.person_id) in duties
    assert set(await life.items(claim_id)) == {"register"}


async def test_another_surveyor_in_place_of_the_first_ends_the_first_ones_access(life: ClaimLife) -> None:
    claim_id = await dispatched(life, FAR_SURVEYOR)
    await life.appoint(SURVEYOR)
    await life.done(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)})
    assert (await life.service.get(FAR_SURVEYOR, f"/v1/claims/{claim_id}")).status_code == 404
    item = (await life.items(claim_id))["survey"]
    assert item["person_id"] == SURVEYOR.person_id
    assert timedelta(hours=23) < item["due_at"] - process_now() < timedelta(hours=25)


async def test_nobody_surveys_the_loss_of_his_own_relative(life: ClaimLife) -> None:
    row = {
        "person_id": SURVEYOR.person_id, "staff_no": "T-1", "active": True, "record_version": 1,
        "digests": [{"kind": "phone", "of": "relative", "digest": keyed_digest(b"d" * 32, "13800001234")}],
    }  # fmt: skip
    async with life.service.db.transaction(machine("claims")) as tx:
        await tx.execute(insert(directory_persons).values(**row))
    await life.appoint(SURVEYOR)
    claim_id = await life.reported()
    assert "staff_or_relative" in (await life.row(claim_id)).flags
    before = await life.traces()
    answer = await life.step(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)})
    await life.refused(answer, 403, "separation_of_duties", before)
    assert answer.json()["conflicting_duty"] == "interested_party"


async def test_participants_are_masked_and_shown_only_by_a_reveal(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    await life.done(SURVEYOR, claim_id, "surveys", survey())
    body = {"field": "surveys.0.participants", "purpose": "contact_witness"}
    shown = await life.service.post(SURVEYOR, f"/v1/claims/{claim_id}/reveals", body)
    assert (shown.status_code, shown.json()["value"]) == (201, "司徒海、欧阳岚")


async def test_only_a_surveyor_of_the_branch_is_sent(life: ClaimLife) -> None:
    claim_id = await life.reported()
    before = await life.traces()
    stranger = {"surveyor_person_id": str(person("nobody"))}
    answer = await life.step(AGENT, claim_id, "dispatches", stranger)
    await life.refused(answer, 422, "surveyor_not_eligible", before)
    assert answer.json()["reason"] == "no_appointment"
    foreign = actor("surveyor", "00.33.3301", name="foreign surveyor")
    await life.appoint(foreign)
    answer = await life.step(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(foreign.person_id)})
    await life.refused(answer, 422, "surveyor_not_eligible", before)
    assert answer.json()["reason"] == "other_branch"
    past = {"surveyor_person_id": str(SURVEYOR.person_id), "due_at": rfc3339(process_now() - timedelta(hours=1))}
    await life.appoint(SURVEYOR)
    await life.refused(await life.step(AGENT, claim_id, "dispatches", past), 422, "validation_failed", before)
    assert (await life.row(claim_id)).status == "reported"


async def test_the_seller_of_the_policy_is_not_sent_to_its_loss(life: ClaimLife) -> None:
    await life.appoint(SURVEYOR)
    await life.policy(seller_id=str(SURVEYOR.person_id))
    claim_id = await life.reported()
    before = await life.traces()
    answer = await life.step(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)})
    await life.refused(answer, 403, "separation_of_duties", before)
    assert answer.json()["conflicting_duty"] == "seller"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"surveyed_at": "+1h"}, "occurred_in_future"),
        ({"surveyed_at": "-9h"}, "validation_failed"),
        ({"findings": "  "}, "validation_failed"),
        ({"participants": ["司徒海", " "]}, "validation_failed"),
        ({"liability_opinion": {"fault_ratio": "1.01"}}, "validation_failed"),
        ({"photos": ["01a1f749-e3df-7c02-8838-9e4119657450"]}, "reference_not_found"),
    ],
)
async def test_a_survey_that_cannot_be_is_refused_and_leaves_nothing(life: ClaimLife, wrong: Any, code: str) -> None:
    claim_id = await dispatched(life)
    before = await life.traces()
    moment = wrong.get("surveyed_at")
    if moment is not None:
        wrong = {"surveyed_at": rfc3339(process_now() + timedelta(hours=int(moment[:-1])))}
    await life.refused(await life.step(SURVEYOR, claim_id, "surveys", survey(**wrong)), 422, code, before)
    assert (await life.row(claim_id)).status == "dispatched"


async def test_all_wrong_values_of_a_survey_are_told_at_once(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    wrong = survey(findings="", participants=[""], liability_opinion={"fault_ratio": "1.5"})
    answer = await life.step(SURVEYOR, claim_id, "surveys", wrong)
    assert {one["pointer"] for one in answer.json()["errors"]} == {
        "#/findings", "#/participants/0", "#/liability_opinion/fault_ratio",
    }  # fmt: skip


async def test_who_adjusts_the_claim_does_not_survey_it(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    async with life.service.db.transaction(machine("claims")) as tx:
        statement = text(
            "insert into claim_duties (id, org_path, created_at, claim_id, duty, person_id)"
            " values (gen_random_uuid(), '00', now(), :claim, 'adjuster', :person)"
        )
        await tx.execute(statement, {"claim": UUID(claim_id), "person": SURVEYOR.person_id})
    before = await life.traces()
    answer = await life.step(SURVEYOR, claim_id, "surveys", survey())
    await life.refused(answer, 403, "separation_of_duties", before)


async def test_a_second_survey_and_a_survey_without_dispatch_are_refused_with_the_legal_moves(life: ClaimLife) -> None:
    fresh = await life.reported(place="别处")
    before = await life.traces()
    answer = await life.step(SURVEYOR, fresh, "surveys", survey())
    await life.refused(answer, 409, "state_conflict", before)
    assert answer.json()["legal_moves"] == ["dispatched", "registered", "cancelled"]
    claim_id = await dispatched(life)
    await life.done(SURVEYOR, claim_id, "surveys", survey())
    before = await life.traces()
    await life.refused(await life.step(SURVEYOR, claim_id, "surveys", survey()), 409, "state_conflict", before)


async def test_a_signed_survey_cannot_be_changed_by_whatever_writes(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    await life.done(SURVEYOR, claim_id, "surveys", survey())
    for statement in ("update claim_surveys set findings = 'x'", "delete from claim_surveys"):
        with pytest.raises(Exception, match="append-only"):
            async with life.service.db.transaction(machine("claims")) as tx:
                await tx.execute(text(statement))
    shown = await life.read(claim_id)
    assert [one["findings"] for one in shown["surveys"]] == ["现场湿滑，未设警示。"]
    assert "surveys.0.participants" in shown["masked"]


async def test_casualties_that_the_survey_finds_are_told_to_head_office_at_once(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    assert await life.events("claims.claim.head_office_informed.v1") == []
    await life.done(SURVEYOR, claim_id, "surveys", survey(death_count=3))
    told = await life.events("claims.claim.head_office_informed.v1")
    assert [(one["claim_id"], one["reason"]) for one in told] == [(claim_id, "casualties")]
    shown = await life.read(claim_id)
    assert (shown["death_count"], "serious_casualties" in shown["flags"]) == (3, True)
    assert (await life.items(claim_id))["head_office"]["unit_code"] == "00"
    assert "DL-CL-7" in {one["id"] for one in shown["deadlines"]}


async def test_many_claims_are_dispatched_at_once_and_each_fails_by_itself(life: ClaimLife) -> None:
    await life.appoint(SURVEYOR)
    first, second = await life.reported(), await life.reported(place="别处")
    sibling = actor("service_agent", SIBLING)
    foreign = await life.reported(sibling, unit_code="320104", place="彼处")
    to = str(SURVEYOR.person_id)
    items = [
        {"ref": "a", "claim_id": first, "version": 1, "surveyor_person_id": to},
        {"ref": "b", "claim_id": second, "version": 7, "surveyor_person_id": to},
        {"ref": "c", "claim_id": foreign, "version": 1, "surveyor_person_id": to},
        {"ref": "d", "claim_id": second, "version": 1, "surveyor_person_id": str(person("nobody"))},
    ]
    body = {"action": "dispatch", "items": items}
    answer = await life.service.post(AGENT, "/v1/claims/batches", body, key="batch-1")
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [(one["ref"], one["status"]) for one in results] == [("a", 201), ("b", 412), ("c", 404), ("d", 422)]
    assert results[0]["data"]["claim"]["status"] == "dispatched"
    assert results[3]["problem"]["errors"][0]["pointer"] == "#/items/3/surveyor_person_id"
    again = await life.service.post(AGENT, "/v1/claims/batches", body, key="batch-1")
    assert again.content == answer.content
    refused = [row for row in await life.service.rows(kernel.tables["audit_entries"]) if row["outcome"] == "refused"]
    assert [row["object_id"] for row in refused] == [UUID(foreign)]


async def test_a_claim_of_another_unit_is_neither_dispatched_nor_surveyed(life: ClaimLife) -> None:
    claim_id = await dispatched(life)
    sibling, surveyor = actor("service_agent", SIBLING), actor("surveyor", SIBLING)
    for who, below, body in (
        (sibling, "dispatches", {"surveyor_person_id": str(SURVEYOR.person_id)}),
        (surveyor, "surveys", survey()),
    ):
        before = await life.traces()
        await life.refused(await life.step(who, claim_id, below, body), 404, "not_found", before)
    assert (await life.row(claim_id)).org_path == SUB
