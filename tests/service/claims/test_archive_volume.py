"""The one volume of a claim: numbered without gap, complete, lent, and added to."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.claims.archive.tables import ClaimFile
from shared.actor import machine
from shared.clock import legal_day, process_now
from tests.support.calculations import PUBLIC
from tests.support.claims_settled import MIDDLE, NORTH, SettledWorld, archivist, at_once
from tests.support.claims_world import adjuster
from tests.support.services import ServiceUnderTest
from tests.support.tokens import person


@pytest.fixture
def world(claims: ServiceUnderTest) -> SettledWorld:
    return SettledWorld(claims)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


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
    claim_id, told = await world.bound()
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
    paper = await world.attach(claim_id, b"invoice")
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
    claim_id, _ = await world.bound()
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
    claim_id, told = await world.bound()
    paper = await world.attach(claim_id, b"later")
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
    claim_id, told = await world.bound()
    await world.sql("update claims set status = 'reopened', closed_at = null where id = :id", claim_id)
    await world.sql("update claims set gross_amount = 4000, status = 'paying' where id = :id", claim_id)
    await world.sql("update claims set status = 'closed', closed_at = now() where id = :id", claim_id)
    assert code(await world.bind(claim_id)) == (409, "second_volume")
    more = {"pages": [{"title": "重开卷宗"}], "reason": "重开"}
    answer = await world.step(archivist(), claim_id, "file/supplements", more)
    assert (answer.json()["supplement_no"], answer.json()["claim"]["status"]) == (
        f"{told['volume_no']}-S01",
        "archived",
    )
