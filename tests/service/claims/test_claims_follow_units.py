"""A claim lies where its unit lies: after a move, after a merger, in whatever order the news comes."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, text

from services.claims.claim.tables import Claim, ClaimDuty
from shared.actor import machine
from shared.directory import directory_units, unit_by_code
from shared.inbox import Arrival
from shared.kernel import kernel
from shared.open_tasks import task_grants
from shared.ticks import run_once
from shared.unit_moves import FOLLOWING, former_units
from shared.work_items import work_items
from tests.support.claim_life import AGENT, SUB, ClaimLife, told
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

UNIT, THERE, ELSEWHERE = UUID(int=1), "00.32.3202.320102", "00.32.3203.320102"
SUBJECT = "organisation.unit.changed.v1"


def moved(version: int, path: str, before: str | None, **changes: Any) -> Arrival:
    """The unit 320102 as it is told with one version."""
    data = {
        "unit_code": "320102", "name": "支公司", "level": "sub_branch", "kind": "standard",
        "parent_code": path.split(".")[-2], "path": path, "effective_on": "2026-12-01", "area_codes": [], "teams": [],
    }  # fmt: skip
    return told(SUBJECT, data | ({"path_before": before} if before else {}) | changes, record=UNIT, version=version)


def merged(version: int) -> Arrival:
    return moved(version, SUB, None, closed_on="2026-12-01", merged_into="320104")


async def _rows(service: ServiceUnderTest, table: Any, *where: Any) -> list[Any]:
    async with service.db.transaction(machine("claims")) as tx:
        return (await tx.execute(select(table).where(*where))).all()


async def test_a_claim_with_all_that_belongs_to_it_follows_its_unit(claims: ServiceUnderTest, life: ClaimLife) -> None:
    claim_id = await life.reported()
    version = (await life.row(claim_id)).version
    async with claims.db.transaction(machine("claims")) as tx:
        row = {"id": uuid4(), "person_id": person("helper"), "record_id": UUID(claim_id), "record_path": SUB}
        await tx.execute(insert(task_grants).values(**row, opened_at=tx.now))
        shut = {"id": uuid4(), "person_id": person("former"), "record_id": UUID(claim_id), "record_path": SUB}
        await tx.execute(insert(task_grants).values(**shut, opened_at=tx.now, closed_at=tx.now))
    before = await _rows(claims, work_items)
    assert {one.org_path for one in before} == {SUB}
    await life.hear(moved(2, THERE, SUB))
    claim = await life.row(claim_id)
    assert (claim.org_path, claim.unit_code, claim.version) == (THERE, "320102", version)
    assert {one.org_path for one in await _rows(claims, ClaimDuty.__table__)} == {THERE}
    assert {(one.org_path, one.unit_code) for one in await _rows(claims, work_items)} == {(THERE, "320102")}
    grants = {one.person_id: one.record_path for one in await _rows(claims, task_grants)}
    assert (grants[person("helper")], grants[person("former")]) == (THERE, SUB)
    for kept in ("history", "audit_entries", "outbox"):
        assert {one.org_path for one in await _rows(claims, kernel.tables[kept])} == {SUB}


async def test_the_old_parent_no_longer_sees_a_moved_claim_and_the_new_one_does(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    claim_id = await life.reported()
    old, new = (actor("department_head", path) for path in ("00.32.3201", "00.32.3202"))
    assert (await claims.get(old, f"/v1/claims/{claim_id}")).status_code == 200
    assert (await claims.get(new, f"/v1/claims/{claim_id}")).status_code == 404
    await life.hear(moved(2, THERE, SUB))
    assert (await claims.get(old, f"/v1/claims/{claim_id}")).status_code == 404
    seen = await claims.get(new, f"/v1/claims/{claim_id}")
    assert (seen.status_code, seen.json()["org_path"]) == (200, THERE)
    past = (await claims.get(new, f"/v1/claims/{claim_id}/history")).json()["items"]
    assert past[0]["unit_code"] == "320102"


NEWS = (moved(2, THERE, SUB), moved(3, ELSEWHERE, THERE), moved(4, SUB, ELSEWHERE), moved(5, THERE, SUB))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
async def test_moves_there_and_back_come_out_the_same_in_whatever_order_they_are_heard(
    claims: ServiceUnderTest, life: ClaimLife, order: tuple[int, ...]
) -> None:
    claim_id = await life.reported()
    for n in order:
        await life.hear(NEWS[n])
    assert (await life.row(claim_id)).org_path == THERE
    gone = {one.path: one.leads_to for one in await _rows(claims, former_units)}
    assert gone == {SUB: THERE, ELSEWHERE: THERE}
    again = told(SUBJECT, {**_data(NEWS[0])}, record=UNIT, version=2)  # the same news under another id
    await life.hear(again)
    assert (await life.row(claim_id)).org_path == THERE


def _data(arrival: Arrival) -> dict[str, Any]:
    assert arrival.event is not None
    return dict(arrival.event.data)


@pytest.mark.parametrize("late", [False, True])
async def test_after_a_merger_records_belong_to_the_unit_that_remains(
    claims: ServiceUnderTest, life: ClaimLife, late: bool
) -> None:
    claim_id = await life.reported()
    steps = [moved(2, SUB, None), merged(3)]
    await life.hear(*(reversed(steps) if late else steps))
    claim, remains = await life.row(claim_id), "00.32.3201.320104"
    assert (claim.org_path, claim.unit_code) == (remains, "320104")
    assert {(one.org_path, one.unit_code) for one in await _rows(claims, work_items)} == {(remains, "320104")}
    assert {one.unit_code for one in await _rows(claims, kernel.tables["history"])} == {"320102"}
    async with claims.db.transaction(machine("claims")) as tx:
        found = await unit_by_code(tx, "320102")
    assert found is not None
    assert found.code == "320104"
    # the unit that remains moves later, and what came with the merger goes along
    data = _data(moved(2, "00.32.3202.320104", remains)) | {"unit_code": "320104"}
    await life.hear(told(SUBJECT, data, record=uuid4(), version=2))
    assert (await life.row(claim_id)).org_path == "00.32.3202.320104"


async def test_a_merger_into_a_unit_that_is_not_known_yet_waits_for_it(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    claim_id = await life.reported()
    async with claims.db.transaction(machine("claims")) as tx:
        await tx.execute(directory_units.delete().where(directory_units.c.code == "320104"))
    await life.hear(merged(2))
    assert (await life.row(claim_id)).org_path == SUB
    data = _data(moved(1, "00.32.3201.320104", None)) | {"unit_code": "320104"}
    await life.hear(told(SUBJECT, data, record=uuid4(), version=1))
    assert (await life.row(claim_id)).org_path == "00.32.3201.320104"


async def test_what_is_written_to_an_old_path_is_found_by_the_next_pass(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    await life.hear(moved(2, THERE, SUB))
    claim_id = await life.reported(AGENT, unit_code=None)  # with a token that was made before the move
    async with claims.db.transaction(machine("claims")) as tx:
        await tx.execute(text("update claims set org_path = :path"), {"path": SUB})
    assert await run_once(claims.db, FOLLOWING) >= 1
    assert (await life.row(claim_id)).org_path == THERE
    assert await run_once(claims.db, FOLLOWING) == 0


async def test_large_numbers_follow_in_slices_and_who_is_being_changed_keeps_nobody_waiting(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    model = await life.reported()
    many = 1203
    async with claims.db.transaction(machine("claims")) as tx:
        names = [one.name for one in Claim.__table__.columns if one.name not in ("id", "claim_no")]
        columns = ", ".join(names)
        copies = (
            f"insert into claims (id, claim_no, {columns}) select uuidv7(), 'X-' || n, {columns}"
            " from claims, generate_series(1, :many) as n where id = :model"
        )
        await tx.execute(text(copies), {"many": many, "model": UUID(model)})
    async with claims.db.transaction(machine("claims")) as held:
        await held.execute(select(Claim.id).where(Claim.id == UUID(model)).with_for_update())
        await life.hear(moved(2, THERE, SUB))
        async with claims.db.transaction(machine("claims")) as tx:
            first = await tx.scalar(select(func.count()).select_from(Claim).where(Claim.org_path == THERE))
        assert 0 < first <= 500
        await run_once(claims.db, FOLLOWING)
        left = [one.id for one in await _rows(claims, Claim.__table__, Claim.org_path == SUB)]
        assert left == [UUID(model)]
    await run_once(claims.db, FOLLOWING)
    assert await _rows(claims, Claim.__table__, Claim.org_path == SUB) == []


async def test_a_settled_and_bound_claim_follows_too(claims: ServiceUnderTest, life: ClaimLife) -> None:
    claim_id = await life.reported()
    async with claims.db.transaction(machine("claims")) as tx:
        await tx.execute(text("update claims set status = 'archived', settled_at = now(), outcome = 'paid'"))
    await life.hear(moved(2, THERE, SUB))
    assert (await life.row(claim_id)).org_path == THERE


async def test_an_appointment_told_with_an_old_path_is_kept_at_the_present_one(
    claims: ServiceUnderTest, life: ClaimLife
) -> None:
    held = {
        "appointment_id": str(uuid4()), "person_id": str(person("x")), "staff_no": "S1", "position": "surveyor",
        "unit_code": "320102", "path": SUB, "from": date(2026, 1, 1).isoformat(),
    }  # fmt: skip
    later = held | {"appointment_id": str(uuid4())}
    await life.hear(told("organisation.appointment.changed.v1", held))
    await life.hear(moved(2, THERE, SUB))
    await life.hear(told("organisation.appointment.changed.v1", later))
    assert {one.path for one in await _rows(claims, kernel.tables["directory_appointments"])} == {THERE}
