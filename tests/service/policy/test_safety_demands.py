"""An overdue hazard: what may be demanded, in whose name, and what never."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.policy.policy.tables import Base
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support import contract_world as world
from tests.support.contract_world import ACCOUNT, CUSTOMER, LIABILITY, PATH, UNDERWRITER
from tests.support.feeding import event
from tests.support.services import ServiceUnderTest

TABLES = Base.metadata.tables
DUE = legal_day(process_now()) - timedelta(days=1)


def hazard(verb: str, hazard_id: UUID, policy_id: str, version: int = 2, **more: Any) -> dict[str, Any]:
    data = {
        "hazard_id": str(hazard_id), "policy_id": policy_id, "customer_id": str(CUSTOMER), "class": "high",
        "due_on": DUE.isoformat(), "step": 1, "unit_code": "32",
    }  # fmt: skip
    return event(f"risk.hazard.{verb}.v1", PATH, record_id=hazard_id, version=version, **(data | more))


async def proposed(policy: ServiceUnderTest, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A policy with a hazard that was not cured in time, and the demand that is proposed."""
    await world.own_products(policy, **changes)
    held = await world.issued(policy, LIABILITY, premium=Decimal("73000.00"))
    told = hazard("overdue", uuid4(), held["id"])
    await world.hear(policy, told, {**told, "id": str(uuid4())})
    [row] = (await policy.get(UNDERWRITER, "/v1/safety-demands")).json()["items"]
    return held, row


async def act(policy: ServiceUnderTest, row: dict[str, Any], verb: str, body: Any, version: int | None = None) -> Any:
    path = f"/v1/safety-demands/{row['id']}/{verb}"
    return await policy.post(UNDERWRITER, path, body, version=version or row["version"])


DEMAND = {"clause_id": "DU-01", "increase_rate": "0.20", "reason": "隐患逾期未改"}


async def test_a_higher_premium_is_demanded_with_its_clause_and_holds_only_once_agreed(
    policy: ServiceUnderTest,
) -> None:
    held, row = await proposed(policy)
    [item] = await policy.rows(kernel.tables["work_items"], kind="safety_demand")
    assert (item["unit_code"], item["basis"]) == ("32", "保险法第五十一条")
    missing = await act(policy, row, "demands", DEMAND | {"clause_id": None})
    assert (missing.status_code, missing.json()["code"]) == (422, "duty_clause_required")
    foreign = await act(policy, row, "demands", DEMAND | {"clause_id": "EX-03"})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "duty_clause_unknown")
    nothing = await act(policy, row, "demands", DEMAND | {"increase_rate": "0.00"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "no_increase")
    done = await act(policy, row, "demands", DEMAND)
    assert (done.status_code, done.json()["safety_demand"]["status"]) == (201, "demanded")
    read = (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()
    assert read["premium"] == "73000.00"
    change = {"kind": "risk_increase", "safety_clause_id": "DU-01"}
    agreed = await world.application(
        policy, LIABILITY, kind="endorsement", status="approved", policy_id=held["id"], change=change, terms={}
    )
    early = await act(policy, row, "agreements", {"application_id": str(agreed.id)}, 2)
    assert (early.status_code, early.json()["code"]) == (409, "increase_not_agreed")
    made = await policy.post(UNDERWRITER, f"/v1/applications/{agreed.id}/endorsements", {}, version=1)
    assert made.json()["amount"] == "14600.00"
    late = await act(policy, row, "agreements", {"application_id": str(agreed.id)}, 2)
    assert (late.status_code, late.json()["safety_demand"]["status"]) == (201, "agreed")


async def test_a_cancellation_for_safety_gives_back_the_days_left(policy: ServiceUnderTest) -> None:
    held, row = await proposed(policy)
    async with policy.db.transaction(UNDERWRITER) as tx:
        began = {"starts_at": world.day(-120), "ends_at": world.day(245)}
        await tx.execute(TABLES["policies"].update().values(**began))
        await tx.execute(TABLES["policy_versions"].update().values(**began, effective_at=began["starts_at"]))
    body = {"clause_id": "DU-01", "reason": "拒不整改", "payee": ACCOUNT}
    missing = await act(policy, row, "cancellations", body | {"clause_id": None})
    assert (missing.status_code, missing.json()["code"]) == (422, "duty_clause_required")
    done = await act(policy, row, "cancellations", body)
    assert (done.status_code, done.json()["safety_demand"]["status"]) == (201, "cancelled")
    [order] = await world.orders(policy, kind="refund")
    assert order["amount"] == "49000.00"
    assert (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()["status"] == "cancelled"


async def test_compulsory_cover_is_never_ended_for_it_without_proof(policy: ServiceUnderTest) -> None:
    held, row = await proposed(policy, compulsory=True)
    body = {"clause_id": "DU-01", "reason": "拒不整改", "payee": ACCOUNT}
    refused = await act(policy, row, "cancellations", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "compulsory_cover")
    assert (await policy.get(UNDERWRITER, f"/v1/policies/{held['id']}")).json()["status"] == "issued"
    proven = await act(policy, row, "cancellations", body | {"proof": "全面停产决定书"})
    assert proven.status_code == 201, proven.text


async def test_a_hazard_that_is_cured_leaves_nothing_to_demand_in_whatever_order(policy: ServiceUnderTest) -> None:
    held, row = await proposed(policy)
    await world.hear(policy, hazard("closed", UUID(row["hazard_id"]), held["id"], 3))
    [dropped] = (await policy.get(UNDERWRITER, "/v1/safety-demands?status=dropped")).json()["items"]
    late = await act(policy, dropped, "demands", DEMAND)
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
    other = uuid4()
    await world.hear(policy, hazard("closed", other, held["id"], 3), hazard("overdue", other, held["id"], 2))
    assert len(await policy.rows(TABLES["safety_demands"])) == 1


async def test_a_demand_is_dropped_with_a_reason(policy: ServiceUnderTest) -> None:
    _, row = await proposed(policy)
    assert (await act(policy, row, "drops", {"reason": ""})).status_code == 422
    dropped = await act(policy, row, "drops", {"reason": "已另行约定整改期"})
    assert (dropped.status_code, dropped.json()["safety_demand"]["status"]) == (201, "dropped")
    read = (await policy.get(UNDERWRITER, f"/v1/safety-demands/{row['id']}")).json()
    assert {one["action"]: one["allowed"] for one in read["available_actions"]} == {
        "demand": False, "agree": False, "cancel_cover": False, "drop": False,
    }  # fmt: skip
