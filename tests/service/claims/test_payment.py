"""Ordering payments: once, never more than was approved, to nobody who is not entitled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.claims.cover.tables import CoverVersion
from services.claims.payment.tables import Payment
from shared.actor import machine
from shared.database_faults import ConcurrentChange
from shared.kernel import kernel
from shared.masking import keyed_digest
from tests.support.calculations import ACCIDENT, PUBLIC
from tests.support.claims_settled import (
    ACCOUNT,
    MIDDLE,
    NORTH,
    PERSON,
    PROVINCE,
    SMALL_FACTS,
    SettledWorld,
    archivist,
    at_once,
    cashier,
    core_system,
)
from tests.support.claims_world import DIGEST_KEY, adjuster, approver
from tests.support.rule_sets import seeded_calendar
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

TWO_VICTIMS: dict[str, Any] = {
    "fault_ratio": "1.00",
    "claimants": [
        {"ref": "A", "kind": "third_party", "name": "司徒海", "losses": [{"kind": "medical", "amount": "600.00"}]},
        {"ref": "B", "kind": "third_party", "name": "令狐云", "losses": [{"kind": "medical", "amount": "400.00"}]},
    ],
    "expenses": [{"kind": "legal", "amount": "200.00"}],
}
VICTIM = {"kind": "third_party", "name": "司徒海", "account": "6222333344445555"}
INSURED = {"kind": "insured", "name": "岚海商贸", "account": "3200123456789"}
PAID_PROOF = {"kind": "third_party_paid", "reference": "RECEIPT-7"}
DEATH = {"claimants": [{"ref": "P-1", "kind": "insured_person", "name": "欧阳岚", "losses": [{"kind": "death"}]}]}
FAMILY = [
    {"claimant_ref": "P-1", "name": "欧阳江", "relation": "spouse", "share": "0.50"},
    {"claimant_ref": "P-1", "name": "欧阳海", "relation": "child", "share": "0.50"},
]


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def liability(world: SettledWorld) -> Any:
    return await world.agreed(PUBLIC, TWO_VICTIMS, line="liability")


async def death(world: SettledWorld, **more: Any) -> Any:
    claim_id = await world.decided(ACCIDENT, DEATH, by=PROVINCE)
    assert (answer := await world.agree(claim_id, **more)).status_code == 201, answer.text
    return claim_id


async def refused(world: SettledWorld, answer: Any, wanted: str, before: Any, status: int = 409) -> None:
    """The refusal, and that it left nothing but its audit entry (none for 422)."""
    assert code(answer) == (status, wanted)
    events, entries, payments = await world.traces()
    assert (events, payments) == (before[0], before[2])
    assert entries == before[1] + (0 if status == 422 else 1)


# ------------------------------------------------------------------------------------------ what an order does


async def test_an_ordered_payment_is_announced_masked_and_due_on_a_working_day(world: SettledWorld) -> None:
    claim_id, told = await world.ordered()
    assert (told["claim"]["status"], told["status"], told["payable_no"]) == ("paying", "ordered", 1)
    assert told["payee"] == {
        "kind": "insured_person", "name": "欧阳*", "account": "************2222", "masked": ["name", "account"],
    }  # fmt: skip
    due_on, agreed_at = date.fromisoformat(told["due_on"]), (await world.world.row(claim_id)).agreed_at
    assert agreed_at is not None
    assert due_on == seeded_calendar().payment_day(agreed_at.date() + timedelta(days=10))
    (event,) = await world.events("claims.payment.ordered.v1")
    assert event == {
        "payment_id": told["id"], "claim_id": str(claim_id), "amount": "3268.00", "payee_kind": "insured_person",
        "due_on": told["due_on"],
    }  # fmt: skip
    (item,) = await world.items(told["id"])
    assert (item["kind"], item["position"], item["unit_code"]) == ("pay", "cashier", "3202")
    assert not await world.items(claim_id, "order_payment")
    assert ACCOUNT not in str(await world.service.rows(kernel.tables["history"]))
    assert ACCOUNT not in str(await world.service.rows(kernel.tables["stored_answers"]))


async def test_a_due_day_that_is_no_working_day_is_drawn_forward(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    agreed_at = "2026-04-22T10:00:00+08:00"
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(
            text("update claims set agreed_at = cast(:at as text)::timestamptz where id = :id"),
            {"at": agreed_at, "id": claim_id},
        )
    assert (await world.order(claim_id)).json()["due_on"] == "2026-04-30"


async def test_the_pay_item_goes_to_the_lowest_unit_that_has_a_cashier(world: SettledWorld) -> None:
    await world.staff("branch cashier", position="cashier", path=PROVINCE)
    _, told = await world.ordered()
    (item,) = await world.items(told["id"])
    assert item["unit_code"] == "32"


# ------------------------------------------------------------------------------------------ once, and not more


async def test_fifty_orders_at_once_make_one_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    version = (await world.world.row(claim_id)).version

    async def once() -> int:
        return (await world.order(claim_id, version=version)).status_code

    found = sorted(await at_once([once] * 50))
    assert found == [201, *[412] * 49]
    assert [row.payable_no for row in await world.payments(claim_id)] == [1]
    assert len(await world.events("claims.payment.ordered.v1")) == 1


async def test_fifty_orders_that_each_read_the_claim_again_make_one_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()

    async def persistently() -> str:
        for _ in range(80):
            answer = await world.order(claim_id)
            if answer.status_code != 412:
                return "201" if answer.status_code == 201 else answer.json()["code"]
        raise AssertionError("never got through")

    found = sorted(await at_once([persistently] * 50))
    assert found == ["201", *["already_paid"] * 49]
    assert len(await world.payments(claim_id)) == 1


async def test_the_same_key_answers_again_and_pays_nothing_more(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    version = (await world.world.row(claim_id)).version
    body = {"payee": PERSON, "amount": "3268.00", "relation": "self"}
    path = f"/v1/claims/{claim_id}/payments"
    first = await world.service.post(adjuster(NORTH), path, body, version=version, key="order-1")
    again = await world.service.post(adjuster(NORTH), path, body, version=version, key="order-1")
    assert (first.status_code, again.content) == (201, first.content)
    other = await world.service.post(
        adjuster(NORTH), path, body | {"amount": "1.00"}, version=version, key="order-1"
    )  # fmt: skip
    assert code(other) == (422, "idempotency_key_reused")
    assert len(await world.payments(claim_id)) == 1


async def test_two_parts_make_the_whole_and_a_third_is_refused(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    assert (await world.order(claim_id, "3000.00")).status_code == 201
    assert await world.items(claim_id, "order_payment")
    before = await world.traces()
    await refused(world, await world.order(claim_id, "268.01"), "already_paid", before)
    assert (await world.order(claim_id, "268.00")).status_code == 201
    before = await world.traces()
    await refused(world, await world.order(claim_id, "0.01"), "already_paid", before)
    assert [row.payable_no for row in await world.payments(claim_id)] == [1, 2]


async def test_more_than_is_payable_is_refused_to_the_cent(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    before = await world.traces()
    await refused(world, await world.order(claim_id, "3268.01"), "payable_exceeded", before, 422)
    await refused(world, await world.order(claim_id, "0.00"), "validation_failed", before, 422)
    assert code(await world.order(claim_id, 3268.0)) == (422, "validation_failed")  # type: ignore[arg-type]


async def test_the_database_itself_refuses_a_second_payment_of_the_payable(world: SettledWorld) -> None:
    claim_id, _ = await world.ordered()
    (held,) = await world.payments(claim_id)
    columns = {one.name: getattr(held, one.name) for one in Payment.__table__.columns}
    for changed, refusal in (({}, ConcurrentChange), ({"payable_no": 2}, IntegrityError)):
        with pytest.raises(refusal):
            async with world.service.db.transaction(machine("claims")) as tx:
                await tx.execute(Payment.__table__.insert().values(**(columns | {"id": uuid4()} | changed)))


# ------------------------------------------------------------------------------------------ before, by whom


async def test_nothing_is_paid_before_approval_nor_before_the_agreement(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC, line="liability", unit_code="320205")
    waiting = await world.world.calculated(policy, TWO_VICTIMS, adjuster(NORTH), path=NORTH)
    before = await world.traces()
    await refused(world, await world.order(waiting, "600.00", VICTIM), "payment_before_approval", before)
    decided = await world.decided()
    before = await world.traces()
    await refused(world, await world.order(decided), "state_conflict", before)


async def test_a_refused_claim_is_not_paid(world: SettledWorld) -> None:
    claim_id = await world.decided(PUBLIC, TWO_VICTIMS, line="liability", by=PROVINCE, outcome="refuse")
    before = await world.traces()
    await refused(world, await world.order(claim_id, "600.00", VICTIM), "state_conflict", before)


async def test_whoever_approved_or_surveyed_does_not_order(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    for name in (f"claims_approver@{NORTH}", "surveyor"):
        before = await world.traces()
        who = adjuster(NORTH, name)
        await refused(world, await world.order(claim_id, who=who), "separation_of_duties", before, 403)
    for who in (approver(NORTH), cashier(), archivist()):
        before = await world.traces()
        await refused(world, await world.order(claim_id, who=who), "action_not_permitted", before, 403)


async def test_what_is_paid_is_what_was_approved(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(text("update claims set gross_amount = 9999 where id = :id"), {"id": claim_id})
    before = await world.traces()
    answer = await world.order(claim_id)
    await refused(world, answer, "approved_basis_changed", before)
    assert answer.json()["changed"] == ["amounts"]


async def test_a_policy_version_that_came_late_stops_the_payment(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    row = await world.world.row(claim_id)
    (held,) = await world.service.rows(CoverVersion.__table__, policy_id=row.policy_id)
    async with world.service.db.transaction(machine("claims")) as tx:
        tx.add(CoverVersion(**(held | {"policy_version": 2})))
    answer = await world.order(claim_id)
    assert (code(answer), answer.json()["changed"]) == ((409, "approved_basis_changed"), ["policy_version"])


async def test_a_stale_version_and_a_missing_one_are_told_apart(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    assert code(await world.order(claim_id, version=1)) == (412, "version_stale")
    body = {"payee": PERSON, "amount": "3268.00", "relation": "self"}
    bare = await world.service.post(adjuster(NORTH), f"/v1/claims/{claim_id}/payments", body)
    assert code(bare) == (428, "if_match_missing")


# ------------------------------------------------------------------------------------------ 保险法 art. 65


async def test_the_insured_is_paid_only_with_proof_that_the_third_party_was(world: SettledWorld) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await refused(world, await world.order(claim_id, "1200.00", INSURED), "third_party_not_paid", before)
    other = {"kind": "other", "reference": "X"}
    answer = await world.order(claim_id, "1200.00", INSURED, proof=other)
    assert code(answer) == (409, "third_party_not_paid")
    before = await world.traces()
    empty = {"kind": "third_party_paid"}
    await refused(world, await world.order(claim_id, "1200.00", INSURED, proof=empty), "proof_required", before, 422)
    foreign = {"kind": "third_party_paid", "attachment_ids": [str(uuid4())]}
    answer = await world.order(claim_id, "1200.00", INSURED, proof=foreign)
    assert code(answer) == (422, "reference_not_found")
    assert (await world.order(claim_id, "1200.00", INSURED, proof=PAID_PROOF)).status_code == 201


async def test_third_parties_are_paid_directly_each_his_share(world: SettledWorld) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await refused(world, await world.order(claim_id, "600.01", VICTIM), "payable_exceeded", before, 422)
    answer = await world.order(claim_id, "600.00", VICTIM)
    assert (answer.status_code, answer.json()["claimant_ref"]) == (201, "A")
    before = await world.traces()
    await refused(world, await world.order(claim_id, "0.01", VICTIM), "already_paid", before)
    stranger = VICTIM | {"name": "公孙路"}
    before = await world.traces()
    await refused(world, await world.order(claim_id, "1.00", stranger), "payee_not_entitled", before)
    creditor = {"kind": "expense_creditor", "name": "某律师事务所", "account": "9558800001"}
    assert (await world.order(claim_id, "200.00", creditor)).status_code == 201
    second = VICTIM | {"name": "令狐云", "account": "6222333344446666"}
    assert (await world.order(claim_id, "400.00", second)).status_code == 201
    assert [row.claimant_ref for row in await world.payments(claim_id)] == ["A", None, "B"]


async def test_claimants_without_names_are_told_apart_by_their_reference(world: SettledWorld) -> None:
    facts = {
        **TWO_VICTIMS,
        "claimants": [{k: v for k, v in one.items() if k != "name"} for one in TWO_VICTIMS["claimants"]],
    }
    claim_id = await world.agreed(PUBLIC, facts, line="liability")
    answer = await world.order(claim_id, "100.00", VICTIM)
    assert (code(answer), answer.json()["claimant_refs"]) == ((422, "claimant_ref_required"), ["A", "B"])
    assert (await world.order(claim_id, "400.00", VICTIM, claimant_ref="B")).status_code == 201
    assert code(await world.order(claim_id, "1.00", VICTIM, claimant_ref="Z")) == (409, "payee_not_entitled")


@pytest.mark.parametrize("kind", ["beneficiary", "insured_person"])
async def test_payees_of_the_other_line_are_not_entitled(world: SettledWorld, kind: str) -> None:
    claim_id = await liability(world)
    before = await world.traces()
    await refused(world, await world.order(claim_id, "1.00", VICTIM | {"kind": kind}), "payee_not_entitled", before)


async def test_a_death_benefit_goes_to_the_beneficiaries_by_their_shares(world: SettledWorld) -> None:
    claim_id = await death(world, beneficiaries=FAMILY)
    spouse = {"kind": "beneficiary", "name": "欧阳江", "account": "6222100010001000"}
    assert code(await world.order(claim_id, "1.00", PERSON)) == (409, "payee_not_entitled")
    assert code(await world.order(claim_id, "1.00", spouse | {"name": "欧阳湖"})) == (409, "payee_not_entitled")
    before = await world.traces()
    await refused(world, await world.order(claim_id, "150000.01", spouse), "payable_exceeded", before, 422)
    assert (await world.order(claim_id, "150000.00", spouse)).status_code == 201
    assert code(await world.order(claim_id, "0.01", spouse)) == (409, "already_paid")
    heir = {"kind": "heir", "name": "欧阳海", "account": "6222100010002000"}
    proof = {"kind": "succession", "reference": "S-1"}
    assert code(await world.order(claim_id, "1.00", heir, proof=proof)) == (422, "payable_exceeded")
    assert (await world.order(claim_id, "150000.00", heir | {"kind": "beneficiary"})).status_code == 201


async def test_with_no_beneficiary_left_the_benefit_falls_into_the_estate(world: SettledWorld) -> None:
    gone = [one | {"entitled": False} for one in FAMILY]
    claim_id = await death(world, beneficiaries=gone)
    spouse = {"kind": "beneficiary", "name": "欧阳江", "account": "6222100010001000"}
    assert code(await world.order(claim_id, "1.00", spouse)) == (409, "payee_not_entitled")
    heir = {"kind": "heir", "name": "欧阳湖", "account": "6222100010002000"}
    before = await world.traces()
    await refused(world, await world.order(claim_id, "300000.00", heir), "proof_required", before, 422)
    proof = {"kind": "succession", "reference": "S-1"}
    assert (await world.order(claim_id, "300000.00", heir, proof=proof)).status_code == 201


async def test_a_living_insured_person_has_neither_beneficiaries_nor_heirs(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    child = PERSON | {"kind": "beneficiary"}
    assert code(await world.order(claim_id, "1.00", child)) == (409, "payee_not_entitled")
    guardian = PERSON | {"kind": "guardian", "name": "欧阳江"}
    assert code(await world.order(claim_id, "1.00", guardian)) == (422, "proof_required")
    proof = {"kind": "guardianship", "reference": "G-1"}
    assert (await world.order(claim_id, "3268.00", guardian, proof=proof)).status_code == 201


async def test_the_account_must_be_in_the_payees_name(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    before = await world.traces()
    other = await world.order(claim_id, payee=PERSON | {"account_holder": "欧阳江"})
    await refused(world, other, "account_name_mismatch", before, 422)
    assert code(await world.order(claim_id, payee=PERSON | {"account": "12"})) == (422, "validation_failed")
    assert code(await world.order(claim_id, payee=PERSON | {"name": "欧阳江"})) == (409, "payee_not_entitled")
    assert (await world.order(claim_id, payee=PERSON | {"account_holder": "欧阳 岚"})).status_code == 201


# ------------------------------------------------------------------------------------------ accounts of staff


async def test_the_account_of_whoever_handled_the_claim_or_orders_is_blocked(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    await world.staff(f"claims_approver@{NORTH}", keyed_digest(DIGEST_KEY, ACCOUNT))
    before = await world.traces()
    await refused(world, await world.order(claim_id), "separation_of_duties", before, 403)


async def test_the_account_of_other_staff_needs_an_approval_one_level_up(world: SettledWorld) -> None:
    claim_id = await world.agreed()
    await world.staff("somebody else", keyed_digest(DIGEST_KEY, "6222 0000 1111 2222"))
    before = await world.traces()
    await refused(world, await world.order(claim_id), "payee_of_staff", before)
    policy = await world.world.policy(ACCIDENT, line="accident", unit_code="320205")
    flagged = await world.world.calculated(
        policy, SMALL_FACTS, adjuster(NORTH), path=NORTH, line="accident", flags=["staff_or_relative"]
    )  # fmt: skip
    await world.decide(flagged, NORTH, MIDDLE)
    assert (await world.agree(flagged)).status_code == 201
    assert (await world.order(flagged, "100.00")).status_code == 201


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
        await refused(world, answer, "action_not_permitted", before, 403)
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
