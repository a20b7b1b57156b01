"""A report finds its policy, its unit and its duplicates afterwards; accidents are joined, and taken apart."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.clock import process_now, rfc3339
from shared.kernel import kernel
from tests.support.claim_life import (
    ADJUSTER,
    AGENT,
    BRANCH,
    BRANCH_APPROVER,
    FAR,
    POLICY_NO,
    SIBLING,
    SUB,
    ClaimLife,
    report,
)
from tests.support.tokens import actor

UNKNOWN = "PPA2026-32-009999"
DESK_AGENT = actor("service_agent", BRANCH)


async def test_a_later_match_takes_the_version_of_the_loss_and_moves_the_claim_to_the_policys_unit(
    life: ClaimLife,
) -> None:
    central = actor("adjuster", "00.32.3201")
    claim_id = await life.reported(policy_no=UNKNOWN)
    await life.appoint(surveyor := actor("surveyor", FAR))
    await life.done(AGENT, claim_id, "dispatches", {"surveyor_person_id": str(surveyor.person_id)})
    await life.policy(unit_code="320104")
    await life.policy(policy_version=2, effective_at="2026-06-01T00:00:00+08:00", unit_code="320104")
    told = await life.done(central, claim_id, "policy-matches", {"policy_no": POLICY_NO})
    assert (told["policy_match"], told["policy_version"], told["unit_code"]) == ("matched", 2, "320104")
    assert (told["org_path"], told["flags"]) == (SIBLING, [])
    assert (await life.service.get(AGENT, f"/v1/claims/{claim_id}")).status_code == 404
    shown = await life.read(claim_id, actor("adjuster", SIBLING))
    assert (shown["status"], shown["line"], shown["product"]) == ("dispatched", "accident", "group_accident")
    assert (await life.service.get(surveyor, f"/v1/claims/{claim_id}")).status_code == 200  # his task moved with it
    assert {row["org_path"] for row in (await life.items(claim_id)).values()} == {SIBLING}
    matched = await life.events("claims.claim.matched.v1")
    assert [(one["claim_id"], one["line"]) for one in matched] == [(claim_id, "accident")]
    before = await life.traces()
    answer = await life.step(central, claim_id, "policy-matches", {"policy_no": POLICY_NO})
    await life.refused(answer, 409, "already_matched", before)


async def test_whoever_loses_sight_of_the_claim_by_matching_it_is_told_no_more_than_its_id(life: ClaimLife) -> None:
    claim_id = await life.reported(policy_no=UNKNOWN)
    await life.policy(unit_code="320104")
    told = await life.done(AGENT, claim_id, "policy-matches", {"policy_no": POLICY_NO})
    assert set(told) == {"id", "created_at", "claim"}


async def test_an_unknown_policy_and_a_wrong_request_are_refused(life: ClaimLife) -> None:
    claim_id = await life.reported(policy_no=UNKNOWN)
    for body, code in (
        ({"policy_no": POLICY_NO}, "reference_not_found"),
        ({}, "validation_failed"),
        ({"policy_no": POLICY_NO, "unit_code": "320104"}, "validation_failed"),
        ({"policy": POLICY_NO}, "unknown_property"),
    ):
        before = await life.traces()
        await life.refused(await life.step(AGENT, claim_id, "policy-matches", body), 422, code, before)
    before = await life.traces()
    sibling = actor("adjuster", SIBLING)
    answer = await life.step(sibling, claim_id, "policy-matches", {"policy_no": POLICY_NO})
    await life.refused(answer, 404, "not_found", before)


async def test_a_claim_at_the_desk_is_given_to_a_unit_below_it(life: ClaimLife) -> None:
    claim_id = await life.reported(DESK_AGENT, policy_no=UNKNOWN, unit_code="nowhere")
    assert (await life.row(claim_id)).org_path == BRANCH
    assert set(await life.items(claim_id)) == {"assign_unit"}
    for unit in ("32", "00", "330101", "nowhere"):
        before = await life.traces()
        answer = await life.step(DESK_AGENT, claim_id, "policy-matches", {"unit_code": unit})
        await life.refused(answer, 422, "reference_not_found", before)
    told = await life.done(DESK_AGENT, claim_id, "policy-matches", {"unit_code": "320102"})
    assert (told["unit_code"], told["policy_match"]) == ("320102", "unmatched")
    items = await life.items(claim_id)
    assert {kind: row["unit_code"] for kind, row in items.items()} == {"dispatch": "320102"}
    acts = (await life.service.get(AGENT, f"/v1/claims/{claim_id}/history")).json()["items"]
    assert [one["action"] for one in acts] == ["report", "match_policy"]  # also what happened at the desk
    before = await life.traces()
    answer = await life.step(AGENT, claim_id, "policy-matches", {"unit_code": "320104"})
    await life.refused(answer, 409, "unit_already_assigned", before)


async def test_a_duplicate_is_cancelled_and_points_to_the_claim_that_is_kept(life: ClaimLife) -> None:
    kept = await life.reported()
    duplicate = await life.reported()
    told = await life.done(AGENT, duplicate, "links", {"duplicate_of": kept, "reason": "called twice"})
    assert (told["claim"]["status"], told["duplicate_of"]) == ("cancelled", kept)
    shown = await life.read(duplicate)
    assert (shown["status"], shown["duplicate_of"]) == ("cancelled", kept)
    assert await life.events("claims.claim.linked.v1") == [{"claim_id": kept, "linked_claim_id": duplicate}]
    cancelled = {"claim_id": duplicate, "duplicate_of": kept, "reason_code": "duplicate"}
    assert await life.events("claims.claim.cancelled.v1") == [cancelled]
    assert await life.items(duplicate) == {}
    assert (await life.row(kept)).version == 1


async def test_a_link_that_would_leave_the_loss_without_a_claim_is_refused(life: ClaimLife) -> None:
    kept, duplicate, third = await life.reported(), await life.reported(), await life.reported()
    hidden = await life.reported(actor("service_agent", SIBLING), unit_code="320104")
    await life.done(AGENT, duplicate, "links", {"duplicate_of": kept})
    for claim_id, to, status, code in (
        (third, third, 422, "duplicate_of_itself"),
        (third, duplicate, 409, "kept_claim_cancelled"),
        (third, str(uuid4()), 422, "reference_not_found"),
        (third, hidden, 422, "reference_not_found"),
        (duplicate, third, 409, "state_conflict"),
        (hidden, third, 404, "not_found"),
    ):
        before = await life.traces()
        answer = await life.step(AGENT, claim_id, "links", {"duplicate_of": to})
        await life.refused(answer, status, code, before)
    assert (await life.row(third)).status == "reported"


async def test_a_claim_past_registration_is_no_duplicate_any_more(life: ClaimLife) -> None:
    await life.policy()
    kept, late = await life.reported(), await life.registered()
    await life.collect(late, "claim_request")
    before = await life.traces()
    await life.refused(await life.step(ADJUSTER, late, "links", {"duplicate_of": kept}), 409, "state_conflict", before)


async def test_two_links_in_opposite_directions_at_once_keep_one_claim(life: ClaimLife) -> None:
    for _ in range(5):
        one, two = await life.reported(), await life.reported()
        answers = await asyncio.gather(
            life.step(AGENT, one, "links", {"duplicate_of": two}, version=1),
            life.step(AGENT, two, "links", {"duplicate_of": one}, version=1),
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert sorted([(await life.row(one)).status, (await life.row(two)).status]) == ["cancelled", "reported"]


async def reported_on(life: ClaimLife, hours: int, who: Any = AGENT, **changes: Any) -> str:
    loss_at = rfc3339(process_now() - timedelta(hours=hours))
    return await life.reported(who, loss_at=loss_at, **changes)


async def test_losses_within_72_hours_are_one_accident_whoever_reports_them(life: ClaimLife) -> None:
    await life.policy()
    first = await reported_on(life, 100)
    second = await reported_on(life, 30)
    apart = await reported_on(life, 300)
    accidents = {one: (await life.row(one)).accident_id for one in (first, second, apart)}
    assert accidents[first] == accidents[second] != accidents[apart]


async def test_a_loss_between_two_accidents_makes_them_one(life: ClaimLife) -> None:
    await life.policy()
    first, last = await reported_on(life, 150), await reported_on(life, 20)
    assert (await life.row(first)).accident_id != (await life.row(last)).accident_id
    between = await reported_on(life, 85)
    assert len({(await life.row(one)).accident_id for one in (first, between, last)}) == 1


async def test_two_reports_of_one_accident_at_once_see_each_other(life: ClaimLife) -> None:
    await life.policy()
    made = await asyncio.gather(*(reported_on(life, 10) for _ in range(4)))
    assert len({(await life.row(one)).accident_id for one in made}) == 1


async def test_a_later_match_joins_the_accident(life: ClaimLife) -> None:
    await life.policy()
    first, second = await reported_on(life, 10), await reported_on(life, 12, policy_no=UNKNOWN)
    assert (await life.row(first)).accident_id != (await life.row(second)).accident_id
    await life.done(AGENT, second, "policy-matches", {"policy_no": POLICY_NO})
    assert (await life.row(first)).accident_id == (await life.row(second)).accident_id


async def test_only_a_branch_approver_separates_with_a_reason_and_for_good(life: ClaimLife) -> None:
    await life.policy()
    first, second = await reported_on(life, 10), await reported_on(life, 12)
    body = {"claim_id": second, "reason": "another machine, another victim"}
    for who in (AGENT, ADJUSTER, actor("claims_approver", SUB), actor("claims_approver", "00.32.3201")):
        before = await life.traces()
        await life.refused(
            await life.step(who, first, "accident-separations", body), 403, "action_not_permitted", before
        )
    for wrong, code in (
        ({"claim_id": second, "reason": "  "}, "separation_reason_required"),
        ({"claim_id": str(uuid4()), "reason": "x"}, "not_in_this_accident"),
    ):
        before = await life.traces()
        answer = await life.step(BRANCH_APPROVER, first, "accident-separations", wrong)
        await life.refused(answer, 422, code, before)
    told = await life.done(BRANCH_APPROVER, first, "accident-separations", body)
    assert told["claim_id"] == second
    assert (await life.row(first)).accident_id != (await life.row(second)).accident_id
    third = await reported_on(life, 11)
    accidents = [(await life.row(one)).accident_id for one in (first, second, third)]
    assert accidents[0] == accidents[2] != accidents[1]
    before = await life.traces()
    alone = await life.step(BRANCH_APPROVER, second, "accident-separations", body)
    await life.refused(alone, 422, "not_in_this_accident", before)


async def test_the_claim_that_gave_the_accident_its_id_can_be_taken_out_too(life: ClaimLife) -> None:
    await life.policy()
    first, second, third = [await reported_on(life, hours) for hours in (14, 13, 12)]
    await life.done(BRANCH_APPROVER, first, "accident-separations", {"claim_id": first, "reason": "another day"})
    accidents = [(await life.row(one)).accident_id for one in (first, second, third)]
    assert accidents[1] == accidents[2] != accidents[0]


@pytest.mark.parametrize("below", ["links", "policy-matches", "accident-separations", "cancellations"])
async def test_a_change_needs_the_version_that_was_seen(life: ClaimLife, below: str) -> None:
    claim_id = await life.reported()
    bodies: dict[str, Any] = {
        "links": {"duplicate_of": claim_id}, "policy-matches": {"policy_no": POLICY_NO},
        "accident-separations": {"claim_id": claim_id, "reason": "x"},
        "cancellations": {"reason_code": "withdrawn", "reason": "x"},
    }  # fmt: skip
    who = BRANCH_APPROVER if below == "accident-separations" else ADJUSTER
    path = f"/v1/claims/{claim_id}/{below}"
    missing = await life.service.post(who, path, bodies[below])
    stale = await life.service.post(who, path, bodies[below], version=9)
    assert (missing.status_code, stale.status_code) == (428, 412)
    assert stale.json()["current_version"] == 1


async def test_a_likely_duplicate_is_shown_and_marked_at_the_report(life: ClaimLife) -> None:
    claim_id = await life.reported()
    again = await life.service.post(AGENT, "/v1/claims", report())
    assert [one["claim_id"] for one in again.json()["possible_duplicates"]] == [claim_id]
    assert "possible_duplicate" in again.json()["flags"]


async def test_the_timeline_tells_the_claim_in_the_order_of_what_happened(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.registered()
    await life.collect(claim_id, "claim_request")
    told = (await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/timeline")).json()["items"]
    kinds = [one["kind"] for one in told]
    assert kinds[0] == "loss"
    assert {"notice", "report", "register", "document", "collect_documents"} <= set(kinds)
    assert [one["at"] for one in told] == sorted(one["at"] for one in told)
    assert (await life.service.get(actor("adjuster", SIBLING), f"/v1/claims/{claim_id}/timeline")).status_code == 404


async def test_a_search_by_person_finds_within_the_scope_and_stores_nothing(life: ClaimLife) -> None:
    claim_id = await life.reported()
    await life.reported(injured=[{"name": "别人"}], reporter={"name": "另人", "phone": "13900000000", "relation": "x"})
    for wanted in (
        {"reporter_name": "欧阳岚"}, {"reporter_phone": "138 0000 1234"}, {"injured_name": "司徒海"},
        {"id_no": "11010519491231002x"}, {"id_no": "11010519491231002X", "status": ["reported"]},
    ):  # fmt: skip
        answer = await life.service.call(AGENT, "POST", "/v1/claims/searches", wanted)
        assert (answer.status_code, [one["id"] for one in answer.json()["items"]]) == (200, [claim_id])
        other = await life.service.call(actor("service_agent", SIBLING), "POST", "/v1/claims/searches", wanted)
        assert other.json()["items"] == []
    both = await life.service.call(AGENT, "POST", "/v1/claims/searches", {"limit": 1, "include_total": True})
    assert (len(both.json()["items"]), both.json()["total"]) == (1, 2)
    cursor = both.json()["next_cursor"]
    rest = await life.service.call(AGENT, "POST", "/v1/claims/searches", {"limit": 1, "cursor": cursor})
    assert len(rest.json()["items"]) == 1
    wrong = await life.service.call(
        AGENT, "POST", "/v1/claims/searches", {"limit": 1, "cursor": cursor, "injured_name": "司徒海"}
    )
    assert wrong.json()["code"] == "cursor_invalid"
    assert await life.service.rows(kernel.tables["stored_answers"], route="POST /v1/claims/searches") == []
