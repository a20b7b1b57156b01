"""Payments read: masked, revealed with a purpose, unmasked for whoever has to pay, within the scope."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.kernel import kernel
from tests.support.claims_settled import (
    ACCOUNT,
    MIDDLE,
    NORTH,
    SettledWorld,
    cashier,
    core_system,
)
from tests.support.claims_world import adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# ------------------------------------------------------------------------------------------ reading


async def test_payments_are_listed_masked_within_the_scope(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    listed = (await world.service.get(cashier(), "/v1/payments?status=ordered&include_total=true")).json()
    assert ([one["id"] for one in listed["items"]], listed["total"]) == ([told["id"]], 1)
    assert listed["items"][0]["payee"]["account"] == "************2222"
    assert (await world.service.get(cashier(), "/v1/payments?status=paid")).json()["items"] == []
    claim_no = (await world.world.row(claim_id)).claim_no
    due = (date.fromisoformat(told["due_on"]) + timedelta(days=1)).isoformat()
    for query in (f"claim_no={claim_no}", f"due_before={due}", "unit_code=320205", f"claim_id={claim_id}"):
        assert len((await world.service.get(cashier(), f"/v1/payments?{query}")).json()["items"]) == 1, query
    elsewhere = cashier("00.32.3201")
    assert (await world.service.get(elsewhere, "/v1/payments")).json()["items"] == []
    assert (await world.service.get(elsewhere, f"/v1/payments/{told['id']}")).status_code == 404
    assert (await world.service.get(actor("surveyor", NORTH), "/v1/payments")).status_code == 403


async def test_the_core_system_reads_whom_it_pays_and_each_reading_is_audited(world: SettledWorld) -> None:
    _, told = await world.ordered()
    before = await world.traces()
    shown = (await world.service.get(core_system(), f"/v1/payments/{told['id']}")).json()
    assert shown["payee"] == {"kind": "insured_person", "name": "欧阳岚", "account": ACCOUNT, "masked": []}
    after = await world.traces()
    assert (after[0], after[1]) == (before[0], before[1] + 1)
    (entry,) = await world.service.rows(kernel.tables["audit_entries"], action="read_payee")
    assert (str(entry["object_id"]), str(entry["person_id"])) == (told["id"], str(core_system().person_id))
    assert ACCOUNT not in entry["entry"]
    listed = (await world.service.get(core_system(), "/v1/payments")).json()["items"]
    assert listed[0]["payee"]["account"] == "************2222"
    assert (await world.confirm(told["id"], who=core_system())).status_code == 201
    paid = (await world.service.get(core_system(), f"/v1/payments/{told['id']}")).json()
    assert paid["payee"]["account"] == "************2222"
    assert len(await world.service.rows(kernel.tables["audit_entries"], action="read_payee")) == 1


async def test_cashier_and_deciding_approver_reveal_the_account_with_a_purpose(world: SettledWorld) -> None:
    _, told = await world.ordered()
    path = f"/v1/payments/{told['id']}"
    assert (await world.service.get(cashier(), path)).json()["payee"]["account"] == "************2222"
    body = {"field": "payee.account", "purpose": "payee_check"}
    for who in (cashier(), approver(NORTH)):
        answer = await world.service.post(who, f"{path}/reveals", body)
        assert (answer.status_code, answer.json()["value"]) == (201, ACCOUNT)
    for who in (approver(MIDDLE), adjuster(NORTH), core_system()):
        before = await world.traces()
        answer = await world.service.post(who, f"{path}/reveals", body)
        await world.refused(answer, "action_not_permitted", before, 403)
    assert len(await world.service.rows(kernel.tables["audit_entries"], action="reveal")) == 2


async def test_a_payment_shows_what_may_be_done_with_it_and_its_history(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    shown = (await world.service.get(cashier(), f"/v1/payments/{told['id']}")).json()
    allowed = {one["action"] for one in shown["available_actions"] if one["allowed"]}
    assert (allowed, shown["version"], shown["claim_id"]) == ({"accept", "confirm", "fail"}, 1, str(claim_id))
    history = (await world.service.get(cashier(), f"/v1/payments/{told['id']}/history")).json()["items"]
    assert [one["action"] for one in history] == ["order"]
    claim = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/history")).json()["items"]
    assert claim[-1]["action"] == "order_payment"


async def test_what_became_of_a_payment_stands_in_the_timeline_of_its_claim(world: SettledWorld) -> None:
    claim_id, payment = await world.ordered()
    failed = {"kind": "failed", "reason_code": "account_closed", "at": payment["sent_at"]}
    for answer in (
        await world.act(payment["id"], "failures", failed),
        await world.act(payment["id"], "resubmissions", {}),
        await world.confirm(payment["id"]),
    ):
        assert answer.status_code == 201, answer.text
    told = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/timeline")).json()["items"]
    kinds = [one["kind"] for one in told if "payment_id" in one["facts"]]
    assert kinds == ["order_payment", "fail_payment", "resubmit_payment", "confirm_payment"]
    assert [one["facts"]["status"] for one in told if one["kind"] in kinds[1:]] == ["failed", "ordered", "paid"]
    assert "6222000011112222" not in str(told)
