"""Claims on their way through an approval: what is paid as it stands, who is refused, and what an attempt leaves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.claims.approval.tables import ApprovalStep
from shared.kernel import kernel
from tests.support.calculations import one
from tests.support.claims_world import ClaimsWorld

STEPS = ApprovalStep.__table__


def bill(amount: str) -> dict[str, Any]:
    """Facts of one claimant whose damages come out as they stand."""
    return one({"kind": "mental_distress", "amount": amount})


PLAIN = {"basis": "fault", "aggregate_limit": "9000000.00"}


async def claim_of(world: ClaimsWorld, amount: str, **changes: Any) -> UUID:
    return await world.calculated(await world.policy(PLAIN), bill(amount), **changes)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def left(world: ClaimsWorld, claim_id: UUID) -> dict[str, Any]:
    """What a refused attempt must leave as it was, and the refusals that were written down."""
    row = await world.row(claim_id)
    entries = await world.service.rows(kernel.tables["audit_entries"], object_id=claim_id)
    return {
        "claim": (row.version, row.status, row.outcome, row.determined_at),
        "steps": len(await world.service.rows(STEPS, claim_id=claim_id)),
        "events": len(await world.service.rows(kernel.tables["outbox"], record_id=claim_id)),
        "history": len(await world.service.rows(kernel.tables["history"], record_id=claim_id)),
        "refusals": sum(1 for each in entries if each["outcome"] == "refused"),
    }


async def refused(
    world: ClaimsWorld, expected: tuple[int, str], who: Any, claim_id: UUID, kind: str, **stated: Any
) -> Any:
    """The attempt is refused, changes nothing, and is written down exactly once (a 422 not at all)."""
    before = await left(world, claim_id)
    answer = await world.approve(who, claim_id, kind, stated.pop("outcome", "approve"), **stated)
    assert code(answer) == expected, answer.text
    noted = 1 if expected[0] in (403, 404, 409) else 0
    assert await left(world, claim_id) == before | {"refusals": before["refusals"] + noted}
    return answer.json()


async def decided(world: ClaimsWorld, claim_id: UUID, who: Any, **stated: Any) -> dict[str, Any]:
    answer = await world.approve(who, claim_id, "decision", **stated)
    assert answer.status_code == 201, answer.text
    assert answer.json()["claim"]["status"] == "decided"
    return answer.json()


async def subjects(world: ClaimsWorld, claim_id: UUID) -> list[str]:
    return [each["subject"] for each in await world.service.rows(kernel.tables["outbox"], record_id=claim_id)]


async def action(world: ClaimsWorld, who: Any, claim_id: UUID, name: str = "approve") -> dict[str, Any]:
    told = (await world.service.get(who, f"/v1/claims/{claim_id}")).json()
    return next(each for each in told["available_actions"] if each["action"] == name)
