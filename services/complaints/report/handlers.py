"""Ask for the report of a month, and make it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import undefer

from services.complaints.report import queries
from services.complaints.report.schemas import RequestReport
from services.complaints.report.tables import ComplaintReport
from services.complaints.statistics.handlers import path_of_unit, tree_of
from shared import directory
from shared.audit import Entry
from shared.clock import legal_day
from shared.database import Transaction
from shared.errors import Fault, NotFound, Text, ValidationFailed
from shared.file_store import in_worker
from shared.idempotency import Answer
from shared.ids import uuid7
from shared.jobs import enqueue
from shared.letters import set_page

REPORT = "complaint_report"
LAYOUT = (Path(__file__).parent / "report.typ").read_text(encoding="utf-8")


async def request_report(tx: Transaction, command: RequestReport) -> Answer:
    """Queue the report of a month that has begun; the job's result names the page."""
    month = date.fromisoformat(f"{command.month}-01")
    if month > legal_day(tx.now):
        words = Text("该月尚未开始。", "The month has not begun.")
        raise ValidationFailed(Fault("month_in_future", words, pointer="#/month"))
    await path_of_unit(tx, command.unit_code)
    _note(tx, "request_report", None, {"month": command.month})
    return await enqueue(tx, REPORT, [command.model_dump()], {})


async def make_report(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The worker's part: `{month, unit_code}` in, `{report_id, href, sha256}` out."""
    path = await path_of_unit(tx, document["unit_code"])
    unit_code = (path or tx.actor.scope).rpartition(".")[2]
    unit = await directory.unit_by_code(tx, unit_code)
    month = date.fromisoformat(f"{document['month']}-01")
    figures = await queries.figures(tx, month, path, await tree_of(tx), (unit and unit.name) or unit_code)
    page = await in_worker(set_page, LAYOUT, figures, tx.now.replace(microsecond=0))
    row = ComplaintReport(
        id=uuid7(), org_path=path or tx.actor.scope, month=month, unit_code=unit_code, person_id=tx.actor.person_id,
        figures=figures, page=page, sha256=hashlib.sha256(page).digest(),
    )  # fmt: skip
    tx.add(row)
    digest = row.sha256.hex()
    _note(tx, "make_report", row.id, {"month": document["month"], "sha256": digest})
    return {"report_id": str(row.id), "href": f"/v1/complaints/statistics/reports/{row.id}", "sha256": digest}


async def page_of(tx: Transaction, report_id: UUID) -> bytes:
    """The page, for whoever asked for it alone. Raises `NotFound`."""
    row = await tx.session.get(ComplaintReport, report_id, options=[undefer(ComplaintReport.page)])
    if row is None or row.person_id != tx.actor.person_id:
        raise NotFound()
    _note(tx, "take_report", row.id, {"sha256": row.sha256.hex()})
    return row.page


def _note(tx: Transaction, action: str, report_id: UUID | None, after: Mapping[str, Any]) -> None:
    entry = Entry(
        action=action, object_type="complaint_report", object_id=report_id, org_path=tx.actor.scope, after=after,
        in_history=False,
    )  # fmt: skip
    tx.note_act(entry)
