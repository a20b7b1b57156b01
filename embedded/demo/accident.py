"""A cut hand at night under a group accident policy: small, without a survey, decided where it was reported.

(4,285.00 − 200.00) × 80 % = 3,268.00.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.demo import settlement
from embedded.demo.approval import clauses
from embedded.demo.policies import Policies
from embedded.demo.stage import Stage
from shared.clock import rfc3339

AMOUNT = "3268.00"


def report(stage: Stage, policies: Policies) -> str:
    """The call at night; the claim's id."""
    policy = policies.accident
    unit, hurt = policy["unit_code"], _hurt(policies)
    agent = stage.cast.who("service_agent", unit)
    body = {
        "channel": "phone",
        "reporter": {"name": hurt["name"], "phone": "13800004321", "relation": "insured"},
        "policy_no": policy["policy_no"],
        "unit_code": unit,
        "loss_at": rfc3339(stage.clock.now.replace(microsecond=0) - timedelta(minutes=40)),
        "place": "北苑纺织车间三号线",
        "area_code": unit,
        "description": "夜班操作时手部割伤，已送医缝合。",
        "injured": [{"name": hurt["name"], "id_no": hurt["id_no"], "insured_ref": hurt["ref"]}],
        "injured_count": 1,
        "death_count": 0,
        "estimated_amount": "5000.00",
    }
    stage.wait(
        agent, "looks the policy up until claims has heard of it",
        lambda: "matched" if stage.try_out(agent, "/v1/claims", body).get("policy_match") == "matched" else None,
    )  # fmt: skip
    claim = stage.act(
        agent, "takes a call about a cut hand", "/v1/claims", body,
        told=lambda out: f"{out['claim_no']} {out['status']}, {out['policy_match']}",
    )  # fmt: skip
    stage.number("claim, group accident", claim["claim_no"])
    return claim["id"]


def _hurt(policies: Policies) -> dict[str, Any]:
    return policies.accident["insured_persons"][2]


def register_and_calculate(stage: Stage, claim_id: str, policies: Policies) -> dict[str, Any]:
    """Registered without a survey, papers, the medical bill, the sheet."""
    unit, hurt, here = policies.accident["unit_code"], _hurt(policies), f"/v1/claims/{claim_id}"
    adjuster, agent = stage.cast.who("adjuster", unit), stage.cast.who("service_agent", unit)
    body = {"reserve_amount": "5000.00", "reason": "门诊缝合"}
    stage.act(
        adjuster, "registers without a survey, with the reason", f"{here}/registrations",
        body | {"no_survey_reason": "金额小，事实清楚，病历完整"}, on=here,
    )  # fmt: skip
    wanted = stage.read(adjuster, f"{here}/documents")["missing"]
    papers = {"items": [{"code": one} for one in wanted]}
    stage.act(adjuster, f"takes in all {len(wanted)} papers", f"{here}/documents", papers, on=here)
    consent = {"claimant_ref": hurt["ref"], "basis": "consent", "obtained_at": stage.clock.said}
    stage.act(agent, "records the consent of the injured", f"{here}/consents", consent, on=here)
    claimant = {
        "ref": hurt["ref"], "kind": "insured_person", "name": hurt["name"],
        "losses": [{"kind": "medical", "amount": "4285.00"}],
    }  # fmt: skip
    stage.act(
        adjuster, "assesses a medical bill of 4,285.00", f"{here}/losses", {"claimants": [claimant]}, on=here,
        method="PUT",
    )  # fmt: skip
    sheet = stage.act(
        adjuster, "calculates the sheet", f"{here}/calculation-sheets", {}, on=here,
        told=lambda out: f"gross {out['gross_amount']}",
    )  # fmt: skip
    stage.must("the amount of the cut hand", sheet["gross_amount"], AMOUNT)
    return sheet


def decide_and_pay(stage: Stage, claim_id: str, policies: Policies, sheet: dict[str, Any]) -> None:
    """3,268.00 is within the 5,000 of the sub-branch; then paid, closed and bound."""
    unit, hurt, here = policies.accident["unit_code"], _hurt(policies), f"/v1/claims/{claim_id}"
    approver = stage.cast.who("claims_approver", unit)
    body = {
        "kind": "decision", "outcome": "approve", "amount": AMOUNT, "sheet_version": sheet["sheet_version"],
        "clause_ids": clauses(sheet),
    }  # fmt: skip
    stage.act(approver, "decides at the sub-branch, within 5,000", f"{here}/approvals", body, on=here)
    settlement.agree_and_tell(stage, claim_id, unit)
    payee = settlement.Payee("insured_person", hurt["name"], AMOUNT, "self", hurt["ref"])
    settlement.pay(stage, claim_id, unit, [payee], [stage.cast.who("cashier", unit[:4])])
    settlement.close_and_bind(stage, claim_id, unit)
