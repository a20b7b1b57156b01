"""The report as a page with charts and as a table; both show what the figures hold and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.crm.figure.rules import NOT_APPLICABLE, Form
from services.crm.kpi.schemas import KpiOut, KpisOut
from shared.clock import rfc3339
from shared.export_files import as_xlsx
from shared.letters import set_page

LAYOUT = (Path(__file__).parent / "report.typ").read_text(encoding="utf-8")
_TABLE = ("机构", "指标", "数值", "分子", "分母", "目标", "达标", "记录数")
_STATUS = {"published": "已发布", "draft": "草稿（月份未结束，数字仍会变动）"}
_MET: Mapping[bool | None, str] = {True: "达标", False: "未达标", None: "—"}


def spoken(form: str, value: str) -> str:
    """A value as it is read: shares as per cent, `n/a` where there is no denominator."""
    if value == NOT_APPLICABLE or form not in (Form.SHARE, Form.CLEARED):
        return value
    return f"{Decimal(value) * 100:.2f}%"


def _bar(one: KpiOut) -> dict[str, Any]:
    shared_out = one.form in (Form.SHARE, Form.CLEARED) and one.value != NOT_APPLICABLE
    return {
        "name": one.name.zh, "value": spoken(one.form, one.value), "numerator": one.numerator,
        "denominator": one.denominator, "target": "—" if one.target is None else spoken(one.form, one.target),
        "met": "样本不足" if one.met is None and not one.enough and shared_out else _MET[one.met],
        "share": float(one.value) if shared_out else None,
        "goal": float(one.target) if shared_out and one.target else None,
        "trend": [_point(point.period, point.value) for point in one.trend],
        "trend_form": one.form, "latest": spoken(one.form, one.value),
    }  # fmt: skip


def _point(period: str, value: str) -> dict[str, Any]:
    """A month of a trend; the height of a chart is no amount of money, so a float is what the page needs."""
    return {"name": period[2:], "value": None if value == NOT_APPLICABLE else float(value)}


def told(figures: KpisOut, unit: str, status: str, made_at: datetime) -> dict[str, Any]:
    """Everything that the page shows."""
    month = date.fromisoformat(f"{figures.period}-01")
    items = list(figures.items)
    chosen = [one for one in items if any(point.value != NOT_APPLICABLE for point in one.trend)]
    return {
        "title": f"客户服务月报（{month.year}年{month.month}月）", "unit": unit,
        "year": month.year, "month": month.month, "day": 1, "status": _STATUS[status],
        "until": figures.last_on.isoformat(), "minimum": figures.minimum_sample,
        "figures": [_bar(one) for one in items], "trends": [_bar(one) for one in chosen],
        "units": _units(figures), "made_at": rfc3339(made_at)[:19],
    }  # fmt: skip


_SHOWN = ("survey_on_time", "case_closing_rate", "return_visit_success", "complaint_timeliness",
          "inspection_completion", "archive_on_time")  # fmt: skip
"""The figures that units are set side by side by on the page; the table has all."""


def _units(figures: KpisOut) -> dict[str, Any]:
    forms = {one.metric: one for one in figures.items}
    heads = [forms[name].name.zh for name in _SHOWN]
    rows = [
        [one.name or one.unit_code, *(spoken(forms[name].form, one.values[name]) for name in _SHOWN)]
        for one in figures.units
    ]
    return {"heads": heads, "rows": rows}


def page(figures: KpisOut, unit: str, status: str, made_at: datetime) -> bytes:
    """The page as PDF; the same arguments give the same bytes. Blocking."""
    return set_page(LAYOUT, told(figures, unit, status, made_at), made_at.replace(microsecond=0))


def table(figures: KpisOut, unit: str, watermark: str) -> bytes:
    """The table: every figure of the unit with its trend, then the same of the units below. Blocking."""
    months = [point.period for point in figures.items[0].trend]
    rows: list[Sequence[Any]] = [
        [
            unit, one.name.zh, _number(one.value), _number(one.numerator), _number(one.denominator),
            _number(one.target or ""), _MET[one.met], one.records, *(_number(point.value) for point in one.trend),
        ]
        for one in figures.items
    ]  # fmt: skip
    names = {one.metric: one.name.zh for one in figures.items}
    for below in figures.units:
        rows += [[below.name or below.unit_code, names[name], _number(value)] for name, value in below.values.items()]
    return as_xlsx((*_TABLE, *months), rows, watermark)


def _number(value: str) -> Any:
    try:
        return Decimal(value)
    except ArithmeticError:
        return value
