"""The claim of public liability until its sheet: a night call, a doubled report, survey, registration, papers, losses.

The figures are those of the worked example: two injured, damaged goods, 70 % of the fault, 259,735.35 in all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded.demo.policies import Policies
from embedded.demo.stage import Stage
from shared.clock import rfc3339

FIRST, SECOND, SHOP = "司徒明", "尉迟宁", "岚汀便利店（虚构）"
LAW_FIRM = "明理律师事务所（虚构）"
GROSS = "259735.35"
_PLACE = "石桥商业广场二层中庭"

_LOSSES: dict[str, Any] = {
    "liability_form": "several",
    "fault_ratio": "0.70",
    "claimants": [
        {
            "ref": "A",
            "kind": "third_party",
            "name": FIRST,
            "losses": [
                {"kind": "medical", "amount": "86400.00"},
                {"kind": "lost_wages", "amount": "12000.00"},
                {"kind": "disability_compensation", "amount": "240000.00"},
            ],
        },
        {
            "ref": "B",
            "kind": "third_party",
            "name": SECOND,
            "losses": [{"kind": "medical", "amount": "18350.50"}, {"kind": "lost_wages", "amount": "4200.00"}],
        },
        {"ref": "C", "kind": "third_party", "name": SHOP, "losses": [{"kind": "property", "amount": "6500.00"}]},
    ],
    "expenses": [{"kind": "legal", "amount": "15000.00"}],
}


def report(stage: Stage, policies: Policies) -> str:
    """Two calls about one accident at night; the one with the wrong number becomes the duplicate. The claim's id."""
    unit = policies.public["unit_code"]
    agent = stage.cast.who("service_agent", unit)
    right = _call(stage, policies.public["policy_no"], unit)
    stage.wait(
        agent, "looks the policy up until claims has heard of it",
        lambda: _matched(stage.try_out(agent, "/v1/claims", right)),
    )  # fmt: skip
    wrong = _call(stage, f"PLL9999-99-{stage.run}", unit)
    first = stage.act(agent, "takes a call with a policy number nobody knows", "/v1/claims", wrong, told=_reported)
    stage.must("the match of the unknown number", first["policy_match"], "unmatched")
    kept = stage.act(agent, "takes the insured's call about the same accident", "/v1/claims", right, told=_reported)
    shown = [one["claim_no"] for one in kept["possible_duplicates"]]
    stage.must("the doubled report is shown", first["claim_no"] in shown, True)
    stage.act(
        agent, f"joins {first['claim_no']} to {kept['claim_no']} as a duplicate", f"/v1/claims/{first['id']}/links",
        {"duplicate_of": kept["id"], "reason": "同一事故重复报案"}, on=f"/v1/claims/{first['id']}",
    )  # fmt: skip
    stage.number("claim, public liability", kept["claim_no"])
    return kept["id"]


def _call(stage: Stage, policy_no: str, unit: str) -> dict[str, Any]:
    return {
        "channel": "phone",
        "reporter": {"name": "欧阳岚", "phone": "13800001234", "relation": "insured"},
        "policy_no": policy_no,
        "unit_code": unit,
        "loss_at": rfc3339(stage.clock.now.replace(microsecond=0) - timedelta(minutes=70)),
        "place": _PLACE,
        "area_code": unit,
        "description": "夜间布展货架倒塌，砸伤两名顾客，损坏邻铺货物。",
        "injured": [{"name": FIRST}, {"name": SECOND}],
        "injured_count": 2,
        "death_count": 0,
        "estimated_amount": "300000.00",
    }


def _matched(out: Any) -> str | None:
    return "matched" if out.get("policy_match") == "matched" else None


def _reported(out: Any) -> str:
    likely = out.get("possible_duplicates") or []
    doubled = f", possible duplicate of {', '.join(one['claim_no'] for one in likely)}" if likely else ""
    return f"{out['claim_no']} {out['status']}, {out['policy_match']}{doubled}"


def dispatch(stage: Stage, claim_id: str, unit: str) -> None:
    agent, surveyor = stage.cast.who("service_agent", unit), stage.cast.who("surveyor", unit)
    stage.act(
        agent, f"sends surveyor {surveyor.login}", f"/v1/claims/{claim_id}/dispatches",
        {"surveyor_person_id": surveyor.person_id}, on=f"/v1/claims/{claim_id}",
    )  # fmt: skip


def survey_and_register(stage: Stage, claim_id: str, unit: str) -> None:
    """In the morning: the survey, and the registration with its reserve."""
    surveyor, adjuster = stage.cast.who("surveyor", unit), stage.cast.who("adjuster", unit)
    here = f"/v1/claims/{claim_id}"
    found = {
        "surveyed_at": stage.clock.said,
        "place": _PLACE,
        "participants": ["欧阳岚", "商场值班员"],
        "findings": "货架未固定，围挡缺失；两名伤者送医，邻铺货物受损。",
        "liability_opinion": {"fault_ratio": "0.70", "text": "被保险人承担主要责任。"},
    }
    stage.refused(
        adjuster, "wants to register before the survey is in", f"{here}/registrations",
        {"reserve_amount": "300000.00", "reason": "first estimate"}, on=here, status=409, code="state_conflict",
    )  # fmt: skip
    stage.act(surveyor, "signs the survey, 70 % of the fault", f"{here}/surveys", found, on=here)
    body = {"reserve_amount": "300000.00", "reason": "两人受伤，一人可能致残"}
    stage.act(
        adjuster, "registers the claim with its reserve", f"{here}/registrations", body, on=here,
        told=lambda out: f"reserve {out['reserve_amount']}, claim {out['claim']['status']}",
    )  # fmt: skip


def collect_papers(stage: Stage, claim_id: str, unit: str) -> None:
    """The papers, the one notice about what is missing, and the consents of the two injured."""
    adjuster, agent = stage.cast.who("adjuster", unit), stage.cast.who("service_agent", unit)
    here = f"/v1/claims/{claim_id}"
    wanted = [code for code in stage.read(adjuster, f"{here}/documents")["missing"] if code != "liability_proof"]
    stage.act(
        adjuster, f"takes in {len(wanted)} papers", f"{here}/documents", {"items": [{"code": one} for one in wanted]},
        on=here, told=lambda out: f"still missing: {', '.join(out['missing'])}",
    )  # fmt: skip
    notice = {"items": [{"code": "liability_proof"}], "method": "letter"}
    stage.act(adjuster, "asks for what is missing, once", f"{here}/supplement-notices", notice, on=here)
    stage.refused(
        adjuster, "wants to ask a second time", f"{here}/supplement-notices", notice, on=here, status=409,
        code="supplement_already_requested",
    )  # fmt: skip
    stage.act(
        adjuster,
        "takes in what was asked for",
        f"{here}/supplements",
        {"items": [{"code": "liability_proof"}]},
        on=here,
    )
    for ref in ("injured.0", "injured.1"):
        body = {"claimant_ref": ref, "basis": "consent", "obtained_at": stage.clock.said}
        stage.act(agent, f"records the consent of {ref}", f"{here}/consents", body, on=here)


def calculate(stage: Stage, claim_id: str, unit: str) -> dict[str, Any]:
    """Losses and sheet; the sheet."""
    adjuster, here = stage.cast.who("adjuster", unit), f"/v1/claims/{claim_id}"
    stage.act(adjuster, "assesses the losses of three claimants", f"{here}/losses", _LOSSES, on=here, method="PUT")
    sheet = stage.act(
        adjuster, "calculates the sheet", f"{here}/calculation-sheets", {}, on=here,
        told=lambda out: f"gross {out['gross_amount']}, own share {out['own_share_amount']}",
    )  # fmt: skip
    stage.must("the gross amount", sheet["gross_amount"], GROSS)
    stage.must("the amount at the own share of 1.00", sheet["own_share_amount"], GROSS)
    return sheet
