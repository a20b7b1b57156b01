"""Second looks through HTTP: drawn at the decision, opened for patterns, recorded once by somebody else from above."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from services.claims.second_look import handlers, rules
from services.claims.second_look.tables import QualityCheck
from shared.actor import machine
from shared.kernel import kernel
from shared.rule_sets import rule_sets
from tests.support.approval_attempts import PLAIN, bill, decided
from tests.support.claims_world import BRANCH, CENTRAL, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

CHECKS = QualityCheck.__table__


@pytest.fixture
async def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


async def figures(world: ClaimsWorld, **changes: Any) -> None:
    """The rule set with other figures, as another version of it would have."""
    told = {"share": "0.05", "within_days": 30}
    patterns = {
        "window_days": 90,
        "small_amount": "10000.00",
        "payee": 99,
        "surveyor": 99,
        "repairer": 99,
        "approver": 99,
    }
    content = {**told, **{k: v for k, v in changes.items() if k in told}}
    content["patterns"] = patterns | {k: v for k, v in changes.items() if k in patterns}
    async with world.service.db.transaction(machine("claims")) as tx:
        await tx.execute(
            update(rule_sets)
            .where(rule_sets.c.name == "second_look")
            .values(content=content, content_hash=str(sorted(changes.items())))
        )


async def looks(world: ClaimsWorld, **where: Any) -> list[dict[str, Any]]:
    return await world.service.rows(CHECKS, **where)


async def record(world: ClaimsWorld, who: Any, check_id: Any, outcome: str = "in_order", **body: Any) -> Any:
    version = next(each["version"] for each in await looks(world, id=check_id))
    path = f"/v1/quality-checks/{check_id}/results"
    return await world.service.post(who, path, {"outcome": outcome, **body}, version=version)


async def drawn_claim(world: ClaimsWorld) -> tuple[UUID, UUID]:
    await figures(world, share="1")
    claim_id = await world.calculated(await world.policy(PLAIN), bill("9000.00"))
    await decided(world, claim_id, approver(SUB))
    (look,) = await looks(world)
    return claim_id, look["id"]


async def test_an_approved_file_that_is_drawn_is_looked_at_by_the_unit_above(world: ClaimsWorld) -> None:
    claim_id, check_id = await drawn_claim(world)
    (look,) = await looks(world)
    assert (look["kind"], look["unit_code"], look["org_path"], look["status"]) == ("sample", "3201", CENTRAL, "open")
    items = await world.service.rows(kernel.tables["work_items"], record_id=check_id)
    assert [(each["kind"], each["unit_code"], each["position"]) for each in items] == [
        ("second_look", "3201", "claims_approver")
    ]
    assert (await world.service.get(approver(SUB), f"/v1/quality-checks/{check_id}")).status_code == 404
    seen = (await world.service.get(approver(CENTRAL), f"/v1/quality-checks/{check_id}")).json()
    assert [each["claim_id"] for each in seen["claims"]] == [str(claim_id)]
    assert [each["allowed"] for each in seen["available_actions"]] == [True]
    listed = (await world.service.get(approver(CENTRAL), "/v1/quality-checks?status=open")).json()
    assert [each["id"] for each in listed["items"]] == [str(check_id)]


async def test_with_a_share_of_nothing_and_for_a_refusal_nothing_is_drawn(world: ClaimsWorld) -> None:
    await figures(world, share="0")
    claim_id = await world.calculated(await world.policy(PLAIN), bill("9000.00"))
    await decided(world, claim_id, approver(SUB))
    await figures(world, share="1")
    refused = await world.calculated(await world.policy(PLAIN), bill("800.00"))
    for path in (SUB, CENTRAL):
        assert (await world.approve(approver(path), refused, "opinion", "refuse")).status_code == 201
    assert (await world.approve(approver(BRANCH), refused, "decision", "refuse")).status_code == 201
    assert await looks(world) == []


async def test_the_result_is_recorded_once_and_never_by_whoever_worked_on_the_file(world: ClaimsWorld) -> None:
    _, check_id = await drawn_claim(world)
    mine = await record(world, approver(CENTRAL, f"claims_approver@{SUB}"), check_id)
    assert (mine.status_code, mine.json()["code"]) == (403, "separation_of_duties")
    empty = await record(world, approver(CENTRAL), check_id, "error")
    assert (empty.status_code, empty.json()["code"]) == (422, "reason_required")
    done = await record(world, approver(CENTRAL), check_id)
    assert done.status_code == 201, done.text
    (look,) = await looks(world)
    assert (look["status"], look["outcome"], look["checked_by"]) == (
        "done", "in_order", person(f"claims_approver@{CENTRAL}"),
    )  # fmt: skip
    items = await world.service.rows(kernel.tables["work_items"], record_id=check_id)
    assert all(each["closed_at"] is not None for each in items)
    again = await record(world, approver(BRANCH), check_id)
    assert (again.status_code, again.json()["code"]) == (409, "already_checked")


async def test_a_suspicion_marks_the_claim_and_lifts_what_is_decided_on_it_later(world: ClaimsWorld) -> None:
    claim_id, check_id = await drawn_claim(world)
    told = await record(world, approver(CENTRAL), check_id, "suspected_fraud", findings="同一发票重复报销")
    assert (told.status_code, len(told.json()["flagged_claims"])) == (201, 1), told.text
    assert "suspected_fraud" in (await world.row(claim_id)).flags
    items = await world.service.rows(kernel.tables["work_items"], record_id=claim_id, kind="second_look_finding")
    assert [(each["unit_code"], each["position"]) for each in items] == [("3201", "department_head")]


async def small_claims(world: ClaimsWorld, count: int, facts: Any = None, **payee: Any) -> list[UUID]:
    policy_id = await world.policy(PLAIN)
    made = []
    for _ in range(count):
        claim_id = await world.calculated(policy_id, facts or bill("900.00"), accident_id=uuid4())
        if payee:
            named = {"payees": [{"kind": "third_party", "name": "司徒海", **payee}]}
            version = (await world.row(claim_id)).version
            answer = await world.service.call(
                adjuster(), "PUT", f"/v1/claims/{claim_id}/payees", named, version=version
            )
            assert answer.status_code == 200, answer.text
        await decided(world, claim_id, approver(SUB))
        made.append(claim_id)
    return made


async def watch(world: ClaimsWorld) -> int:
    async with world.service.db.transaction(machine("claims")) as tx:
        return await handlers.look_for_patterns(tx)


async def test_many_small_claims_around_one_payee_are_told_to_the_unit_above_once(world: ClaimsWorld) -> None:
    await figures(world, share="0", payee=3)
    await small_claims(world, 2, account="6222333344445555")
    assert await watch(world) == 0
    await small_claims(world, 1, account="6222333344445555")
    assert (await watch(world), await watch(world)) == (1, 0)
    (look,) = await looks(world)
    assert (look["kind"], look["claim_count"], look["org_path"]) == ("payee", 3, CENTRAL)
    shown = (await world.service.get(approver(CENTRAL), f"/v1/quality-checks/{look['id']}")).json()
    assert len(shown["subject"]) == 8  # the head of a keyed digest, never an account
    await small_claims(world, 1, account="6222333344445555")
    assert (await watch(world), [each["claim_count"] for each in await looks(world)]) == (1, [4])
    assert (await record(world, approver(CENTRAL), look["id"])).status_code == 201
    assert await watch(world) == 0  # what was looked at does not count again


@pytest.mark.parametrize("kind", ["surveyor", "repairer", "approver"])
async def test_a_pattern_around_a_surveyor_a_repairer_or_a_pair_of_persons_is_told(
    world: ClaimsWorld, kind: str
) -> None:
    await figures(world, share="0", **{kind: 2})
    repaired = {
        "kind": "property",
        "amount": "900.00",
        "repairer": {"name": "岚江修理厂", "registration_no": "91320000X"},
    }
    facts = {"fault_ratio": "1.00", "claimants": [{"ref": "A", "kind": "third_party", "losses": [repaired]}]}
    await small_claims(world, 2, facts)
    assert await watch(world) == 1
    (look,) = await looks(world)
    assert (look["kind"], look["claim_count"], look["unit_code"]) == (kind, 2, "3201")
    refused = await record(world, actor("claims_approver", CENTRAL, name="surveyor"), look["id"])
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")


async def test_large_claims_make_no_pattern_and_the_watch_runs_once_a_day(world: ClaimsWorld) -> None:
    await figures(world, share="0", surveyor=1, small_amount="100.00")
    await small_claims(world, 1)
    assert await watch(world) == 0
    await figures(world, share="0", surveyor=1)
    (tick,) = handlers.TICKS
    assert [await tick.function(world.service.db, 10) for _ in range(2)] == [1, 0]
    assert len(await looks(world)) == 1


def test_every_kind_of_pattern_has_its_query() -> None:
    from services.claims.second_look.queries import _AROUND

    assert set(_AROUND) == set(rules.PATTERNS)
