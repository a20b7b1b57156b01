"""Reading notices, and the facts that their letters tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.risk.exposure import queries as exposure
from services.risk.hazard.rules import HazardClass, HazardStatus
from services.risk.inspection.tables import Hazard, Inspection
from services.risk.rectification import rules
from services.risk.rectification.tables import RectificationNotice
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Transaction
from shared.pagination import Filter, Listing

NOTICES = Listing(
    model=RectificationNotice,
    filters={
        "policy_no": Filter(RectificationNotice.policy_no),
        "customer_id": Filter(RectificationNotice.customer_id, UUID),
        "inspection_id": Filter(RectificationNotice.inspection_id, UUID),
        "inspection_no": Filter(RectificationNotice.inspection_no),
    },
    search=(RectificationNotice.inspection_no, RectificationNotice.policy_no),
    conditions={
        "served": lambda text: RectificationNotice.served_at.is_not(None) == {"true": True, "false": False}[text],
    },
)


async def hazards_of(tx: Transaction, notice: RectificationNotice, *, lock: bool = False) -> Sequence[Hazard]:
    """The hazards that the notice names, in one order for all who lock them."""
    statement = select(Hazard).where(Hazard.notice_id == notice.id).order_by(Hazard.id)
    return await tx.scalars(statement.with_for_update() if lock else statement)


def _day(day: date | datetime) -> str:
    on = legal_day(day) if isinstance(day, datetime) else day
    return f"{on.year}年{on.month}月{on.day}日"


def _figure(value: Decimal) -> str:
    return format(value.normalize(), "f")


async def facts_of(
    tx: Transaction, notice: RectificationNotice, inspection: Inspection, hazards: Sequence[Hazard]
) -> dict[str, Any]:
    """What the page says: the visit, each hazard with its rating and period, and what the law attaches to it."""
    path = await directory.units_on_path(tx, notice.org_path)
    policy = await exposure.policy(tx, notice.policy_id)
    days = {one["hazard_id"]: one["rectify_days"] for one in notice.hazards}
    compulsory = policy is not None and policy.compulsory
    return {
        "addressee": f"保险单 {notice.policy_no} 的投保人、被保险人" if notice.policy_no else "贵单位",
        "inspected_on": _day(inspection.inspected_at or inspection.scheduled_at or tx.now),
        "inspection_no": notice.inspection_no, "advice": notice.advice,
        "hazards": [_hazard(one, days[str(one.id)]) for one in hazards],
        "remedy": "要求增加保险费" if compulsory else "要求增加保险费或者解除合同",
        "unit": path[0].name if path and path[0].name else notice.unit_code,
    }  # fmt: skip


def _hazard(one: Hazard, days: int) -> dict[str, str]:
    place = f"（{one.place}）" if one.place else ""
    factors = " × ".join(_figure(value) for value in (one.likelihood, one.exposure, one.consequence))
    due = "" if one.due_on is None else f"，至{_day(one.due_on)}"
    told = {
        "what": f"{one.description.rstrip('。；;.')}{place}",
        "rating": f"{factors} = {_figure(one.score)}，{rules.CLASS_NAMES[HazardClass(one.hazard_class)]}",
        "loss": f"{one.probable_maximum_loss:,.2f}", "why": one.reasoning.rstrip("。；;."),
        "period": f"{days} 日{due}",
    }  # fmt: skip
    return told


async def data_of(tx: Transaction, notice: RectificationNotice, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of a further letter about the notice. Refuses a kind that its hazards do not allow."""
    hazards = await hazards_of(tx, notice)
    rules.may_issue(kind, [HazardStatus(one.status) for one in hazards])
    inspection = await tx.find(Inspection, notice.inspection_id)
    late = [one for one in hazards if one.status in ("overdue", "escalated", "terms_changed")]
    served = tx.now if notice.served_at is None else notice.served_at
    return await facts_of(tx, notice, inspection, late) | {"served_on": _day(served)}


def may_serve(_actor: Actor, notice: RectificationNotice) -> None:
    """Refuse (409) a second receipt."""
    rules.refuse_served(notice.served_at)


ACTIONS: tuple[Action[RectificationNotice], ...] = (
    Action("serve", "POST", "/v1/rectification-notices/{id}/receipts", "risk.rectification.confirm", may_serve),
)
