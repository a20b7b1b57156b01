"""Make the report of a month for whoever asks, of what that person may see."""

from __future__ import annotations

import hashlib
from pathlib import Path

from services.risk.report import queries
from services.risk.statistics.handlers import path_of_unit
from services.risk.statistics.rules import month_of
from shared import directory
from shared.audit import Entry
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, NotFound, Text
from shared.file_store import in_worker
from shared.letters import set_page

LAYOUT = (Path(__file__).parent / "report.typ").read_text(encoding="utf-8")


async def make_report(tx: Transaction, month: str, unit_code: str | None) -> bytes:
    """The page (PDF/A) as of now; that it was taken is an audit entry.

    Refuses (422) a month that has not begun. What is no month, a unit outside the caller's scope and a month of which
    nothing is to be told there do not exist (404).
    """
    days = month_of(month)
    if days is None:
        raise NotFound()
    if days.first > legal_day(tx.now):
        words = Text("该月尚未开始。", "The month has not begun.")
        raise InvalidParameter(Fault("month_in_future", words, parameter="month"))
    path = await path_of_unit(tx, unit_code)
    code = path.rpartition(".")[2]
    unit = await directory.unit_by_code(tx, code)
    if await queries.nothing(tx, days, path):
        raise NotFound()
    figures = await queries.figures(tx, days, path, (unit and unit.name) or code)
    page = await in_worker(set_page, LAYOUT, figures, tx.now.replace(microsecond=0))
    told = {"month": month, "unit_code": code, "sha256": hashlib.sha256(page).hexdigest()}
    tx.note_act(
        Entry(
            action="take_report", object_type="risk_report", object_id=None, org_path=path, after=told,
            in_history=False,
        )
    )  # fmt: skip
    return page
