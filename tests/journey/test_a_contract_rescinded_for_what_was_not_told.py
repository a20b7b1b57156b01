"""Question 14, accidents of the last three years, was answered “none”, and two had happened.

The contract was formed on 10 November 2025, the insurer learned of it on 1 June 2026: it rescinds until 1 July, a
Wednesday or not, and no day longer; never for what was not asked, nor what it knew, nor after taking premium with
knowledge, nor after two years. A claim is refused for it only once the contract is rescinded.
"""

from __future__ import annotations

from typing import Any

from tests.support.application_story import SIGNED, ApplicationStory, customer, now, opened
from tests.support.claim_life import MovedClock, report
from tests.support.gateway import PASSWORD
from tests.support.journeys import ago, move, reported
from tests.support.system import System

BEGINS = "2026-05-20T09:00"
"""The people signed in first on this day; what went before is told from November on."""
UNIT, CENTRAL, BRANCH = "320104", "3201", "32"
COVER = {
    "basis": "strict", "death_benefit_per_person": "600000.00", "aggregate_limit": "1100000.00",
    "medical_limit_per_person": "60000.00", "medical_deductible": "200.00", "medical_reimbursement_rate": "0.80",
}  # fmt: skip
ANSWERS = {
    "Q01": "manufacturing", "Q02": "80", "Q03": "0", "Q04": "no", "Q05": "yes", "Q06": "yes", "Q07": "no", "Q08": "no",
    "Q09": "no", "Q10": "yes", "Q11": "no", "Q12": "58", "Q13": "no", "Q14": "0",
}  # fmt: skip
REDUCING = ("exclusion", "deductible", "co_pay")
HURT = {"ref": "W1", "kind": "employee", "losses": [{"kind": "medical", "amount": "1200.00"}]}
GROUNDS = {"reason_code": "non_disclosure", "reason": "第14题未如实告知", "clause_ids": ["EX-01"]}


async def test_a_contract_is_rescinded_within_its_days_and_for_what_was_asked(
    clock: MovedClock, system: System
) -> None:
    first = await _insured(system, clock, 1, "PEL2025-32-000901")
    second = await _insured(system, clock, 2, "PEL2025-32-000902")
    move(system, clock, "2026-05-20T10:00")
    claim = await reported(system, UNIT, report(policy_no=first["policy_no"], unit_code=None))
    sheet = await claim.up_to_sheet({"claimants": [HURT]}, "1000.00")
    opinion, decision = (claim.step_on(sheet, kind, "refuse", **GROUNDS) for kind in ("opinion", "decision"))
    move(system, clock, "2026-06-01T10:00")
    await claim.refused(409, "rescission_required", f"claims_approver@{UNIT}", "approvals", opinion)
    await _no_ground(system, first)
    await _premium_accepted_with_knowledge(system, clock, second)
    move(system, clock, "2026-07-01T16:00")
    done = await _rescind(system, first, "2026-06-01")
    assert done.status_code == 201, done.text
    told = done.json()
    assert (told["last_on"], told["losses_paid"], told["refund_amount"]) == ("2026-07-01", False, "0.00")
    await system.drain()
    again = await claim.done("adjuster", "calculation-sheets", {})
    opinion, decision = (claim.step_on(again, kind, "refuse", **GROUNDS) for kind in ("opinion", "decision"))
    for unit in (UNIT, CENTRAL):
        await claim.done(f"claims_approver@{unit}", "approvals", opinion)
    await claim.done(f"claims_approver@{BRANCH}", "approvals", decision)
    served = await claim.done("adjuster", "notices", {"kind": "refuse", "served_at": ago(), "method": "letter"})
    assert served["claim"]["status"] == "refusal_served"
    await _a_day_too_late_and_two_years_too_late(system, clock, second)


async def _insured(system: System, clock: MovedClock, number: int, policy_no: str) -> dict[str, Any]:
    """A manufacturer's eighty people, asked everything, decided by the central branch, issued by the core."""
    move(system, clock, "2025-11-07T10:00")
    owner = await customer(system, number)
    story = await opened(system, UNIT, _proposal(owner))
    await story.done("sales_agent", "disclosures", {"channel": "visit", "delivered_at": now(), "proof": "送达回执014"})
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("exclusions", *REDUCING))
    await story.done("sales_agent", "acknowledgements", await story.acknowledgement("duties", "duty"))
    answered = await story.answers(ANSWERS)
    assert (answered["unanswered"], answered["effects"]) == ([], {})
    await story.done("sales_agent", "submissions", SIGNED | {"signed_at": now()})
    move(system, clock, "2025-11-10T10:00")
    accept = {"outcome": "accept", "amount": "1100000.00"}
    decided = await story.done(f"underwriter@{CENTRAL}", "decisions", accept)
    assert decided["premium"] == "48000.00"
    return await _issued(story, owner, policy_no)


def _proposal(owner: dict[str, Any]) -> dict[str, Any]:
    documents = ("proposal_form", "identity", "employee_list")
    return {
        "kind": "proposal", "product": "employers_liability", "customer_id": owner["id"], "insured_count": 80,
        "policyholder": {"name": owner["name"], "id_type": "uscc", "id_no": owner["id_no"]},
        "risk": {"industry": "manufacturing", "site": owner["address"]}, "requested_cover": COVER,
        "starts_at": "2025-11-11T00:00:00+08:00", "ends_at": "2026-11-11T00:00:00+08:00",
        "documents": [{"code": code, "received_on": "2025-11-07"} for code in documents],
    }  # fmt: skip


def _version(owner: dict[str, Any], policy_no: str, application_id: str | None) -> dict[str, Any]:
    return {
        "core_version": 1, "change": {"kind": "issue", "no": policy_no}, "application_id": application_id,
        "customer_core_no": owner["core_no"], "product": "employers_liability", "line": "liability", "unit_code": UNIT,
        "status": "in_force", "issued_on": "2025-11-10", "starts_at": "2025-11-11T00:00:00+08:00",
        "ends_at": "2026-11-11T00:00:00+08:00", "effective_at": "2025-11-11T00:00:00+08:00", "premium": "48000.00",
        "premium_delta": "48000.00", "refund_amount": "0.00", "insured_count": 80, "cover": COVER,
        "exclusions": [{"clause_id": one, "text_version": "2026-01"} for one in ("EX-01", "EX-02")],
    }  # fmt: skip


async def _issued(story: ApplicationStory, owner: dict[str, Any], policy_no: str) -> dict[str, Any]:
    gate, core = story.system.gateway, await story.system.core()
    body = _version(owner, policy_no, story.application["id"])
    answer = await gate.call(core, "PUT", f"/v1/core/policies/{policy_no}", body)
    assert answer.status_code == 200, answer.text
    await story.system.drain()
    assert (await story.read())["status"] == "issued"
    return answer.json() | {"policy_no": policy_no, "owner": owner}


async def _rescind(system: System, policy: dict[str, Any], known_on: str, **changes: Any) -> Any:
    """What the branch's underwriter declares; `changes` of the body or, by `question`, of the ground."""
    ground = {
        "question_code": changes.pop("question", "Q14"), "fact": "三年内发生两起人身伤亡事故", "affects": "acceptance",
    }  # fmt: skip
    body = {
        "policy_id": policy["id"], "ground": ground, "known_on": known_on, "intent": "intent", "influence": True
    } | changes  # fmt: skip
    return await system.gateway.post(await system.enter("underwriter", BRANCH), "/v1/rescissions", body)


def _refused(answer: Any, code: str, **members: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    assert {name: answer.json()[name] for name in members} == members


async def _no_ground(system: System, policy: dict[str, Any]) -> None:
    """A fact that was never asked, and one that was known when the contract was formed."""
    _refused(await _rescind(system, policy, "2026-06-01", question="Q99"), "never_asked")
    _refused(await _rescind(system, policy, "2025-11-10"), "known_at_formation", formed_on="2025-11-10")


async def _premium_accepted_with_knowledge(system: System, clock: MovedClock, policy: dict[str, Any]) -> None:
    """An instalment taken ten days after the insurer knew says that the contract shall go on."""
    move(system, clock, "2026-06-10T10:00")
    body = _version(policy["owner"], policy["policy_no"], None) | {
        "core_version": 2, "change": {"kind": "endorse", "no": f"{policy['policy_no']}-001"},
        "effective_at": "2026-06-10T10:00:00+08:00", "issued_on": None, "premium": "49000.00",
        "premium_delta": "1000.00",
    }  # fmt: skip
    answer = await system.gateway.call(await system.core(), "PUT", f"/v1/core/policies/{policy['policy_no']}", body)
    assert answer.status_code == 200, answer.text
    await system.drain()
    move(system, clock, "2026-06-20T10:00")
    late = await _rescind(system, policy, "2026-06-01")
    _refused(late, "premium_accepted_with_knowledge", received_on="2026-06-10")


async def _a_day_too_late_and_two_years_too_late(system: System, clock: MovedClock, policy: dict[str, Any]) -> None:
    move(system, clock, "2026-07-02T00:10")
    late = await _rescind(system, policy, "2026-06-01")
    _refused(late, "rescission_lapsed", last_on="2026-07-01", bar="thirty_days")
    move(system, clock, "2027-11-11T00:10")
    await _new_password(system)
    barred = await _rescind(system, policy, "2027-11-10")
    _refused(barred, "rescission_lapsed", last_on="2027-11-10", bar="two_years")


async def _new_password(system: System) -> None:
    """After a year and a half the underwriter's password is too old for anything but a new one."""
    gate, old = system.gateway, await system.enter("underwriter", BRANCH)
    body = {"current_password": PASSWORD, "new_password": "Another-word-of-2027"}
    changed = await gate.call(old, "PUT", "/v1/session/password", body)
    assert changed.status_code == 200, changed.text
    system.entered[f"underwriter@{BRANCH}#0"] = await gate.enter_as(old.login, "Another-word-of-2027")
