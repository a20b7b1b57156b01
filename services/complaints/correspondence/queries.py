"""The facts that a complaint's letters tell. What they are put into are dated templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.complaints.complaint.queries import ComplaintFacts, fact_of
from services.complaints.complaint.rules import refuse_recused
from services.complaints.complaint.tables import Complaint
from services.complaints.correspondence import rules
from services.complaints.correspondence.rules import LetterKind, refuse_unwritten
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Transaction


def _day(day: date | datetime | None) -> str | None:
    if day is None:
        return None
    on = legal_day(day) if isinstance(day, datetime) else day
    return f"{on.year}年{on.month}月{on.day}日"


async def data_of(tx: Transaction, complaint: Complaint, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of one letter. Refuses a kind that the complaint's state does not allow."""
    named = rules.may_issue(kind, complaint.state, complaint.lead)
    data = await _common(tx, complaint)
    if named is LetterKind.PERIOD:
        extended = await fact_of(tx, complaint.id, "extend")
        data["reason"] = None if extended is None else extended.told.get("reason")
    elif named in (LetterKind.REPLY, LetterKind.REVIEW_REPLY):
        data |= await _decision(tx, complaint, "decide" if named is LetterKind.REPLY else "decide_review")
        data["decided_on"] = _day(complaint.decided_at if named is LetterKind.REPLY else complaint.review_decided_at)
        data["requested_on"] = _day(complaint.review_requested_at)
    return data


async def _common(tx: Transaction, complaint: Complaint) -> dict[str, Any]:
    path = await directory.units_on_path(tx, complaint.owner_path)
    proxy, numbers = complaint.proxy or {}, [one for one in (complaint.policy_no, complaint.claim_no) if one]
    return {
        "complaint_no": complaint.complaint_no, "addressee": proxy.get("name") or complaint.complainant["name"],
        "received_on": _day(complaint.received_at), "due_on": _day(complaint.due_on),
        "about": f"涉及保单或赔案 {'、'.join(numbers)}。" if numbers else None,
        "unit": path[0].name if path else complaint.unit_code,
    }  # fmt: skip


async def _decision(tx: Transaction, complaint: Complaint, kind: str) -> dict[str, Any]:
    fact = await fact_of(tx, complaint.id, kind)
    told = {} if fact is None else fact.told
    granted = complaint.compensation_status in ("approved", "paid")
    return {
        **{name: told.get(name) for name in ("findings", "basis", "reasons", "outcome")},
        "remedies": [{"text": rules.REMEDIES[one]} for one in told.get("remedies", ())],
        "compensation": f"{complaint.compensation_amount:,.2f}" if granted else None,
    }


def _issue(actor: Actor, facts: ComplaintFacts) -> None:
    """As long as there is somebody to write to, there is a letter for every state but the early ends."""
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    refuse_unwritten(facts.complaint.state, facts.complaint.lead)


ACTIONS: tuple[Action[ComplaintFacts], ...] = (
    Action("issue_letter", "POST", "/v1/complaints/{id}/letters", "complaints.letter.issue", _issue),
)
