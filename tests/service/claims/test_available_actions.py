"""What a claim says may be done with it is what happens: state × position × action, judged and tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from services.claims.claim.rules import ClaimStatus
from services.claims.documents.tables import SupplementNotice
from shared.actor import Actor, machine
from shared.clock import process_now, rfc3339
from tests.support.claim_life import BRANCH, CENTRAL, POLICY_NO, SUB, ClaimLife
from tests.support.claims_world import ClaimsWorld
from tests.support.tokens import actor

PEOPLE = (
    *(actor(position, SUB) for position in ("service_agent", "surveyor", "adjuster", "claims_approver")),
    actor("department_head", CENTRAL),
    *(actor(position, BRANCH) for position in ("service_agent", "claims_approver", "auditor")),
)


NUMBERS = count()


@dataclass(frozen=True)
class Profile:
    """What a claim is like apart from its state."""

    claim: Mapping[str, Any]
    companion: bool = False
    notice: bool = False
    duties: Mapping[str, str] = field(default_factory=dict)


PROFILES = {
    "accident_matched": Profile({"line": "accident"}, companion=True),
    "liability_with_notice": Profile({"line": "liability"}, notice=True),
    "unmatched": Profile({"line": None, "policy_match": "unmatched", "flags": ["unmatched"]}),
    "at_desk": Profile({"line": None, "policy_match": "unmatched", "path": BRANCH}),
    "supplements_in": Profile(
        {"line": "accident", "supplements_received_at": process_now() - timedelta(days=1)}, notice=True
    ),
    "hands_full": Profile({"line": "accident"}, duties={"adjuster": f"surveyor@{SUB}", "approver": f"adjuster@{SUB}"}),
}


async def made(life: ClaimLife, status: str, profile: Profile) -> tuple[str, str]:
    """A claim of this profile in this state, and another one: its companion, or one to link it to."""
    world = ClaimsWorld(life.service, made=next(NUMBERS) * 10, loss_at=process_now() - timedelta(days=20))
    more = dict(profile.claim) | {"reserve_amount": 100}
    if profile.notice:
        more["supplement_served_at"] = process_now() - timedelta(days=2)
    policy_id = None if more.get("policy_match") == "unmatched" else await world.policy({}, line=more["line"])
    own = await world.claim(policy_id, status=status, duties=profile.duties, **more)
    path = profile.claim.get("path", SUB)
    accident = {"accident_id": own} if profile.companion else {}
    other = await world.claim(policy_id, status="reported", path=path, line="accident", **accident)
    if profile.notice:
        async with life.service.db.transaction(machine("claims")) as tx:
            row = {"items": [{"description": "photos"}], "served_at": more["supplement_served_at"], "method": None}
            tx.add(SupplementNotice(id=uuid4(), claim_id=own, org_path=path, person_id=uuid4(), **row))
    return str(own), str(other)


def bodies(claim_id: str, other: str, profile: Profile) -> dict[str, dict[str, Any]]:
    """A body for each action that is right in itself."""
    now = rfc3339(process_now() - timedelta(minutes=1))
    at_desk = profile.claim.get("path") == BRANCH
    survey = {"surveyed_at": now, "participants": [], "findings": "dry"}
    register = {"reserve_amount": "900.00", "reason": "estimate", "no_survey_reason": "clear facts"}
    return {
        "dispatch": {"surveyor_person_id": str(SURVEYOR_FROM_ELSEWHERE.person_id)},
        "report_survey": survey,
        "register": register,
        "change_reserve": {"reserve_amount": "900.00", "reason": "more"},
        "collect_documents": {"items": [{"code": "claim_request"}]},
        "request_supplement": {"items": ["photos of the stairs"]},
        "receive_supplements": {"items": [{"number": 1}]},
        "record_consent": {"claimant_ref": "a", "basis": "legal_duty", "obtained_at": now},
        "link": {"duplicate_of": other},
        "cancel": {"reason_code": "withdrawn", "reason": "no loss"},
        "match_policy": {"unit_code": "320102"} if at_desk else {"policy_no": POLICY_NO},
        "separate_accident": {"claim_id": other if profile.companion else claim_id, "reason": "another machine"},
    }


SURVEYOR_FROM_ELSEWHERE = actor("surveyor", SUB, name="a surveyor who has nothing to do with it")


async def differences(life: ClaimLife, who: Actor, claim_id: str, wanted: Mapping[str, Any]) -> list[str]:
    """Where what is shown is not what a try answers."""
    shown = await life.service.get(who, f"/v1/claims/{claim_id}")
    assert shown.status_code == 200, shown.text
    actions = {one["action"]: one for one in shown.json()["available_actions"]}
    assert wanted.keys() <= actions.keys()
    found = []
    for name, body in wanted.items():
        told = actions[name]
        path = told["href"] + "?dry_run=true"
        tried = await life.service.call(who, told["method"], path, body, version=shown.json()["version"])
        said = "allowed" if told["allowed"] else told["reason"]["code"]
        happened = "allowed" if tried.status_code == 200 else tried.json()["code"]
        if said != happened:
            found.append(f"{who.position}@{who.scope} {name}: shown {said}, tried {happened}")
        assert (told["reason"] is None) is told["allowed"]
    return found


@pytest.mark.parametrize("status", list(map(str, ClaimStatus)))
@pytest.mark.parametrize("profile", PROFILES)
async def test_what_is_shown_is_what_happens(life: ClaimLife, status: str, profile: str) -> None:
    chosen = PROFILES[profile]
    await life.appoint(SURVEYOR_FROM_ELSEWHERE)
    await life.policy()
    claim_id, other = await made(life, status, chosen)
    wrong = []
    for who in PEOPLE:
        if not claim_visible(who, chosen):
            continue
        wrong += await differences(life, who, claim_id, bodies(claim_id, other, chosen))
    assert wrong == []
    assert (await life.row(claim_id)).version == 1


def claim_visible(who: Actor, profile: Profile) -> bool:
    path = profile.claim.get("path", SUB)
    return path == who.scope or path.startswith(who.scope + ".")


async def test_each_action_of_the_life_up_to_complete_papers_is_allowed_to_somebody(life: ClaimLife) -> None:
    """The matrix above would hold as well if everything were refused."""
    await life.appoint(SURVEYOR_FROM_ELSEWHERE)
    await life.policy()
    allowed: set[str] = set()
    for profile in PROFILES.values():
        for status in ("reported", "dispatched", "surveyed", "registered", "assessing", "documents_pending"):
            claim_id, _ = await made(life, status, profile)
            for who in PEOPLE:
                if claim_visible(who, profile):
                    actions = (await life.read(claim_id, who))["available_actions"]
                    allowed |= {one["action"] for one in actions if one["allowed"]}
    assert bodies("", "", PROFILES["unmatched"]).keys() <= allowed


async def test_a_refused_action_tells_its_reason_in_the_callers_language(life: ClaimLife) -> None:
    await life.policy(line="liability")
    claim_id = await life.reported()
    answer = await life.service.get(actor("adjuster", SUB), f"/v1/claims/{claim_id}", headers={"Accept-Language": "en"})
    told = {one["action"]: one for one in answer.json()["available_actions"]}["register"]
    assert (told["allowed"], told["method"]) == (False, "POST")
    assert told["href"] == f"/v1/claims/{claim_id}/registrations"
    assert told["reason"]["code"] == "survey_required"
    assert told["reason"]["detail"].startswith("A liability claim is surveyed")
