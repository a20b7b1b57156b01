"""What the page of a report says, which both sides sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from services.risk.inspection.rules import Section
from services.risk.inspection.tables import Hazard, Inspection
from services.risk.signing import rules
from shared import directory
from shared.clock import legal_day
from shared.database import Transaction
from shared.letters import LetterTemplateMissing

LETTER = "inspection_report"


async def data_of(tx: Transaction, inspection: Inspection, kind: str, _state: Any) -> Mapping[str, Any]:
    """The facts of a report's page. Refuses (409) a visit without a report, and every other kind of letter."""
    if kind != LETTER:
        raise LetterTemplateMissing(kind=kind)
    rules.refuse_no_report(inspection.state)
    on = legal_day(inspection.inspected_at or tx.now)
    units = await directory.units_on_path(tx, inspection.org_path)
    number = inspection.policy_no
    return {
        "addressee": f"保险单 {number} 的投保人、被保险人" if number else "贵单位",
        "inspected_on": f"{on.year}年{on.month}月{on.day}日", "kind": rules.KIND_NAMES[inspection.kind],
        "inspection_no": inspection.inspection_no, "sections": _sections(inspection),
        "hazards": await _hazards(tx, inspection), "level": rules.LEVEL_NAMES[inspection.risk_level or "medium"],
        "score": "" if inspection.score is None else f"{inspection.score:.1f}",
        "explanation": inspection.explanation or "", "participants": "、".join(inspection.participants),
        "unit": units[0].name if units and units[0].name else inspection.unit_code,
    }  # fmt: skip


def _sections(inspection: Inspection) -> list[dict[str, str]]:
    found = []
    for section in Section:
        one = inspection.sections.get(str(section), {})
        counts = "、".join(f"{name} {count}" for name, count in (one.get("counts") or {}).items())
        told = one.get("text", "").rstrip("。；;") + (f"（{counts}）" if counts else "") + "。"
        found.append({"name": rules.SECTION_NAMES[section], "told": told})
    return found


async def _hazards(tx: Transaction, inspection: Inspection) -> list[dict[str, str]]:
    statement = select(Hazard).where(Hazard.inspection_id == inspection.id).order_by(Hazard.score.desc(), Hazard.id)
    return [
        {"what": one.description.rstrip("。；;"), "class": rules.CLASS_NAMES[one.hazard_class]}
        for one in await tx.scalars(statement)
    ]
