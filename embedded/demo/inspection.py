"""A visit of loss prevention: announced 15 days ahead, made, reported; its hazard is seen at the next first notice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.demo.policies import Policies
from embedded.demo.stage import Stage
from shared.clock import rfc3339

_SECTIONS = {
    "management_attitude": "负责人重视，制度有落实。",
    "safety_rules": "操作规程张贴，培训记录齐全。",
    "address": "与保单载明地址一致。",
    "safety_facilities": "灭火器、喷淋、可燃气体报警。",
    "products": "涂料、稀释剂。",
    "process_flow": "投料、混合、灌装。",
    "hazards": "二号仓库防爆电气未接地。",
    "accident_history": "三年内无事故。",
}


def visit(stage: Stage, policies: Policies) -> None:
    """From the announcement of the due day to the closed visit."""
    cast, number = stage.cast, policies.safety["policy_no"]
    engineer = cast.who("risk_engineer", cast.units.central_branches[0])
    due = stage.wait(
        engineer, "waits until the planned visit is announced (15 days ahead)",
        lambda: _announced(stage.read(engineer, f"/v1/inspections?policy_no={number}")["items"]),
        lambda one: f"{one['inspection_no']} due on {one['due_on']}, stage {one['stage']}",
    )  # fmt: skip
    here = f"/v1/inspections/{due['id']}"
    agreed = {
        "scheduled_at": rfc3339(stage.clock.now.replace(microsecond=0) + timedelta(hours=1)),
        "inspector_person_id": engineer.person_id, "confirmed_by_customer": True,
    }  # fmt: skip
    stage.act(engineer, "agrees on the visit with the customer", f"{here}/schedules", agreed, on=here)
    _rate(stage, here)
    stage.act(engineer, "reports the visit, eight sections", f"{here}/reports", _report(stage), on=here)
    _sign(stage, here)
    for role, said in (("leader", "月底前整改完毕。"), ("safety_head", "已断电挂牌。")):
        stage.act(engineer, f"records what the {role} says", f"{here}/feedback", {"role": role, "text": said}, on=here)
    stage.must("the state of the visit", stage.read(engineer, here)["status"], "closed")
    stage.number("inspection", due["inspection_no"])


def _sign(stage: Stage, here: str) -> None:
    """Both sides: the engineer himself, and the customer's head of safety by hand."""
    engineer = stage.cast.who("risk_engineer", stage.cast.units.central_branches[0])
    own = {"side": "inspector", "method": "electronic"}
    theirs = {"side": "customer", "method": "handwritten", "signer_name": "欧阳岚", "signer_role": "安全负责人"}
    for signed, what in ((own, "signs the report"), (theirs, "has the report signed by the customer")):
        stage.act(engineer, what, f"{here}/signatures", signed | {"signed_at": stage.clock.said}, on=here)


def _announced(items: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((one for one in items if one.get("stage") is not None), None)


def _rate(stage: Stage, here: str) -> None:
    """L3 × E6 × C15 = 270: `high`. Sent twice, it is one hazard."""
    engineer = stage.cast.who("risk_engineer", stage.cast.units.central_branches[0])
    body = {
        "description": "二号仓库防爆电气未接地，地面有静电积聚",
        "likelihood": "3", "exposure": "6", "consequence": "15",
        "probable_maximum_loss": "2400000.00", "reasoning": "溶剂蒸气遇静电火花可引燃整仓",
    }  # fmt: skip
    for what in ("rates the hazard L 3 × E 6 × C 15", "sends the same hazard again from the tablet"):
        rated = stage.act(
            engineer, what, f"{here}/hazards/tablet-{stage.run}", body, method="PUT",
            told=lambda out: f"score {out['score']}, {out['class']}, hazard version {out['version']}",
        )  # fmt: skip
    stage.must("the class of the hazard", rated["class"], "high")
    stage.must("the version of a hazard that was sent twice", rated["version"], 1)


def _report(stage: Stage) -> dict[str, Any]:
    sections: dict[str, dict[str, Any]] = {name: {"text": text} for name, text in _SECTIONS.items()}
    sections["safety_facilities"]["counts"] = {"灭火器": 24, "喷淋头": 60}
    return {"inspected_at": stage.clock.said, "risk_level": "high", "sections": sections}


def hazard_at_next_report(stage: Stage, policies: Policies) -> None:
    """The next call of this customer shows the open hazard; the call turns out to be nothing and is withdrawn."""
    policy = policies.safety
    unit = policy["unit_code"]
    agent, adjuster = stage.cast.who("service_agent", unit), stage.cast.who("adjuster", unit)
    body = {
        "channel": "phone",
        "reporter": {"name": "上官江", "phone": "13800005678", "relation": "insured"},
        "policy_no": policy["policy_no"],
        "unit_code": unit,
        "loss_at": rfc3339(stage.clock.now.replace(microsecond=0) - timedelta(minutes=20)),
        "place": "岚江化工二号仓库",
        "area_code": unit,
        "description": "二号仓库冒烟，已自行扑灭，无人受伤。",
    }
    stage.wait(
        agent, "waits until claims knows of the hazard",
        lambda: stage.try_out(agent, "/v1/claims", body).get("open_hazards") or None,
        lambda shown: f"{len(shown)} open hazard",
    )  # fmt: skip
    told = stage.act(
        agent, "takes a call of this customer, sees the hazard", "/v1/claims", body,
        told=lambda out: f"{out['claim_no']}, open hazard: {', '.join(one['class'] for one in out['open_hazards'])}",
    )  # fmt: skip
    here, why = f"/v1/claims/{told['id']}", {"reason_code": "no_loss", "reason": "核实后无损失，客户撤回报案"}
    stage.act(adjuster, "withdraws the report, nothing was lost", f"{here}/cancellations", why, on=here)
