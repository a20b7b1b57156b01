"""The claim of public liability on its way up: three levels, one after the other, and everybody who may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.demo.cast import Player
from embedded.demo.stage import Stage
from shared.clock import legal_day


def approve(stage: Stage, claim_id: str, unit: str, sheet: dict[str, Any]) -> None:
    """Sub-branch and central branch give their opinions, the branch decides: 259,735.35 is above 100,000."""
    cast, here = stage.cast, f"/v1/claims/{claim_id}"
    central, branch = cast.units.central_branches[0], cast.units.branch
    low, middle = cast.who("claims_approver", unit), cast.who("claims_approver", central)
    top, maker = cast.who("claims_approver", branch), cast.who("adjuster", unit)
    opinion, decision = _act("opinion", sheet), _act("decision", sheet)

    def refused(who: Player, what: str, body: dict[str, Any], status: int, code: str) -> None:
        stage.refused(who, what, f"{here}/approvals", body, on=here, status=status, code=code)

    def given(who: Player, what: str, body: dict[str, Any]) -> None:
        stage.act(who, what, f"{here}/approvals", body, on=here, told=_given)

    refused(maker, "wants to approve what he calculated", decision, 403, "action_not_permitted")
    refused(top, "wants to decide before the opinions below are in", decision, 409, "wrong_step")
    refused(middle, "wants to decide above the limit of 100,000", decision, 403, "authority_exceeded")
    given(low, "gives the opinion of the sub-branch", opinion)
    _twice(stage, here, unit, central, opinion)
    given(middle, "gives the opinion of the central branch", opinion)
    given(top, "decides at the branch", decision)
    stage.must("the state after the decision", stage.read(maker, here)["status"], "decided")


def _act(kind: str, sheet: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "outcome": "approve",
        "amount": sheet["gross_amount"],
        "sheet_version": sheet["sheet_version"],
        "reason": "责任明确，金额核对无误",
        "clause_ids": clauses(sheet),
    }


def clauses(sheet: dict[str, Any]) -> list[str]:
    """The clauses that the lines of a sheet rest on; the cover clause where they name none."""
    return sorted({one for line in sheet["lines"] for one in line["clause_ids"]}) or ["PL-02"]


def _given(out: dict[str, Any]) -> str:
    return f"step {out['step']} {out['kind']} on {out['amount']}, claim {out['claim']['status']}"


def _twice(stage: Stage, here: str, unit: str, central: str, opinion: dict[str, Any]) -> None:
    """Who gave the opinion below stands in above for a day: still one person, so a second step is refused."""
    cast, today = stage.cast, legal_day(stage.clock.now)
    admin, stand_in = cast.who("security_admin", cast.units.branch), cast.double("claims_approver", unit)
    person = f"/v1/people/{stand_in.person_id}"
    body = {
        "position": "claims_approver", "unit_code": central,
        "from": today.isoformat(), "to": (today + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    granted = stage.act(
        admin, f"appoints {stand_in.login} to stand in at {central} for a day", f"{person}/appointments", body,
        on=person, told=lambda out: f"until {out['to']}",
    )  # fmt: skip
    stand_in.act_as(granted["id"])
    stand_in.unit = central
    stage.refused(
        stand_in, "wants to give a second opinion, one level up", f"{here}/approvals", opinion, on=here, status=403,
        code="separation_of_duties",
    )  # fmt: skip
    stage.act(
        admin, "ends the appointment", f"{person}/appointments/{granted['id']}", on=person, method="DELETE",
        told=lambda _out: "ended", accepts=("appointment_ended",),
    )  # fmt: skip
