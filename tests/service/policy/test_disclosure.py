"""The customer is told before he applies; he acknowledges and answers himself, in the wording that was shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from services.policy.disclosure.tables import Acknowledgement, AnswerSet, DisclosurePack
from shared.actor import machine
from shared.clock import legal_day, process_now, rfc3339
from shared.directory import directory_persons
from shared.masking import keyed_digest
from tests.support.application_world import (
    POLICYHOLDER,
    SELLER,
    SERVICE,
    SIGNER,
    ApplicationWorld,
    ago,
    in_days,
    move,
)
from tests.support.tokens import actor, person


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_the_pack_holds_every_clause_in_its_wording(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.disclose()
    row = (await world.policy.rows(DisclosurePack.__table__))[0]
    shown = {clause["clause_id"]: clause for clause in row["clauses"]}
    assert {"EX-03", "DE-03", "DU-01", "CO-03", "PR-01", "CA-01"} <= set(shown)
    assert len(shown["EX-03"]["sha256"]) == 64
    assert (await one.read())["disclosure"]["exclusions_acknowledged"] is False


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"clauses": [{"clause_id": "EX-03", "text_version": "2019-01"}]}, 422, "pack_of_other_version"),
        ({"simplified": True}, 422, "simplified_pack_refused"),
        ({"delivered_at": rfc3339(in_days(1))}, 422, "occurred_in_future"),
        ({"delivered_at": rfc3339(in_days(-3))}, 422, "reason_required"),
    ],
)
async def test_which_pack_is_refused(world: ApplicationWorld, change: dict[str, Any], status: int, code: str) -> None:
    one = await world.open()
    body = {"channel": "visit", "delivered_at": ago(5), "proof": "回执第1号"} | change
    refused(await one.post(SELLER, "disclosures", body), status, code)
    assert (await one.read())["status"] == "draft"


async def test_nothing_is_submitted_before_the_pack_the_acknowledgements_and_the_answers(
    world: ApplicationWorld,
) -> None:
    one = await world.open()
    refused(await one.submit(), 422, "pack_not_delivered")
    refused(await one.acknowledge(), 422, "pack_not_delivered")
    await one.disclose()
    refused(await one.submit(), 422, "exclusions_not_acknowledged")
    assert (await one.acknowledge()).status_code == 201
    refused(await one.submit(), 422, "duties_not_acknowledged")
    assert (await one.acknowledge("duties")).status_code == 201
    refused(await one.submit(), 422, "questions_unanswered")
    assert (await one.answer()).status_code == 201
    assert (await one.submit()).status_code == 201


async def test_exclusions_are_acknowledged_with_every_clause_that_pays_less(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.disclose()
    only = [{"clause_id": "EX-03", "text_version": "2026-01"}]
    assert (await one.acknowledge(clauses=only)).status_code == 201
    answer = await one.submit()
    refused(answer, 422, "exclusions_not_acknowledged")
    assert answer.json()["clauses"] == "DE-03, DR-03"


async def test_whoever_sells_or_works_here_never_signs_for_the_customer(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.disclose()
    mine = world.policy.app.state.digest_key
    staff = {
        "person_id": person("seller"), "staff_no": SELLER.staff_no, "active": True, "record_version": 1,
        "digests": [{"kind": "id", "of": "self", "digest": keyed_digest(mine, "320101199001011234")}],
    }  # fmt: skip
    async with world.policy.db.transaction(machine("policy")) as tx:
        await tx.execute(insert(directory_persons).values(**staff))
    for signer in (
        {"role": "sales_agent", "name": "甲"},
        {"role": "agent", "name": "乙"},
        SIGNER | {"staff_no": "S1"},
        SIGNER | {"id_no": "320101199001011234"},
    ):
        refused(await one.acknowledge(signer=signer), 422, "signed_for_customer")
    assert await world.policy.rows(Acknowledgement.__table__) == []
    himself = await one.acknowledge(signer=SIGNER | {"id_no": POLICYHOLDER["id_no"]})
    assert himself.status_code == 201, himself.text


async def test_nobody_acknowledges_before_he_was_told_nor_another_wording(world: ApplicationWorld) -> None:
    one = await world.open()
    await one.disclose(delivered_at=ago(5))
    refused(await one.acknowledge(acknowledged_at=ago(6)), 422, "acknowledged_before_delivery")
    old = [{"clause_id": "EX-03", "text_version": "2019-01"}]
    refused(await one.acknowledge(clauses=old, acknowledged_at=ago(1)), 422, "other_text_acknowledged")
    duties = [{"clause_id": "DU-01", "text_version": "2026-01"}]
    refused(await one.acknowledge(clauses=duties, acknowledged_at=ago(1)), 422, "other_text_acknowledged")
    refused(await one.acknowledge(clauses=[], acknowledged_at=ago(1)), 422, "reference_not_found")


async def test_answers_keep_the_question_as_it_was_put(world: ApplicationWorld) -> None:
    one = await world.open()
    answer = await one.answer(Q03="no", Q05="3")
    assert answer.status_code == 201, answer.text
    assert answer.json()["effects"] == {
        "survey": ["Q03", "Q05"], "special_agreement": ["Q03"], "rate": ["Q05"],
    }  # fmt: skip
    row = (await world.policy.rows(AnswerSet.__table__))[0]
    asked = {given["code"]: given["asked"]["zh"] for given in row["answers"]}
    assert asked["Q03"] == "经营场所是否通过消防验收或者消防备案？"
    assert row["question_version"] == "2026-01"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"question_version": "2019-01"}, "questions_of_other_version"),
        ({"answers": [{"code": "Q99", "value": "yes"}]}, "validation_failed"),
        ({"answers": [{"code": "Q03", "value": "maybe"}]}, "validation_failed"),
        ({"answers": [{"code": "Q02", "value": "-1"}]}, "validation_failed"),
        ({"answers": [{"code": "Q01", "value": "circus"}]}, "validation_failed"),
        ({"signer": {"role": "staff", "name": "甲"}}, "signed_for_customer"),
    ],
)
async def test_which_answers_are_refused(world: ApplicationWorld, change: dict[str, Any], code: str) -> None:
    one = await world.open()
    body = {
        "question_version": "2026-01", "answers": [{"code": "Q03", "value": "yes"}], "answered_at": ago(1),
        "signer": SIGNER,
    }  # fmt: skip
    refused(await one.post(SERVICE, "answers", body | change), 422, code)


async def test_new_terms_in_force_are_told_before_anything_is_submitted(world: ApplicationWorld, clock: Path) -> None:
    """The clauses change between the pack and the submission: the old acknowledgement is none of the new wording."""
    one = await world.open()
    await one.told()
    content = await one.product()
    for clause in content["clauses"]:
        clause["text_version"] = "2026-02"
    found = (await world.policy.get(SELLER, "/v1/products?code=public_liability")).json()["items"][0]
    tomorrow = legal_day(process_now()) + timedelta(days=1)
    body = {"name": "2026-2", "effective_from": tomorrow.isoformat(), "reason": "filed anew", "content": content}
    published = await world.policy.post(
        actor("rules_manager", "00"), f"/v1/products/{found['id']}/versions", body, version=1
    )
    assert published.status_code == 201, published.text
    move(clock, 1)
    refused(await one.submit(), 422, "pack_of_other_version")
    changed = await world.policy.call(
        SELLER, "PATCH", one.path, {"insured_count": 1}, version=(await one.read())["version"]
    )
    assert (changed.json()["product_version"], changed.json()["status"]) == (2, "draft")
    await one.disclose()
    refused(await one.submit(), 422, "exclusions_not_acknowledged")
