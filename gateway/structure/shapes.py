"""How a change of the tree is shown, and what it touches."""

from __future__ import annotations

from gateway.organisation.tables import UnitChange, UnitRow
from gateway.structure import queries
from gateway.structure.queries import Elsewhere
from gateway.structure.rules import SHOWN
from gateway.structure.schemas import TouchedOut, TouchedUnit, UnitChangeOut, UnitVersion
from shared.database import Transaction


def change_out(row: UnitChange, unit: UnitRow, touched: TouchedOut | None = None) -> UnitChangeOut:
    return UnitChangeOut(
        id=row.id, created_at=row.created_at, kind=row.kind, effective_on=row.effective_on, status=row.status,
        target_code=row.target_code, path_before=row.path_before, path_after=row.path_after,
        unit=UnitVersion(id=unit.id, version=unit.version), touched=touched,
    )  # fmt: skip


async def touched(tx: Transaction, row: UnitChange, found: Elsewhere) -> TouchedOut:
    """What the change would touch as things stand now. Wants scope `00`, before the change has had its effect."""
    here = await queries.here(tx, row.path_before)
    units = await queries.subtree(tx, row.path_before)
    return TouchedOut(
        units=[TouchedUnit(code=one.code, path_before=one.org_path, path_after=_after(row, one)) for one in units],
        people=await queries.people(tx, row.path_before, row.effective_on),
        open_work=[*here.work, *found.work][:SHOWN], records=[*here.records, *found.records],
        partial=found.partial or None,
    )  # fmt: skip


def _after(row: UnitChange, unit: UnitRow) -> str | None:
    """Where the unit lies afterwards; None: it is closed. Units below a merged one move below the one that remains."""
    if row.path_after is None:
        return None
    return row.path_after + unit.org_path.removeprefix(row.path_before)
