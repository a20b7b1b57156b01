"""What a report of a month says, ready to be printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.risk.hazard.rules import HazardClass
from services.risk.rectification.rules import CLASS_NAMES
from services.risk.statistics import queries, rules
from services.risk.statistics.queries import Group, Wanted, groups
from services.risk.statistics.rules import GroupKey, Stretch
from shared.clock import legal_day, rfc3339
from shared.database import Transaction
from shared.directory import units_by_code

AT_MOST = 15
"""Bars in one chart; the rest is left to the statistics."""
_CRITERIA = {"high_limit": "赔偿限额较高", "concentration": "风险较集中", "frequency": "发案频率较高"}
_YI = Decimal(10_000)


async def figures(tx: Transaction, days: Stretch, path: str, unit: str) -> dict[str, Any]:
    """Everything that the page shows."""
    today, before = legal_day(tx.now), rules.month_before(days.first)
    total = await _total(tx, days, path, today)
    earlier = await _total(tx, before, path, today)
    by_unit = await groups(tx, Wanted(GroupKey.CENTRAL, days, path, today))
    names = await _names(tx, by_unit)
    told: dict[str, Any] = {
        "title": f"防灾防损月报（{days.first.year}年{days.first.month}月）", "unit": unit, "year": days.first.year,
        "month": days.first.month, "day": 1, "made_by": tx.actor.staff_no,
        "made_at": rfc3339(tx.now)[:16].replace("T", " "),
    }  # fmt: skip
    told["heads"] = [
        {"name": "检查完成率", "value": percent(total.visits.completion)},
        {"name": "隐患整改率", "value": percent(total.cures.rectification)},
        {"name": "本月发现隐患", "value": str(sum(total.found.values()))},
        {"name": "逾期未整改", "value": str(sum(total.overdue.values()))},
        {"name": "重点客户档案", "value": str(total.files)},
    ]
    told["words"] = [_words(total, earlier)]
    told["months"] = await _months(tx, days.last, path)
    told["charts"] = [
        _completion(by_unit, names), _rectification(by_unit, names),
        _by_class("本月发现隐患（按等级）", total.found, False),
        _by_class("逾期未整改隐患（按等级）", total.overdue, True), _losses(by_unit, names), await _files(tx, path),
    ]  # fmt: skip
    return told


async def nothing(tx: Transaction, days: Stretch, path: str) -> bool:
    """Whether nothing of these days, and nothing that is open now, is to be told there."""
    return await _total(tx, days, path, legal_day(tx.now)) == Group()


async def _total(tx: Transaction, days: Stretch, path: str, today: date) -> Group:
    return (await groups(tx, Wanted(GroupKey.TOTAL, days, path, today))).get("", Group())


async def _names(tx: Transaction, found: Mapping[str, Group]) -> dict[str, str]:
    units = await units_by_code(tx, found)
    return {code: (units[code].name if code in units else None) or code for code in found}


def percent(value: Decimal | None) -> str:
    """A rate as it is printed; a dash where there is none."""
    return "—" if value is None else f"{value * 100:.1f}%"


def _words(total: Group, earlier: Group) -> str:
    visits, cures = total.visits, total.cures
    return (
        f"本月应检查 {visits.due} 次，按期完成 {visits.in_time} 次，"
        f"逾期完成 {visits.late} 次，逾期未完成 {visits.overdue} 次"
        f"（上月完成率 {percent(earlier.visits.completion)}）。"
        f"本月到期隐患 {cures.due} 项，按期整改 {cures.in_time} 项，"
        f"逾期整改 {cures.late} 项，逾期未整改 {cures.overdue} 项"
        f"（上月整改率 {percent(earlier.cures.rectification)}）。"
        f"截至制表日，未销号隐患 {total.open_hazards} 项，最大可能损失合计 {wan(total.loss)} 万元。"
    )


def wan(amount: Decimal) -> str:
    """Yuan as ten thousands, as they are printed."""
    return f"{amount / _YI:,.2f}"


async def _months(tx: Transaction, last: date, path: str) -> list[dict[str, Any]]:
    months = [last.replace(day=1)]
    while len(months) < 12:
        months.insert(0, rules.month_before(months[0]).first)
    counted = await queries.by_month(tx, path, months[0], last)
    none: Mapping[str, int] = {}
    return [
        {
            "name": f"{one:%y-%m}",
            **{kind: counted.get(f"{one:%Y-%m}", none).get(kind, 0) for kind in ("visits", "hazards")},
        }
        for one in months
    ]


def _chart(title: str, columns: list[str], bars: list[dict[str, Any]], *, alarm: bool = False) -> dict[str, Any]:
    return {"title": title, "columns": columns, "bars": bars[:AT_MOST], "alarm": alarm}


def _completion(found: Mapping[str, Group], names: Mapping[str, str]) -> dict[str, Any]:
    bars = [
        {
            "name": names[code], "size": one.visits.due,
            "cells": [str(one.visits.due), str(one.visits.overdue), percent(one.visits.completion)],
        }
        for code, one in found.items()
        if one.visits.due
    ]  # fmt: skip
    return _chart("检查完成情况（按机构）", ["应检查", "逾期", "完成率"], sorted(bars, key=lambda one: -one["size"]))


def _rectification(found: Mapping[str, Group], names: Mapping[str, str]) -> dict[str, Any]:
    bars = [
        {
            "name": names[code], "size": one.cures.due,
            "cells": [str(one.cures.due), str(one.cures.overdue), percent(one.cures.rectification)],
        }
        for code, one in found.items()
        if one.cures.due
    ]  # fmt: skip
    return _chart("隐患整改情况（按机构）", ["到期", "逾期", "整改率"], sorted(bars, key=lambda one: -one["size"]))


def _by_class(title: str, counts: Mapping[str, int], alarm: bool) -> dict[str, Any]:
    bars = [
        {"name": CLASS_NAMES[one], "size": counts[one], "cells": [str(counts[one])]}
        for one in HazardClass
        if counts.get(one)
    ]
    return _chart(title, ["项数"], bars, alarm=alarm)


def _losses(found: Mapping[str, Group], names: Mapping[str, str]) -> dict[str, Any]:
    bars = [
        {
            "name": names[code], "size": int(one.loss),
            "cells": [str(one.open_hazards), wan(one.loss), wan(one.largest)],
        }
        for code, one in found.items()
        if one.open_hazards
    ]  # fmt: skip
    columns = ["未销号", "合计（万元）", "最大（万元）"]
    return _chart("未销号隐患最大可能损失（按机构）", columns, sorted(bars, key=lambda one: -one["size"]))


async def _files(tx: Transaction, path: str) -> dict[str, Any]:
    counts = await queries.criteria(tx, path)
    bars = [
        {"name": name, "size": counts[one], "cells": [str(counts[one])]}
        for one, name in _CRITERIA.items()
        if one in counts
    ]
    return _chart("重点客户风险控制档案（按建档条件）", ["户数"], bars)
