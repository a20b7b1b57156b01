"""A customer at a glance, and every kind of news that the timeline promises."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.crm.consumers import TELLING
from shared.clock import SHANGHAI, process_now, rfc3339
from tests.support.crm_world import AGENT, C1, SIBLING, CrmWorld

PROMISED = re.findall(
    r"\S+",
    """
policy.application.opened policy.application.decided policy.policy.issued policy.policy.endorsed policy.policy.cancelled
policy.policy.expiring policy.document.delivered policy.notice.sent
claims.claim.reported claims.claim.matched claims.claim.linked claims.claim.cancelled claims.claim.head_office_informed
claims.duty.taken claims.claim.registered claims.claim.approved claims.claim.refused claims.claim.settled
claims.claim.reopened claims.deadline.breached claims.notice.sent
risk.inspection.due risk.inspection.completed risk.assessment.signed risk.hazard.found risk.hazard.overdue
risk.hazard.closed risk.key_risk_file.opened risk.key_risk_file.closed risk.notice.sent
complaints.complaint.registered complaints.complaint.recused complaints.complaint.extended
complaints.complaint.decided complaints.complaint.notified complaints.complaint.withdrawn complaints.deadline.breached
complaints.mis_selling_case.opened complaints.mis_selling_case.closed complaints.notice.sent
""",
)


def test_every_piece_of_news_that_names_this_service_is_heard_and_kept() -> None:
    assert sorted(one.subject.removesuffix(".v1") for one in TELLING) == sorted(PROMISED)


async def test_last_contacts_open_work_and_value_stand_at_one_glance(world: CrmWorld) -> None:
    await world.put()
    policy, gone, claim = uuid4(), uuid4(), uuid4()
    today = process_now().astimezone(SHANGHAI)
    await world.take(
        world.event("policy.policy.cancelled.v1", gone, {
            "policy_id": str(gone), "effective_on": (today - timedelta(days=1)).date().isoformat(), "kind": "surrender",
            "refund_amount": "10.00",
        }, version=2),
        world.issued(policy), world.issued(gone, policy_no="PPA-2"),
        world.reported(claim, version=1),
        world.settled(claim, version=9, settled_at=rfc3339(today - timedelta(hours=1)), policy_id=str(policy)),
    )  # fmt: skip
    told = (await world.service.get(AGENT, f"/v1/customers/{C1}/overview")).json()
    assert told["value"] == {
        "policies": 2, "policies_in_force": 1, "premium_in_force": "365.00", "premium_total": "730.00", "claims": 1,
        "claims_open": 0, "claims_paid": "3268.00", "loss_ratio": "4.4767",
    }  # fmt: skip
    assert [one["kind"] for one in told["last_contacts"]] == ["claims.claim.reported"]
    assert {one["kind"]: one["count"] for one in told["open_work"]} == {"return_visit": 3}
    assert (await world.service.get(SIBLING, f"/v1/customers/{C1}/overview")).status_code == 404


@pytest.mark.parametrize("seed", range(4))
async def test_news_of_one_moment_stands_in_the_order_of_its_record(world: CrmWorld, seed: int) -> None:
    claim, at = uuid4(), process_now()
    verbs: list[tuple[str, dict[str, Any]]] = [
        ("registered", {"reserve_amount": "1.00"}),
        ("head_office_informed", {"reason": "casualties", "due_at": rfc3339(at)}),
        ("linked", {"linked_claim_id": str(uuid4())}), ("cancelled", {"reason_code": "duplicate"}),
    ]  # fmt: skip
    arrivals = [world.reported(claim, version=1, reported_at=rfc3339(at))]
    for n, (verb, data) in enumerate(verbs, 2):
        event = world.event(f"claims.claim.{verb}.v1", claim, {"claim_id": str(claim)} | data, version=n, at=at)
        arrivals.append(event)
    random.Random(seed).shuffle(arrivals)
    await world.take(*arrivals)
    shown = [one["kind"].rpartition(".")[2] for one in reversed(await world.timeline())]
    assert shown == ["reported", "registered", "head_office_informed", "linked", "cancelled"]
