"""The facts that a claim's letters tell. What they are put into are dated templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from services.claims.adjustment import queries as sheets
from services.claims.agreement import queries as agreement
from services.claims.claim.rules import Outcome
from services.claims.claim.tables import Claim
from services.claims.correspondence import rules
from services.claims.correspondence.rules import LetterKind
from services.claims.deadlines import queries as deadlines
from services.claims.documents.tables import SupplementNotice
from services.claims.intake.shapes import guide_for
from shared import directory
from shared.clock import legal_day
from shared.database import Transaction
from shared.letters import letters_of
from shared.money import ZERO
from shared.notices import notices_of


def _day(day: date | datetime | None) -> str | None:
    if day is None:
        return None
    on = legal_day(day) if isinstance(day, datetime) else day
    return f"{on.year}年{on.month}月{on.day}日"


def _yuan(amount: Decimal | None) -> str:
    return f"{amount or ZERO:,.2f}"


async def data_of(tx: Transaction, claim: Claim, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of one letter. Refuses a kind that the claim's state does not allow."""
    named = rules.kind_of(kind)
    outcome = None if claim.outcome is None else Outcome(claim.outcome)
    rules.may_issue(named, claim.state, outcome, claim.supplement_served_at)
    data = await _common(tx, claim)
    if named in rules.TELLS:
        data |= await _result(tx, claim)
    elif named is LetterKind.SUPPLEMENT:
        data |= await _supplement(tx, claim)
    elif named is LetterKind.GUIDE:
        data |= await _guide(tx, claim)
    else:
        paid = sum((one.amount for one in await sheets.paid_before(tx, claim.id)), ZERO)
        data |= {"closed_on": _day(claim.closed_at), "paid": _yuan(paid)}
    return data


async def _common(tx: Transaction, claim: Claim) -> dict[str, Any]:
    path = await directory.units_on_path(tx, claim.org_path)
    return {
        "claim_no": claim.claim_no, "policy_no": claim.policy_no or "待确认", "addressee": claim.reporter["name"],
        "loss_on": _day(claim.loss_at), "reported_on": _day(claim.notified_at), "place": claim.place or "未载明",
        "unit": path[0].name if path else claim.unit_code,
    }  # fmt: skip


async def _result(tx: Transaction, claim: Claim) -> dict[str, Any]:
    decision = await agreement.decision_of(tx, claim)
    sheet = await sheets.current_sheet(tx, claim)
    lines = sheet.content["lines"] if sheet else []
    cited = list(decision.clause_ids) or sorted({clause for line in lines for clause in line["clause_ids"]})
    period = {one.id: one.due_on for one in await deadlines.deadlines_of(tx, claim)}
    return {
        "determined_on": _day(claim.determined_at), "reason": decision.reason, "clauses": "、".join(cited),
        "gross": _yuan(claim.gross_amount), "payable": _yuan(claim.payable_amount),
        "advanced": _yuan(Decimal(sheet.content["advances_deducted"])) if sheet else "0.00",
        "claimed": _yuan(sheet.claimed_amount) if sheet and sheet.claimed_amount is not None else None,
        "lines": [{"amount": _yuan(Decimal(one["amount"])), "how": one["explanation"]["zh"]} for one in lines],
        "notice_due_on": _day(period.get("DL-CL-2")), "pay_due_on": _day(period.get("DL-CL-3")),
    }  # fmt: skip


async def _supplement(tx: Transaction, claim: Claim) -> dict[str, Any]:
    statement = select(SupplementNotice).where(SupplementNotice.claim_id == claim.id)
    row = await tx.scalar(statement.order_by(SupplementNotice.created_at.desc()).limit(1))
    titles = {one.code: one.title["zh"] for one in (await guide_for(tx, claim)).documents}
    items = [] if row is None else row.items
    return {
        "served_on": _day(claim.supplement_served_at),
        "items": [
            {"title": "：".join(part for part in (titles.get(one.get("code", "")), one.get("description")) if part)}
            for one in items
        ],
    }  # fmt: skip


async def _guide(tx: Transaction, claim: Claim) -> dict[str, Any]:
    told = await guide_for(tx, claim)
    wanted = [one for one in told.documents if not one.held]
    return {
        "documents": [
            {"title": one.title["zh"], "need": "必备" if one.required else "如有请提供"} for one in wanted
        ],
        "steps": [{"text": one.text["zh"]} for one in told.steps],
    }  # fmt: skip


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """Letters and messages, for the claim's timeline."""
    found: list[dict[str, Any]] = []
    for row in await letters_of(tx, claim):
        facts = {"kind": row["kind"], "letter_id": str(row["id"]), "template_version": row["template_version"]}
        found.append({"at": row["created_at"], "kind": "letter_issued", "facts": facts})
    for row in await notices_of(tx, claim.id):
        told = {"kind": row["kind"], "channel": row["channel"], "state": row["state"], "reason": row["reason"]}
        facts = {name: value for name, value in told.items() if value is not None}
        found.append({"at": row["created_at"], "kind": "message", "facts": facts})
    return found
