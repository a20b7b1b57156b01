"""Risk control files that open by themselves, once."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from services.risk.exposure.tables import Base
from services.risk.watch.handlers import ACTIVE
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.risk_world import ENGINEER, ISSUED, claim, event, hear, policy
from tests.support.services import ServiceUnderTest

TODAY = legal_day(process_now())
FILES = Base.metadata.tables["key_risk_files"]
OUTBOX = kernel.tables["outbox"]


async def test_a_high_limit_opens_the_file_with_the_policy(risk: ServiceUnderTest) -> None:
    told = policy(TODAY, cover={"limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00"})
    issued = event(ISSUED, UUID(told["policy_id"]), told)
    await hear(risk, issued, issued)
    [file] = await risk.rows(FILES)
    assert (file["status"], file["criteria"]) == ("open", ["high_limit"])
    assert len(await risk.rows(OUTBOX, subject="risk.key_risk_file.opened.v1")) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_third_claim_opens_one_file_in_any_order(risk: ServiceUnderTest, order: tuple[int, ...]) -> None:
    told = policy(TODAY - timedelta(days=30))
    losses = [claim(told["customer_id"], told["policy_id"]) for _ in range(3)]
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    for n, i in enumerate(order):
        assert await risk.rows(FILES) == [], f"after {n} claims"
        await hear(risk, event("claims.claim.reported.v1", UUID(losses[i]["claim_id"]), losses[i]))
    [file] = await risk.rows(FILES)
    assert file["criteria"] == ["frequency"]
    again = event("claims.claim.reported.v1", UUID(losses[0]["claim_id"]), losses[0])
    await hear(risk, again)
    assert len(await risk.rows(FILES)) == 1
    assert len(await risk.rows(OUTBOX, subject="risk.key_risk_file.opened.v1")) == 1


async def test_a_settlement_before_its_report_breaks_nothing(risk: ServiceUnderTest) -> None:
    told = policy(TODAY - timedelta(days=30))
    loss = claim(told["customer_id"], told["policy_id"])
    settled = {"claim_id": loss["claim_id"], "customer_id": loss["customer_id"]}
    record = UUID(loss["claim_id"])
    await hear(
        risk,
        event("claims.claim.settled.v1", record, settled, 2),
        event("claims.claim.reported.v1", record, loss, 1),
        event(ISSUED, UUID(told["policy_id"]), told),
    )
    assert await risk.rows(FILES) == []


async def test_a_cancelled_claim_does_not_count_even_if_heard_of_first(risk: ServiceUnderTest) -> None:
    told = policy(TODAY - timedelta(days=30))
    losses = [claim(told["customer_id"], told["policy_id"], injured_count=1) for _ in range(2)]
    gone = {"claim_id": losses[0]["claim_id"], "reason_code": "duplicate"}
    await hear(
        risk,
        event(ISSUED, UUID(told["policy_id"]), told),
        event("claims.claim.cancelled.v1", UUID(losses[0]["claim_id"]), gone, 2),
        *(event("claims.claim.reported.v1", UUID(one["claim_id"]), one) for one in losses),
    )
    assert await risk.rows(FILES) == []


async def test_a_file_does_not_close_while_a_criterion_holds(risk: ServiceUnderTest) -> None:
    told = policy(TODAY, cover={"limit_per_accident": "5000000.00"})
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    file = (await risk.get(ENGINEER, "/v1/key-risk-files")).json()["items"][0]
    path = f"/v1/key-risk-files/{file['id']}"
    early = await risk.post(ENGINEER, f"{path}/closures", {"reason": "已整改"}, version=file["version"])
    assert (early.status_code, early.json()["code"]) == (409, "state_conflict")
    async with risk.db.transaction(ENGINEER) as tx:
        await tx.execute(FILES.update().values(status="active"))
    held = await risk.post(ENGINEER, f"{path}/closures", {"reason": "已整改"}, version=file["version"])
    assert (held.status_code, held.json()["code"]) == (409, "criterion_still_holds")
    read = (await risk.get(ENGINEER, path)).json()
    assert read["available_actions"][0]["reason"]["code"] == "criterion_still_holds"
    assert await run_once(risk.db, ACTIVE) == 0


async def test_a_merged_customers_file_ends_and_everybody_hears_of_it(risk: ServiceUnderTest) -> None:
    high = {"limit_per_accident": "5000000.00", "aggregate_limit": "10000000.00"}
    merged, kept = policy(TODAY, cover=high), policy(TODAY)
    await hear(risk, *(event(ISSUED, UUID(told["policy_id"]), told) for told in (merged, kept)))
    pair = {"kept_id": kept["customer_id"], "merged_id": merged["customer_id"]}
    gone = event("crm.customer.merged.v1", UUID(kept["customer_id"]), pair)
    await hear(risk, gone, gone)
    files = {str(file["customer_id"]): file for file in await risk.rows(FILES)}
    assert (files[merged["customer_id"]]["status"], files[merged["customer_id"]]["version"]) == ("closed", 2)
    assert (files[kept["customer_id"]]["status"], files[kept["customer_id"]]["criteria"]) == ("open", ["high_limit"])
    assert len(await risk.rows(OUTBOX, subject="risk.key_risk_file.closed.v1")) == 1
    assert len(await risk.rows(OUTBOX, subject="risk.key_risk_file.opened.v1")) == 2
