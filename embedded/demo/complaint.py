"""A complaint about the claim: taken in at the counter, decided at the branch by somebody whom it does not name."""

from __future__ import annotations

from typing import Any

from embedded.demo.cast import Player
from embedded.demo.stage import Stage


def complain(stage: Stage, claim_id: str, unit: str) -> None:
    """Registered at the sub-branch, assigned, investigated, decided, told, counted."""
    cast = stage.cast
    agent, head = cast.who("service_agent", unit), cast.who("department_head", cast.units.branch)
    body = _complaint(
        stage, stage.read(agent, f"/v1/claims/{claim_id}")["claim_no"], cast.staff_no("service_agent", unit)
    )
    stage.wait(
        agent, "waits until complaints has heard of the claim",
        lambda: "known" if stage.try_out(agent, "/v1/complaints", body).get("complaint_no") else None,
    )  # fmt: skip
    before = _counted(stage)
    told = stage.act(
        agent, "registers a complaint about the claim", "/v1/complaints", body,
        told=lambda out: f"{out['complaint_no']}; more is not told to a taker who had a hand in the claim",
    )  # fmt: skip
    here = f"/v1/complaints/{told['id']}"
    _check_identity(stage, here, agent)
    _assign(stage, here)
    colleague = cast.who("service_agent", cast.units.central_branches[0])
    stage.refused(
        colleague, "wants to decide below the branch", f"{here}/decisions", _reply(), on=here, status=403,
        code="action_not_permitted",
    )  # fmt: skip
    _decide(stage, here)
    after = _counted(stage)
    stage.must("the complaint is counted", after > before, True)
    where = "/v1/complaints/statistics?group_by=cause&period=month"
    stage.act(
        head, "reads the statistics by cause", where, method="GET",
        told=lambda out: ", ".join(f"{one['period']} {one['group']['cause']}: {one['count']}" for one in out["items"]),
    )  # fmt: skip
    stage.number("complaint", told["complaint_no"])


def _complaint(stage: Stage, claim_no: str, taker: str) -> dict[str, Any]:
    """It names the branch's own full-time officer: he told the complainant to wait."""
    officer = stage.cast.staff_no("complaint_officer", stage.cast.units.branch)
    return {
        "channel": "visit",
        "complainant": {"name": "司徒明", "phone": "13800009876", "relation": "third_party"},
        "about": {"claim_no": claim_no, "staff_no": [officer]},
        "cause": "payment_late",
        "content": "赔款到账慢，来电询问时让等通知，没有解释。",
        "received_at": stage.clock.said,
        "reception": {"place": "客服柜面", "received_by_staff_no": [taker], "started_at": stage.clock.said},
    }


def _check_identity(stage: Stage, here: str, taker: Player) -> None:
    """Whoever took the claim's report in has a part in the matter; a colleague of the central branch checks."""
    colleague = stage.cast.who("service_agent", stage.cast.units.central_branches[0])
    body = {"result": "confirmed", "checked_at": stage.clock.said}
    stage.refused(taker, "looks for it, having taken the claim in", here, method="GET", status=404, code="not_found")
    stage.act(colleague, "checks who complains", f"{here}/identity-checks", body, on=here)


def _assign(stage: Stage, here: str) -> None:
    """The officer named must stay out; the complaint goes to his deputy."""
    cast = stage.cast
    head, named = cast.who("department_head", cast.units.branch), cast.who("complaint_officer", cast.units.branch)
    stage.refused(
        head, f"wants to give it to {named.login}, whom it names", f"{here}/assignments",
        {"officer_person_id": named.person_id}, on=here, status=403, code="recused",
    )  # fmt: skip
    stage.act(
        head, "gives it to the officer who may handle it", f"{here}/assignments", {}, on=here,
        told=lambda out: f"officer {out['told']['officer']['staff_no'].lower()}, {out['complaint']['status']}",
    )  # fmt: skip
    stage.refused(named, "looks for the complaint that names him", here, method="GET", status=404, code="not_found")


def _reply() -> dict[str, Any]:
    return {
        "findings": "赔款按协议当日支付，银行入账晚一日；电话解释不到位。",
        "basis": "服务规范第十二条",
        "reasons": "支付及时，但告知义务履行不充分。",
        "remedies": ["review", "mediation", "litigation"],
        "outcome": "partly_justified",
    }


def _decide(stage: Stage, here: str) -> None:
    officer = stage.cast.who("complaint_officer", stage.cast.units.branch, 1)
    looked = {"step": "核对付款记录，与投诉人通话", "contacted": True}
    stage.act(officer, "looks into it, speaks with the complainant", f"{here}/investigations", looked, on=here)
    stage.act(officer, "decides at the branch", f"{here}/decisions", _reply(), on=here)
    told = {"method": "phone", "notified_at": stage.clock.said, "proof_reference": "REC-1"}
    stage.act(officer, "tells the complainant the result", f"{here}/notifications", told, on=here)


def _counted(stage: Stage) -> int:
    head = stage.cast.who("department_head", stage.cast.units.branch)
    return stage.read(head, "/v1/complaints/statistics?group_by=unit&period=month")["total"]
