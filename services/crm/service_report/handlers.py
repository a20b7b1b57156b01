"""Show the report of a month as it stands, and publish it once its day has come."""

from __future__ import annotations

from datetime import date, timedelta

from services.crm.figure.rules import check_begun, read_period
from services.crm.figure.tables import ServiceReport
from services.crm.kpi.handlers import of_unit, own_unit
from services.crm.kpi.queries import paths_of_unit
from services.crm.kpi.schemas import KpisOut
from services.crm.service_report import queries, shapes
from services.crm.service_report.schemas import ServiceReportOut
from shared import directory
from shared.audit import Entry
from shared.clock import SHANGHAI, legal_day
from shared.database import Transaction
from shared.errors import Fault, InvalidParameter, NotFound, Text
from shared.file_store import in_worker
from shared.ids import uuid7
from shared.ticks import Tick, one_by_one

FORMS = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


async def report_of(tx: Transaction, month_name: str, unit_code: str | None) -> ServiceReportOut:
    """The published report, or the draft with the figures of this moment.

    Refuses (422) what is no month or has not begun; a unit outside the scope does not exist (404).
    """
    unit = unit_code or own_unit(tx)
    month = read_period(month_name, "month")
    if len(month_name) != 7 or "Q" in month_name:
        words = Text("月报按月（2026-11）。", "A report is of a month.")
        raise InvalidParameter(Fault("month_expected", words, parameter="month"))
    check_begun(month, legal_day(tx.now), "month")
    await paths_of_unit(tx, unit)
    held = None if await queries.hides_something(tx) else await queries.published(tx, unit, month.first)
    figures = KpisOut(**held.figures) if held else await of_unit(tx, unit, month)
    found = await directory.unit_by_code(tx, unit)
    here = f"/v1/service-reports/{month.name}"
    return ServiceReportOut(
        month=month.name, unit_code=unit, unit_name=found and found.name, figures=figures,
        status="published" if held else "draft", published_at=held and held.created_at,
        files={form: f"{here}/{form}?unit_code={unit}" for form in FORMS},
    )  # fmt: skip


async def file_of(tx: Transaction, month_name: str, unit_code: str | None, form: str) -> bytes:
    """The report as a page or a table; taking it is an audit entry."""
    if form not in FORMS:
        raise NotFound()
    told = await report_of(tx, month_name, unit_code)
    name = told.unit_name or told.unit_code
    made_at = told.published_at or tx.now
    _note(tx, told, form)
    if form == "pdf":
        return await in_worker(shapes.page, told.figures, name, told.status, made_at)
    at = made_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    watermark = f"客户服务月报 {told.month} {name}；导出人 {tx.actor.staff_no}；数字截至 {at}"
    return await in_worker(shapes.table, told.figures, name, watermark)


def _note(tx: Transaction, told: ServiceReportOut, form: str) -> None:
    entry = Entry(
        action="take_service_report", object_type="service_report", object_id=None, org_path=tx.actor.scope,
        after={"month": told.month, "unit_code": told.unit_code, "form": form}, in_history=False,
    )  # fmt: skip
    tx.note_act(entry)


async def publish(tx: Transaction, item: tuple[str, date]) -> None:
    """Keep the figures of a unit's month as they are on the day of publication; once, whoever runs."""
    unit_code, first = item
    unit = await directory.unit_by_code(tx, unit_code)
    report_id = uuid7()
    if unit is None or await queries.published(tx, unit_code, first) is not None:
        return
    figures = await of_unit(tx, unit_code, read_period(f"{first:%Y-%m}"))
    row = ServiceReport(
        id=report_id, org_path=unit.path, created_at=tx.now, unit_code=unit_code, month=first,
        figures=figures.model_dump(mode="json"),
    )  # fmt: skip
    tx.add(row)
    entry = Entry(
        action="publish_service_report", object_type="service_report", object_id=report_id, org_path=unit.path,
        after={"month": f"{first:%Y-%m}", "unit_code": unit_code}, in_history=False,
    )  # fmt: skip
    tx.note_act(entry)


TICKS = (Tick("service_reports", timedelta(minutes=10), one_by_one(queries.due, publish)),)
