"""Closing a claim: what is open is listed; and what a closed claim no longer allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.claims.claim.tables import Claim
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.database import Transaction
from shared.errors import Text
from shared.work_items import open_item
from tests.support.calculations import PUBLIC, one
from tests.support.claims_settled import NORTH, PROVINCE, SMALL_FACTS, SettledWorld, archivist, now
from tests.support.claims_world import adjuster, approver
from tests.support.rule_sets import seeded_calendar
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# ------------------------------------------------------------------------------------------ closing


async def test_the_end_of_a_small_claim_from_payment_to_its_volume(world: SettledWorld) -> None:
    claim_id, told = await world.bound()
    year = process_now().year
    assert (told["volume_no"], told["status"], told["page_count"]) == (f"{year}-320205-PA-000001", "archived", 5)
    assert told["claim"]["status"] == "archived"
    row = await world.world.row(claim_id)
    assert row.shelved_at is not None
    assert (row.outcome, str(row.gross_amount)) == ("partial", "3268.00")
    assert await world.items(claim_id) == []
    ends = row.loss_at + timedelta(days=265)
    last = legal_day(ends - timedelta(microseconds=1))
    assert told["keep_until"] == last.replace(year=last.year + 5).isoformat()
    duties = [one["person_id"] for one in await world.events("claims.duty.taken.v1") if one["duty"] == "archivist"]
    assert duties == [str(archivist().person_id)]


async def test_closing_lists_everything_that_is_still_open(world: SettledWorld) -> None:
    claim_id = await world.paid()
    async with world.service.db.transaction(machine("claims")) as tx:
        await _open_consent(tx, claim_id)
        await tx.execute(text("update claims set supplement_served_at = now() where id = :id"), {"id": claim_id})
    before = await world.traces()
    answer = await world.close(claim_id)
    assert (code(answer), answer.json()["open"]) == (
        (409, "closing_refused"),
        ["notice_not_served", "explanation_missing", "task:consent", "supplement:supplement_notice"],
    )
    after = await world.traces()
    assert (after[0], after[1], after[2]) == (before[0], before[1] + 1, before[2])
    shown = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}")).json()["available_actions"]
    (action,) = [one for one in shown if one["action"] == "close"]
    assert (action["allowed"], action["reason"]["open"]) == (False, answer.json()["open"])


async def _open_consent(tx: Transaction, claim_id: UUID) -> None:
    claim = await tx.find(Claim, claim_id)
    where = {"number": claim.claim_no, "unit_code": claim.unit_code, "href": f"/v1/claims/{claim_id}/consents"}
    await open_item(tx, "consent", claim, Text("同意", "Consent"), **where)
    await open_item(tx, "head_office", claim, Text("知悉", "Take note"), method="GET", **where)


async def test_a_claim_with_an_unpaid_payment_does_not_close(world: SettledWorld) -> None:
    claim_id, _ = await world.ordered()
    answer = await world.close(claim_id)
    assert (code(answer), answer.json()["legal_moves"]) == ((409, "state_conflict"), ["paid", "reopened"])


async def test_a_refusal_closes_once_served_and_explained(world: SettledWorld) -> None:
    facts = one({"kind": "medical", "amount": "800.00"}, name="司徒海")
    claim_id = await world.decided(PUBLIC, facts, line="liability", by=PROVINCE, outcome="refuse")
    assert code(await world.close(claim_id)) == (409, "state_conflict")
    assert (await world.serve(claim_id, "refuse")).status_code == 201
    assert (await world.close(claim_id)).json()["open"] == ["explanation_missing"]
    assert (await world.explain(claim_id)).status_code == 201
    assert (await world.close(claim_id)).status_code == 201
    (volume,) = [(await world.bind(claim_id)).json()["volume_no"]]
    assert volume == f"{process_now().year}-320205-LI-000001"


async def test_a_closed_claim_asks_for_its_file_within_ten_working_days(world: SettledWorld) -> None:
    claim_id = await world.closed()
    (item,) = await world.items(claim_id)
    assert (item["kind"], item["position"], item["unit_code"], item["basis"]) == (
        *("archive", "archivist", "320205"),
        "DL-AR-1",
    )
    closed_at = (await world.world.row(claim_id)).closed_at
    assert closed_at is not None
    due_on = seeded_calendar().add_working_days(legal_day(closed_at), 10)
    assert legal_day(item["due_at"] - timedelta(microseconds=1)) == due_on


# ------------------------------------------------------------------------------------------ closed is closed


@pytest.mark.parametrize("column", ["gross_amount", "payable_amount", "reserve_amount", "sheet_version"])
async def test_the_money_of_a_closed_claim_stays_whoever_writes(world: SettledWorld, column: str) -> None:
    claim_id, _ = await world.bound()
    with pytest.raises(DBAPIError, match="reopen it first"):
        await world.sql(f"update claims set {column} = coalesce({column}, 0) + 1 where id = :id", claim_id)
    with pytest.raises(DBAPIError, match="reopen it first"):
        await world.sql("update claims set status = 'paying' where id = :id", claim_id)
    await world.sql("update claims set complaints_open = 1 where id = :id", claim_id)
    await world.sql("update claims set status = 'reopened' where id = :id", claim_id)
    await world.sql(f"update claims set {column} = coalesce({column}, 0) + 1 where id = :id", claim_id)


async def test_a_paid_claim_keeps_its_amounts_and_takes_no_new_sheet(world: SettledWorld) -> None:
    claim_id = await world.paid()
    with pytest.raises(DBAPIError, match="reopen it first"):
        await world.sql("update claims set payable_amount = 9000 where id = :id", claim_id)
    copied = (
        "insert into loss_assessments select gen_random_uuid(), org_path, created_at, claim_id, number + 1, facts,"
        " person_id from loss_assessments where claim_id = :id"
    )
    with pytest.raises(DBAPIError, match="reopen it first"):
        await world.sql(copied, claim_id)


async def test_every_changing_route_refuses_a_closed_claim(world: SettledWorld) -> None:
    claim_id = await world.closed()
    version = (await world.world.row(claim_id)).version
    before = await world.traces()
    tried = [
        await world.agree(claim_id),
        await world.serve(claim_id, "partial"),
        await world.explain(claim_id),
        await world.order(claim_id),
        await world.close(claim_id),
        await world.world.assess(claim_id, SMALL_FACTS, adjuster(NORTH)),
        await world.world.calculate(claim_id, adjuster(NORTH)),
        await world.world.approve(approver(NORTH, "another"), claim_id, "decision"),
        await world.step(adjuster(NORTH), claim_id, "reserves", {"reserve_amount": "1.00", "reason": "x"}),
        await world.step(adjuster(NORTH), claim_id, "cancellations", {"reason_code": "x", "reason": "x"}),
    ]
    assert [answer.status_code for answer in tried] == [409] * len(tried), [answer.text for answer in tried]
    events, entries, payments = await world.traces()
    assert (events, entries, payments) == (before[0], before[1] + len(tried), before[2])
    row = await world.world.row(claim_id)
    assert (row.version, row.status, now() > "") == (version, "closed", True)


async def test_the_file_is_kept_as_it_was_bound(world: SettledWorld) -> None:
    claim_id, _ = await world.bound()
    for change in ("volume_no = 'X'", "pages = '[]'", "page_count = 1"):
        with pytest.raises(DBAPIError, match="append-only"):
            await world.sql(f"update claim_files set {change} where claim_id = :id", claim_id)
    with pytest.raises(DBAPIError, match="append-only"):
        await world.sql("delete from claim_files where claim_id = :id", claim_id)
    surveyor = actor("surveyor", NORTH)
    assert (await world.service.get(surveyor, f"/v1/claims/{claim_id}/file/manifest")).status_code == 200
