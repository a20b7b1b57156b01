"""From the decision to the shelf: agreed, told, explained, paid, closed, bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from embedded.client import Caller
from embedded.demo.stage import Stage

ACCOUNT = "622200001111{:04d}"


class Payee(NamedTuple):
    """Who gets how much. `ref`: the claimant of the sheet whose share it is."""

    kind: str
    name: str
    amount: str
    relation: str
    ref: str | None = None


def agree_and_tell(stage: Stage, claim_id: str, unit: str) -> None:
    """The agreement, the notice of a partial payment, and its explanation."""
    adjuster, agent = stage.cast.who("adjuster", unit), stage.cast.who("service_agent", unit)
    here = f"/v1/claims/{claim_id}"
    stage.act(
        adjuster, "records the settlement agreement", f"{here}/settlement-agreements", {"agreed_at": stage.clock.said},
        on=here, told=lambda out: f"{out['amount']}, to be paid by {out['due_on']}",
    )  # fmt: skip
    notice = {"kind": "partial", "served_at": stage.clock.said, "method": "letter"}
    stage.act(agent, "serves the notice of the result", f"{here}/notices", notice, on=here)
    said = {
        "explained_at": stage.clock.said, "method": "phone", "content": "责任比例、限额与免赔额的计算",
        "reply": "已了解",
    }  # fmt: skip
    stage.act(agent, "explains why it is less than was claimed", f"{here}/explanations", said, on=here)


def refuse_insured(stage: Stage, claim_id: str, unit: str, amount: str) -> None:
    """The insured has not paid the injured yet, so the money does not go to him (保险法 art. 65)."""
    adjuster, here = stage.cast.who("adjuster", unit), f"/v1/claims/{claim_id}"
    body = _order(Payee("insured", "岚海商贸有限公司（演示）", amount, "insured"), 0)
    stage.refused(
        adjuster, "wants to pay the insured without proof", f"{here}/payments", body, on=here, status=409,
        code="third_party_not_paid",
    )  # fmt: skip


def pay(stage: Stage, claim_id: str, unit: str, payees: Sequence[Payee], payers: Sequence[Caller]) -> None:
    """Order every payment, then each payer in turn takes one over and confirms it."""
    adjuster, here = stage.cast.who("adjuster", unit), f"/v1/claims/{claim_id}"
    ordered = [
        stage.act(
            adjuster, f"orders {one.amount} for {one.kind} {one.ref or ''}".rstrip(), f"{here}/payments",
            _order(one, number), on=here, told=lambda out: f"payment {out['status']}, claim {out['claim']['status']}",
        )
        for number, one in enumerate(payees, start=1)
    ]  # fmt: skip
    for number, one in enumerate(ordered):
        who, there = payers[number % len(payers)], f"/v1/payments/{one['id']}"
        stage.act(who, f"takes the payment of {one['amount']} over", f"{there}/acceptances", {}, on=there)
        body = {"paid_at": stage.clock.said, "reference": f"BANK-{stage.run}-{one['amount'].replace('.', '')}"}
        stage.act(
            who, "confirms that it is paid", f"{there}/confirmations", body, on=there,
            told=lambda out: f"payment {out['payment']['status']}, claim {out['claim']['status']}",
        )  # fmt: skip
    stage.must("the state after the last payment", stage.read(adjuster, here)["status"], "paid")


def _order(payee: Payee, number: int) -> dict[str, Any]:
    told = {"kind": payee.kind, "name": payee.name, "account": ACCOUNT.format(number)}
    body = {"payee": told, "amount": payee.amount, "relation": payee.relation}
    return body if payee.ref is None else body | {"claimant_ref": payee.ref}


def close_and_bind(stage: Stage, claim_id: str, unit: str) -> None:
    """Close the claim and bind its one volume; a second one is refused."""
    adjuster, archivist = stage.cast.who("adjuster", unit), stage.cast.who("archivist", unit)
    here = f"/v1/claims/{claim_id}"
    stage.act(adjuster, "closes the claim", f"{here}/closures", {}, on=here)
    body = {
        "pages": [
            {"title": "报案与查勘记录", "page_count": 6},
            {"title": "索赔资料", "page_count": 24},
            {"title": "理算书与审批记录", "page_count": 8},
        ],
        "archivist_person_id": archivist.person_id,
        "shelf_place": "A-03-12",
    }
    bound = stage.act(
        archivist, "binds and shelves the file", f"{here}/file", body, on=here,
        told=lambda out: f"volume {out['volume_no']}, {out['page_count']} pages, kept until {out['keep_until']}",
    )  # fmt: skip
    stage.refused(
        archivist, "wants to bind a second volume", f"{here}/file", body, on=here, status=409, code="second_volume"
    )
    stage.number("file", bound["volume_no"])
