"""Controlled documents: one custodian, numbers without gap and in sequence, voids with all copies, monthly counts."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from services.policy.controlled_document.handlers import TICKS
from services.policy.controlled_document.tables import Custodian
from services.policy.policy.tables import Base
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.directory import directory_appointments
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.risk_world import appoint
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

OWN, OTHER = "00.32.3201.320102", "00.32.3201.320104"
HEAD = actor("department_head", "00.32")
KEEPER = actor("document_custodian", OWN)
COLLEAGUE = actor("document_custodian", OWN, name="colleague")
ELSEWHERE = actor("document_custodian", OTHER)
AGENT = actor("service_agent", OWN)
TODAY = legal_day(process_now())
TABLES = Base.metadata.tables
RANGE = {"kind": "policy_form", "prefix": "P", "first": 1, "last": 5}


async def name(policy: ServiceUnderTest, who: Any, **changes: Any) -> Any:
    body = {"unit_code": who.unit_code, "staff_no": who.staff_no, "from_on": "2026-01-01"} | changes
    return await policy.post(HEAD, "/v1/custodians", body)


@pytest.fixture
async def kept(policy: ServiceUnderTest) -> ServiceUnderTest:
    """Two units with their custodians, and five forms in the stock of one of them."""
    await appoint(policy, KEEPER, COLLEAGUE, ELSEWHERE, AGENT)
    for who in (KEEPER, ELSEWHERE):
        assert (await name(policy, who)).status_code == 201
    made = await policy.post(KEEPER, "/v1/controlled-documents", RANGE | {"unit_code": "320102", "copies": 3})
    assert made.status_code == 201, made.text
    return policy


async def move(policy: ServiceUnderTest, action: str, who: Any = KEEPER, **changes: Any) -> Any:
    return await policy.post(who, "/v1/controlled-documents/movements", RANGE | {"action": action} | changes)


async def hand_out(policy: ServiceUnderTest, **changes: Any) -> Any:
    return await move(policy, "hand_out", to_person_id=str(AGENT.person_id), **changes)


async def states(policy: ServiceUnderTest) -> list[str]:
    rows = await policy.rows(TABLES["controlled_documents"])
    return [one["status"] for one in sorted(rows, key=lambda one: one["number"])]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_documents_go_from_stock_to_hand_to_use_and_every_movement_is_there(kept: ServiceUnderTest) -> None:
    assert (await hand_out(kept)).json()["status"] == "held"
    used = await move(kept, "use", first=1, last=1, used_for="PLL2026-32-000001")
    assert (used.status_code, used.json()["status"]) == (201, "used")
    assert (await move(kept, "take_back", first=5, last=5)).status_code == 201
    assert await states(kept) == ["used", "held", "held", "held", "in_stock"]
    found = (await kept.get(KEEPER, "/v1/controlled-documents?used_for=PLL2026-32-000001")).json()["items"]
    assert [one["serial"] for one in found] == ["P00000001"]
    told = (await kept.get(KEEPER, f"/v1/controlled-documents/{found[0]['id']}/movements")).json()["items"]
    assert [one["action"] for one in told] == ["register", "hand_out", "use"]


async def test_numbers_are_used_in_sequence(kept: ServiceUnderTest) -> None:
    await hand_out(kept)
    refused = await move(kept, "use", first=2, last=2, used_for="X")
    assert code(refused) == (409, "serial_out_of_sequence")
    assert refused.json()["expected"] == "P00000001"


@pytest.mark.parametrize(
    ("first", "refusal"), [(5, "serial_exists"), (7, "serial_gap")], ids=["a number twice", "a number left out"]
)
async def test_a_series_has_no_number_twice_and_leaves_none_out(
    kept: ServiceUnderTest, first: int, refusal: str
) -> None:
    body = RANGE | {"unit_code": "320104", "first": first, "last": first + 3}
    assert code(await kept.post(ELSEWHERE, "/v1/controlled-documents", body)) == (409, refusal)


async def test_two_who_register_the_same_numbers_at_once_are_one_success(kept: ServiceUnderTest) -> None:
    body = RANGE | {"unit_code": "320102", "first": 6, "last": 9}
    answers = await asyncio.gather(*(kept.post(KEEPER, "/v1/controlled-documents", body) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert len(await states(kept)) == 9


async def test_what_another_unit_holds_is_not_used_and_a_transfer_carries_it_there(kept: ServiceUnderTest) -> None:
    above = actor("document_custodian", "00.32.3201")
    assert code(await move(kept, "take_back", who=above)) == (409, "held_by_another_unit")
    assert code(await move(kept, "take_back", who=ELSEWHERE)) == (422, "serial_unknown")
    moved = await move(kept, "transfer", first=4, last=5, to_unit_code="320104")
    assert moved.status_code == 201, moved.text
    assert code(await hand_out(kept)) == (422, "serial_unknown")
    theirs = (await kept.get(ELSEWHERE, "/v1/controlled-documents?sort=number")).json()["items"]
    assert [(one["number"], one["unit_code"]) for one in theirs] == [(4, "320104"), (5, "320104")]
    history = (await kept.get(ELSEWHERE, f"/v1/controlled-documents/{theirs[0]['id']}/movements")).json()["items"]
    assert [one["action"] for one in history] == ["register", "transfer"]
    foreign = await move(kept, "transfer", first=1, last=1, to_unit_code="00")
    assert code(foreign) == (422, "reference_not_found")


async def test_only_the_named_custodian_moves_documents(kept: ServiceUnderTest) -> None:
    refused = await move(kept, "hand_out", who=COLLEAGUE, to_person_id=str(AGENT.person_id))
    assert code(refused) == (403, "not_the_custodian")
    assert await states(kept) == ["in_stock"] * 5


async def test_a_unit_has_one_custodian_at_a_time_and_nobody_who_approves_claims(kept: ServiceUnderTest) -> None:
    assert code(await name(kept, COLLEAGUE)) == (409, "custodian_in_office")
    changed = await name(kept, COLLEAGUE, from_on=TODAY.isoformat(), ends_predecessor=True)
    assert changed.status_code == 201, changed.text
    listed = (await kept.get(HEAD, "/v1/custodians?unit_code=320102")).json()["items"]
    assert sorted(one.get("to_on") or "" for one in listed) == ["", (TODAY - timedelta(days=1)).isoformat()]
    assert code(await move(kept, "take_back")) == (409, "state_conflict")
    assert code(await hand_out(kept)) == (403, "not_the_custodian")
    approver = actor("claims_approver", OWN)
    await appoint(kept, approver)
    refused = await name(kept, approver, from_on=TODAY.isoformat(), ends_predecessor=True)
    assert code(refused) == (409, "custodian_approves_claims")


async def test_a_void_needs_all_copies_and_a_reason(kept: ServiceUnderTest) -> None:
    path, body = "/v1/controlled-documents/voids", {"kind": "policy_form", "prefix": "P", "number": 2}
    silent = await kept.post(KEEPER, path, body | {"copies_returned": 3})
    assert code(silent) == (422, "reason_required")
    short = await kept.post(KEEPER, path, body | {"copies_returned": 2, "reason": "misprint"})
    assert code(short) == (409, "copies_missing")
    done = await kept.post(KEEPER, path, body | {"copies_returned": 3, "reason": "misprint"})
    assert (done.status_code, done.json()["status"]) == (201, "voided")
    assert code(await kept.post(KEEPER, path, body | {"copies_returned": 3, "reason": "again"})) == (
        409,
        "state_conflict",
    )


@pytest.mark.parametrize(
    ("action", "more"),
    [("transfer", {}), ("hand_out", {}), ("use", {}), ("lose", {}), ("hand_out", {"first": 3, "last": 2})],
)
async def test_a_movement_without_what_it_needs_is_refused(
    kept: ServiceUnderTest, action: str, more: dict[str, Any]
) -> None:
    if action == "hand_out" and more:
        more = more | {"to_person_id": str(AGENT.person_id)}
    refused = await move(kept, action, **more)
    assert refused.status_code == 422
    assert await states(kept) == ["in_stock"] * 5


async def counted(policy: ServiceUnderTest, in_stock: int, held: int = 0, **more: Any) -> Any:
    one = {"kind": "policy_form", "prefix": "P", "in_stock": in_stock, "held": held}
    body = {"month": f"{TODAY:%Y-%m}", "counted": [one]} | more
    return await policy.post(KEEPER, "/v1/controlled-documents/counts", body)


async def test_a_count_that_agrees_settles_what_was_used_and_is_made_once(kept: ServiceUnderTest) -> None:
    await hand_out(kept, first=1, last=2)
    await move(kept, "use", first=1, last=1, used_for="X")
    await move(kept, "lose", first=5, last=5, reason="fire")
    done = await counted(kept, 2, 1)
    assert (done.status_code, done.json()["reconciled"], done.json()["differences"]) == (201, 2, [])
    assert await states(kept) == ["reconciled", "held", "in_stock", "in_stock", "reconciled"]
    assert code(await counted(kept, 2, 1)) == (409, "counted_already")


async def test_a_difference_is_explained_and_told_to_the_head(kept: ServiceUnderTest) -> None:
    assert code(await counted(kept, 4)) == (422, "reason_required")
    done = await counted(kept, 4, explanation="one is being searched for")
    assert done.json()["differences"] == [
        {"kind": "policy_form", "prefix": "P", "place": "in_stock", "expected": 5, "counted": 4}
    ]
    items = await kept.rows(kernel.tables["work_items"], kind="count_differences")
    assert [one["position"] for one in items] == ["department_head"]


async def test_the_month_that_is_over_is_asked_for_once(kept: ServiceUnderTest) -> None:
    for _ in range(2):
        await run_once(kept.db, TICKS[0])
    items = await kept.rows(kernel.tables["work_items"], kind="count_documents")
    assert [(one["person_id"], one["unit_code"]) for one in items] == [(KEEPER.person_id, "320102")]


async def test_a_movement_is_never_changed_or_removed(kept: ServiceUnderTest) -> None:
    movements = TABLES["document_movements"]
    for statement in (update(movements).values(action="use"), delete(movements)):
        with pytest.raises(Exception, match="append"):
            async with kept.db.transaction(machine("policy")) as tx:
                await tx.execute(statement)


async def test_a_custodian_who_left_his_position_is_named_no_more(kept: ServiceUnderTest) -> None:
    async with kept.db.transaction(machine("policy")) as tx:
        await tx.execute(delete(directory_appointments))
        await tx.execute(update(Custodian).values(to_on=date(2026, 1, 2)))
    assert code(await name(kept, COLLEAGUE)) == (422, "reference_not_found")
