"""Volumes of policy papers: sorted, complete, sealed, bound again before two, lent, destroyed by two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from embedded.demonstration.policies import policies
from services.policy.archive.handlers import TICKS
from services.policy.archive.tables import ArchiveVolume, VolumeLoan
from services.policy.lending.handlers import TICKS as LENDING_TICKS
from services.policy.policy.tables import Base, Policy
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from shared.ticks import run_once
from tests.support.risk_world import appoint
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

CORE = actor("core_system", "00")
OWN = "00.32.3201.320102"
KEEPER = actor("document_custodian", OWN)
SECOND = actor("document_custodian", OWN, name="second")
ARCHIVIST = actor("archivist", "00.32")
BRANCH = actor("document_custodian", "00.32")
HEAD = actor("department_head", "00.32")
TODAY = legal_day(process_now())
NUMBER = "PLL2026-32-000001"
TABLES = Base.metadata.tables
PATH = "/v1/archive-volumes"


@pytest.fixture
async def sold(policy: ServiceUnderTest) -> ServiceUnderTest:
    """A policy of the unit, its custodian, and a form that was used for it and counted."""
    body = next(one for one in policies(5, 32, TODAY) if one["policy_no"] == NUMBER)
    told = {name: value for name, value in body.items() if name != "policy_no"} | {"unit_code": "320102"}
    assert (await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", told)).status_code == 200
    await appoint(policy, KEEPER, SECOND, ARCHIVIST, BRANCH)
    named = {"unit_code": "320102", "staff_no": KEEPER.staff_no, "from_on": "2020-01-01"}
    assert (await policy.post(HEAD, "/v1/custodians", named)).status_code == 201
    form = {"kind": "policy_form", "prefix": "P", "first": 1, "last": 1}
    for path, more in (
        ("", {"unit_code": "320102"}),
        ("/movements", {"action": "hand_out", "to_person_id": str(KEEPER.person_id)}),
        ("/movements", {"action": "use", "used_for": NUMBER}),
    ):
        made = await policy.post(KEEPER, f"/v1/controlled-documents{path}", form | more)
        assert made.status_code == 201, made.text
    return policy


async def count(policy: ServiceUnderTest) -> None:
    body = {"month": f"{TODAY:%Y-%m}", "counted": []}
    assert (await policy.post(KEEPER, "/v1/controlled-documents/counts", body)).status_code == 201


def item(**changes: Any) -> dict[str, Any]:
    return {
        "policy_no": NUMBER,
        "kind": "policy",
        "title": "保险单",
        "page_count": 4,
        "serials": ["P00000001"],
    } | changes


async def sort(policy: ServiceUnderTest, *items: dict[str, Any], **changes: Any) -> Any:
    return await policy.post(KEEPER, PATH, {"line": "liability", "items": list(items or [item()])} | changes)


async def act(policy: ServiceUnderTest, volume: Any, below: str, body: Any, who: Any = KEEPER) -> Any:
    made = volume.json()
    made = made.get("archive_volume", made)
    return await policy.post(who, f"{PATH}/{made['id']}/{below}", body, version=made["version"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


SHELF = {"box": "B1", "shelf_place": "S1"}


async def shelved(policy: ServiceUnderTest) -> Any:
    await count(policy)
    volume = await act(policy, await sort(policy), "seals", SHELF)
    assert volume.status_code == 201, volume.text
    return volume


async def test_papers_are_sorted_bound_and_shelved_with_their_documents(sold: ServiceUnderTest) -> None:
    await count(sold)
    volume = await sort(sold)
    assert volume.status_code == 201, volume.text
    told = volume.json()
    assert (told["volume_no"], told["status"], told["page_count"]) == (f"{TODAY.year}-320102-LI-000001", "sorted", 4)
    bound = await act(sold, volume, "seals", {"box": "B1"})
    assert (bound.status_code, bound.json()["status"]) == (201, "bound")
    done = await act(sold, bound, "seals", {"shelf_place": "S1"})
    assert (done.status_code, done.json()["status"], done.json()["box"]) == (201, "archived", "B1")
    [document] = await sold.rows(TABLES["controlled_documents"])
    assert (document["status"], str(document["volume_id"])) == ("archived", told["id"])
    shown = (await sold.get(KEEPER, f"{PATH}/{told['id']}")).json()
    assert shown["items"][0]["serials"] == ["P00000001"]
    actions = {one["action"]: one["allowed"] for one in shown["available_actions"]}
    assert actions == {"seal": False, "lend": True, "return": False, "request_destruction": False}
    listed = (await sold.get(KEEPER, f"{PATH}?policy_no={NUMBER}")).json()["items"]
    assert [one["id"] for one in listed] == [told["id"]]


async def test_a_volume_from_which_something_is_missing_is_not_sealed(sold: ServiceUnderTest) -> None:
    await count(sold)
    [policy] = await sold.rows(TABLES["policies"])
    sent = {
        "policy_id": str(policy["id"]), "item": "policy", "document_no": NUMBER, "method": "in_person",
    }  # fmt: skip
    assert (await sold.post(KEEPER, "/v1/deliveries", sent)).status_code == 201
    volume = await sort(sold, item(serials=[]))
    refused = await act(sold, volume, "seals", SHELF)
    assert code(refused) == (409, "volume_incomplete")
    assert refused.json()["missing"] == ["document:P00000001", f"receipt:{NUMBER}:policy:{NUMBER}"]


@pytest.mark.parametrize(
    ("items", "more", "refusal"),
    [
        ([item(policy_no="X")], {}, "reference_not_found"),
        ([item(serials=["P9"])], {}, "reference_not_found"),
        ([item()], {"line": "accident"}, "reference_not_found"),
        ([item()], {"page_count": 3}, "page_count_mismatch"),
    ],
)
async def test_a_list_that_is_wrong_is_refused(
    sold: ServiceUnderTest, items: list[dict[str, Any]], more: dict[str, Any], refusal: str
) -> None:
    await count(sold)
    assert code(await sort(sold, *items, **more)) == (422, refusal)
    assert await sold.rows(TABLES["archive_volumes"]) == []


async def test_a_document_is_counted_before_it_is_sorted_and_a_policy_bound_once(sold: ServiceUnderTest) -> None:
    assert code(await sort(sold)) == (409, "state_conflict")
    await count(sold)
    assert (await sort(sold)).status_code == 201
    assert code(await sort(sold, item(serials=[]))) == (409, "bound_already")


async def test_a_sealed_volume_is_bound_again_with_a_reason_before_a_second_person(sold: ServiceUnderTest) -> None:
    volume = await shelved(sold)
    again = {"items": [item(page_count=5)]}
    assert code(await act(sold, volume, "seals", again)) == (422, "reason_required")
    again |= {"reason": "page added"}
    assert code(await act(sold, volume, "seals", again)) == (422, "second_person_required")
    own = again | {"second_person_id": str(KEEPER.person_id)}
    assert code(await act(sold, volume, "seals", own)) == (403, "separation_of_duties")
    done = await act(sold, volume, "seals", again | {"second_person_id": str(SECOND.person_id)})
    assert (done.status_code, done.json()["page_count"]) == (201, 5)
    [row] = await sold.rows(TABLES["archive_volumes"])
    assert row["rebound"][0]["second"] == str(SECOND.person_id)
    assert row["rebound"][0]["manifest_sha256"] != row["manifest_sha256"]


async def test_a_volume_is_lent_reminded_of_and_taken_back(sold: ServiceUnderTest) -> None:
    volume = await shelved(sold)
    loan = {"borrower_person_id": str(SECOND.person_id), "purpose": "audit", "due_on": TODAY.isoformat()}
    past = loan | {"due_on": (TODAY - timedelta(days=1)).isoformat()}
    assert (await act(sold, volume, "loans", past)).json()["errors"][0]["code"] == "day_passed"
    lent = await act(sold, volume, "loans", loan)
    assert (lent.status_code, lent.json()["status"]) == (201, "borrowed")
    assert code(await act(sold, lent, "loans", loan)) == (409, "state_conflict")
    async with sold.db.transaction(machine("policy")) as tx:
        await tx.execute(update(VolumeLoan).values(due_on=TODAY - timedelta(days=3)))
    for _ in range(2):
        await run_once(sold.db, LENDING_TICKS[0])
    late = await sold.rows(kernel.tables["work_items"], kind="return_volume_overdue")
    assert [one["position"] for one in late] == ["department_head"]
    back = await act(sold, lent, "returns", {})
    assert (back.status_code, back.json()["status"]) == (201, "archived")
    assert code(await act(sold, back, "returns", {})) == (409, "state_conflict")
    open_items = [one["kind"] for one in await sold.rows(kernel.tables["work_items"]) if one["closed_at"] is None]
    assert "return_volume_overdue" not in open_items


async def old(policy: ServiceUnderTest) -> None:
    """As if the contract had ended eleven years ago."""
    long_ago = process_now() - timedelta(days=365 * 11)
    async with policy.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(starts_at=long_ago - timedelta(days=365), ends_at=long_ago))


async def test_a_volume_is_kept_until_its_last_day_and_destroyed_by_two_persons(sold: ServiceUnderTest) -> None:
    volume = await shelved(sold)
    ask = {"reason": "its days are over"}
    early = await act(sold, volume, "destructions", ask, BRANCH)
    assert code(early) == (409, "retention_running")
    await old(sold)
    async with sold.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(claims_open=1))
    frozen = await act(sold, volume, "destructions", ask, BRANCH)
    assert (code(frozen), frozen.json()["frozen_by"]) == ((409, "retention_running"), ["claim"])
    async with sold.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(claims_open=0))
    asked = await act(sold, volume, "destructions", ask, BRANCH)
    assert asked.status_code == 201, asked.text
    assert code(await act(sold, asked, "destructions", ask, BRANCH)) == (409, "destruction_requested")
    below = f"destructions/{asked.json()['id']}/decisions"
    assert code(await act(sold, asked, below, {"outcome": "confirm"}, BRANCH)) == (403, "separation_of_duties")
    done = await act(sold, asked, below, {"outcome": "confirm"}, ARCHIVIST)
    assert (done.status_code, done.json()["archive_volume"]["status"]) == (201, "destroyed")
    assert code(await act(sold, done, below, {"outcome": "confirm"}, ARCHIVIST)) == (409, "destruction_decided")
    [document] = await sold.rows(TABLES["controlled_documents"])
    assert document["status"] == "destroyed"
    listed = (await sold.get(ARCHIVIST, f"{PATH}/{volume.json()['id']}/destructions")).json()["items"]
    assert [one["status"] for one in listed] == ["confirmed"]


async def test_a_destruction_that_is_rejected_says_why_and_leaves_the_volume(sold: ServiceUnderTest) -> None:
    volume = await shelved(sold)
    await old(sold)
    asked = await act(sold, volume, "destructions", {"reason": "its days are over"}, BRANCH)
    below = f"destructions/{asked.json()['id']}/decisions"
    assert code(await act(sold, asked, below, {"outcome": "reject"}, ARCHIVIST)) == (422, "reason_required")
    done = await act(sold, asked, below, {"outcome": "reject", "reason": "lawsuit expected"}, ARCHIVIST)
    assert (done.json()["status"], done.json()["archive_volume"]["status"]) == ("rejected", "archived")


async def test_papers_of_the_month_that_is_over_are_asked_for_once(sold: ServiceUnderTest) -> None:
    before = TODAY.replace(day=1) - timedelta(days=1)
    async with sold.db.transaction(machine("policy")) as tx:
        await tx.execute(update(Policy).values(made_here=True, issued_on=before))
    for _ in range(2):
        await run_once(sold.db, TICKS[0])
    items = await sold.rows(kernel.tables["work_items"], kind="bind_volume")
    assert [(one["person_id"], one["record_number"]) for one in items] == [(KEEPER.person_id, f"{before:%Y-%m}")]


async def test_another_unit_finds_no_volume(sold: ServiceUnderTest) -> None:
    volume = await shelved(sold)
    elsewhere = actor("document_custodian", "00.32.3202")
    assert (await sold.get(elsewhere, f"{PATH}/{volume.json()['id']}")).status_code == 404
    async with sold.db.transaction(machine("policy")) as tx:
        row = await tx.find(ArchiveVolume, volume.json()["id"])
    assert row.unit_code == "320102"
