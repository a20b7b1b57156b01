"""Closing a claim, its one volume, and what a closed claim no longer allows."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.claims.archive.tables import ClaimFile
from services.claims.claim.tables import Claim
from shared.actor import machine
from shared.attachments import attachments
from shared.clock import legal_day, process_now
from shared.database import Transaction
from shared.errors import Text
from shared.work_items import open_item
from tests.support.calculations import PUBLIC, one
from tests.support.claims_settled import MIDDLE, NORTH, PROVINCE, SMALL_FACTS, SettledWorld, archivist, at_once, now
from tests.support.claims_world import adjuster, approver
from tests.support.rule_sets import seeded_calendar
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def bound(world: SettledWorld) -> tuple[UUID, dict[str, Any]]:
    claim_id = await world.closed()
    answer = await world.bind(claim_id)
    assert answer.status_code == 201, answer.text
    return claim_id, answer.json()


async def attach(world: SettledWorld, claim_id: UUID, content: bytes) -> UUID:
    own, row = uuid4(), await world.world.row(claim_id)
    at = process_now()
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(
            attachments.insert().values(
                id=own, version=1, org_path=row.org_path, record_type="claim", record_id=claim_id, kind="document",
                file_name="a.pdf", media_type="application/pdf", size=len(content),
                sha256=hashlib.sha256(content).digest(), scan_state="clean", uploaded_by=person("adjuster"),
                created_at=at, updated_at=at,
            )
        )  # fmt: skip
    return own


async def sql(world: SettledWorld, statement: str, claim_id: UUID) -> None:
    """As the application role would write it, round the use cases."""
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(text(statement), {"id": claim_id})


# ------------------------------------------------------------------------------------------ closing


async def test_the_end_of_a_small_claim_from_payment_to_its_volume(world: SettledWorld) -> None:
    claim_id, told = await bound(world)
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
    assert (code(answer), answer.json()["legal_moves"]) == ((409, "state_conflict"), ["paid"])


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


# ------------------------------------------------------------------------------------------ the volume


async def test_fifty_files_at_once_get_gapless_numbers_with_one_in_ten_rolled_back(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC, line="liability", unit_code="320205")
    made = {"closed_at": process_now(), "outcome": "paid"}
    claims = [await world.world.claim(policy, path=NORTH, status="closed", **made) for _ in range(50)]
    who = archivist()

    async def bind(at: int, claim_id: UUID) -> str | None:
        rolled_back = at % 10 == 9
        path = f"/v1/claims/{claim_id}/file" + ("?dry_run=true" if rolled_back else "")
        body = {"pages": [{"title": "报案记录"}], "archivist_person_id": str(who.person_id)}
        answer = await world.service.post(who, path, body, version=1)
        assert answer.is_success, answer.text
        return None if rolled_back else answer.json()["volume_no"]

    told = await at_once(partial(bind, at, claim_id) for at, claim_id in enumerate(claims))
    year = process_now().year
    wanted = [f"{year}-320205-LI-{number:06d}" for number in range(1, 46)]
    assert sorted(one for one in told if one) == wanted == await world.volumes()


async def test_fifty_files_of_one_claim_make_one_volume(world: SettledWorld) -> None:
    claim_id = await world.closed()
    version = (await world.world.row(claim_id)).version
    body = {"pages": [{"title": "报案记录"}], "archivist_person_id": str(archivist().person_id)}

    async def once() -> int:
        return (await world.step(archivist(), claim_id, "file", body, version=version)).status_code

    assert sorted(await at_once([once] * 50)) == [201, *[412] * 49]
    assert len(await world.volumes()) == 1


async def test_a_second_volume_is_refused_and_names_the_first(world: SettledWorld) -> None:
    claim_id, told = await bound(world)
    before = await world.traces()
    answer = await world.bind(claim_id)
    assert (code(answer), answer.json()["volume_no"]) == ((409, "second_volume"), told["volume_no"])
    assert (await world.traces())[1] == before[1] + 1
    (held,) = await world.service.rows(ClaimFile.__table__)
    with pytest.raises(Exception, match="concurrent_change"):
        async with world.service.db.transaction(machine("claims")) as tx:
            await tx.execute(ClaimFile.__table__.insert().values(**(held | {"id": uuid4(), "volume_no": "X"})))


async def test_series_run_apart_by_line_and_unit(world: SettledWorld) -> None:
    policy = await world.world.policy(PUBLIC, line="liability", unit_code="320205")
    made = {"status": "closed", "closed_at": process_now(), "outcome": "paid"}
    other = "00.32.3202.320206"
    places = [(NORTH, "liability"), (NORTH, "accident"), (other, "liability"), (NORTH, "liability")]
    told = []
    for path, line in places:
        claim_id = await world.world.claim(policy, path=path, line=line, **made)
        told.append((await world.bind(claim_id, archivist(path))).json()["volume_no"][5:])
    assert told == ["320205-LI-000001", "320205-PA-000001", "320206-LI-000001", "320205-LI-000002"]


async def test_the_archivist_neither_approved_nor_adjusted_the_claim(world: SettledWorld) -> None:
    claim_id = await world.closed()
    for name in (f"claims_approver@{NORTH}", f"adjuster@{NORTH}"):
        before = await world.traces()
        assert code(await world.bind(claim_id, archivist(name=name))) == (403, "separation_of_duties")
        assert (await world.traces())[1] == before[1] + 1
    await world.staff(f"adjuster@{NORTH}", position="archivist")
    named = str(person(f"adjuster@{NORTH}"))
    assert code(await world.bind(claim_id, archivist_person_id=named)) == (403, "separation_of_duties")
    stranger = str(person("nobody"))
    assert code(await world.bind(claim_id, archivist_person_id=stranger)) == (422, "reference_not_found")
    await world.staff("keeper", position="archivist", path=MIDDLE)
    answer = await world.bind(claim_id, archivist_person_id=str(person("keeper")))
    assert (answer.status_code, answer.json()["archivist_person_id"]) == (201, str(person("keeper")))


async def test_a_file_is_bound_only_of_a_closed_claim(world: SettledWorld) -> None:
    claim_id = await world.paid()
    assert code(await world.bind(claim_id)) == (409, "state_conflict")
    assert code(await world.bind(claim_id, adjuster(NORTH))) == (403, "action_not_permitted")
    assert code(await world.bind(claim_id, archivist("00.32.3201.320102"))) == (404, "not_found")
    assert await world.volumes() == []


async def test_pages_add_up_without_gap_and_leave_no_paper_out(world: SettledWorld) -> None:
    claim_id = await world.closed()
    paper = await attach(world, claim_id, b"invoice")
    listed = {"title": "发票", "attachment_id": str(paper)}
    for body, wanted in (
        ({"pages": []}, "pages_required"),
        ({"pages": [listed], "page_count": 2}, "page_count_mismatch"),
        ({"pages": [{"title": "a", "page_count": 2}, listed | {"first_page": 2}]}, "page_count_mismatch"),
        ({"pages": [{"title": "a"}]}, "file_incomplete"),
        ({"pages": [listed, listed]}, "reference_not_found"),
        ({"pages": [listed, {"title": "x", "attachment_id": str(uuid4())}]}, "reference_not_found"),
    ):
        before = await world.traces()
        assert code(await world.bind(claim_id, **body)) == (422, wanted)
        assert await world.traces() == before
    assert (await world.bind(claim_id, pages=[listed])).status_code == 201
    shown = (await world.service.get(adjuster(NORTH), f"/v1/claims/{claim_id}/file/manifest")).json()
    assert shown["pages"] == [
        {"title": "发票", "first_page": 1, "page_count": 1, "attachment_id": str(paper),
         "sha256": hashlib.sha256(b"invoice").hexdigest()}
    ]  # fmt: skip
    assert (shown["frozen_by"], shown["supplements"], shown["loans"]) == ([], [], [])


# ------------------------------------------------------------------------------------------ loans, supplements


async def test_a_volume_is_lent_once_at_a_time_and_comes_back(world: SettledWorld) -> None:
    claim_id, _ = await bound(world)
    who = archivist()
    due_on = (legal_day(process_now()) + timedelta(days=5)).isoformat()
    lend = {"borrower_person_id": str(who.person_id), "purpose": "质量检查", "due_on": due_on}
    assert code(await world.step(who, claim_id, "file/returns", {})) == (409, "state_conflict")
    yesterday = (legal_day(process_now()) - timedelta(days=1)).isoformat()
    late = lend | {"due_on": yesterday}
    assert code(await world.step(who, claim_id, "file/loans", late)) == (422, "validation_failed")
    unknown = lend | {"borrower_person_id": str(uuid4())}
    assert code(await world.step(who, claim_id, "file/loans", unknown)) == (422, "reference_not_found")
    answer = await world.step(who, claim_id, "file/loans", lend)
    assert (answer.status_code, answer.json()["file_status"]) == (201, "borrowed")
    (item,) = await world.items(claim_id, "return_file")
    assert legal_day(item["due_at"]) == date.fromisoformat(due_on) + timedelta(days=1)
    assert code(await world.step(who, claim_id, "file/loans", lend)) == (409, "state_conflict")
    answer = await world.step(who, claim_id, "file/returns", {})
    assert (answer.status_code, answer.json()["file_status"]) == (201, "archived")
    assert await world.items(claim_id, "return_file") == []
    assert (await world.step(who, claim_id, "file/loans", lend)).status_code == 201
    shown = (await world.service.get(who, f"/v1/claims/{claim_id}/file/manifest")).json()
    assert [one["returned_at"] is not None if "returned_at" in one else False for one in shown["loans"]] == [
        True,
        False,
    ]


async def test_without_a_volume_nothing_is_lent_or_added(world: SettledWorld) -> None:
    claim_id = await world.closed()
    who = archivist()
    lend = {"borrower_person_id": str(who.person_id), "purpose": "质量检查", "due_on": "2099-01-01"}
    more = {"pages": [{"title": "补充"}], "reason": "补交"}
    for below, body in (("file/loans", lend), ("file/returns", {}), ("file/supplements", more)):
        assert code(await world.step(who, claim_id, below, body)) == (409, "no_volume"), below
    assert (await world.service.get(who, f"/v1/claims/{claim_id}/file/manifest")).status_code == 404


async def test_later_papers_join_the_volume_as_numbered_supplements(world: SettledWorld) -> None:
    claim_id, told = await bound(world)
    paper = await attach(world, claim_id, b"later")
    who, more = archivist(), {"pages": [{"title": "补充"}], "reason": "客户补交发票"}
    assert code(await world.step(who, claim_id, "file/supplements", more)) == (422, "file_incomplete")
    more["pages"] = [{"title": "发票", "attachment_id": str(paper), "page_count": 2}]
    answer = await world.step(who, claim_id, "file/supplements", more)
    assert (answer.status_code, answer.json()["supplement_no"]) == (201, f"{told['volume_no']}-S01")
    more["pages"] = [{"title": "回执"}]
    assert (await world.step(who, claim_id, "file/supplements", more)).json()["supplement_no"].endswith("-S02")
    adjusting = archivist(name=f"adjuster@{NORTH}")
    assert code(await world.step(adjusting, claim_id, "file/supplements", more)) == (403, "separation_of_duties")
    shown = (await world.service.get(who, f"/v1/claims/{claim_id}/file/manifest")).json()
    assert [one["page_count"] for one in shown["supplements"]] == [2, 1]


async def test_a_reopened_claim_that_closes_again_keeps_its_one_volume(world: SettledWorld) -> None:
    claim_id, told = await bound(world)
    await sql(world, "update claims set status = 'reopened', closed_at = null where id = :id", claim_id)
    await sql(world, "update claims set gross_amount = 4000, status = 'paying' where id = :id", claim_id)
    await sql(world, "update claims set status = 'closed', closed_at = now() where id = :id", claim_id)
    assert code(await world.bind(claim_id)) == (409, "second_volume")
    more = {"pages": [{"title": "重开卷宗"}], "reason": "重开"}
    answer = await world.step(archivist(), claim_id, "file/supplements", more)
    assert (answer.json()["supplement_no"], answer.json()["claim"]["status"]) == (
        f"{told['volume_no']}-S01",
        "archived",
    )


# ------------------------------------------------------------------------------------------ closed is closed


@pytest.mark.parametrize("column", ["gross_amount", "payable_amount", "reserve_amount", "sheet_version"])
async def test_the_money_of_a_closed_claim_stays_whoever_writes(world: SettledWorld, column: str) -> None:
    claim_id, _ = await bound(world)
    with pytest.raises(DBAPIError, match="reopen it first"):
        await sql(world, f"update claims set {column} = coalesce({column}, 0) + 1 where id = :id", claim_id)
    with pytest.raises(DBAPIError, match="reopen it first"):
        await sql(world, "update claims set status = 'paying' where id = :id", claim_id)
    await sql(world, "update claims set complaints_open = 1 where id = :id", claim_id)
    await sql(world, "update claims set status = 'reopened' where id = :id", claim_id)
    await sql(world, f"update claims set {column} = coalesce({column}, 0) + 1 where id = :id", claim_id)


async def test_a_paid_claim_keeps_its_amounts_and_takes_no_new_sheet(world: SettledWorld) -> None:
    claim_id = await world.paid()
    with pytest.raises(DBAPIError, match="reopen it first"):
        await sql(world, "update claims set payable_amount = 9000 where id = :id", claim_id)
    copied = (
        "insert into loss_assessments select gen_random_uuid(), org_path, created_at, claim_id, number + 1, facts,"
        " person_id from loss_assessments where claim_id = :id"
    )
    with pytest.raises(DBAPIError, match="reopen it first"):
        await sql(world, copied, claim_id)


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
    claim_id, _ = await bound(world)
    for change in ("volume_no = 'X'", "pages = '[]'", "page_count = 1"):
        with pytest.raises(DBAPIError, match="append-only"):
            await sql(world, f"update claim_files set {change} where claim_id = :id", claim_id)
    with pytest.raises(DBAPIError, match="append-only"):
        await sql(world, "delete from claim_files where claim_id = :id", claim_id)
    surveyor = actor("surveyor", NORTH)
    assert (await world.service.get(surveyor, f"/v1/claims/{claim_id}/file/manifest")).status_code == 200
