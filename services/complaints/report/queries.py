"""What a report of a month says: counts of the month, of the month before, and of the year up to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from services.complaints.cause.rules import CauseTree
from services.complaints.statistics.queries import Wanted, counts, minimum_for_rank, policies
from services.complaints.statistics.rules import NOT_STATED, GroupKey, Period, per_10_000, ranks, ratio
from shared.clock import rfc3339
from shared.database import Transaction
from shared.directory import units_by_code

AT_MOST = 15
"""Bars in one chart; the rest is one bar more."""
_TITLES = {
    GroupKey.STAGE: "服务环节", GroupKey.CAUSE: "投诉原因", GroupKey.CHANNEL: "来源渠道", GroupKey.PRODUCT: "产品",
    GroupKey.UNIT: "机构", GroupKey.OUTCOME: "处理结果", GroupKey.TIMELINESS: "时效",
}  # fmt: skip
_NAMES = {
    NOT_STATED: "未载明", "late": "超期", "in_time": "按期", "running": "办理中", "merged": "并案", "withdrawn": "撤回",
    "phone": "来电", "letter": "来函", "visit": "来访", "web": "网站", "email": "邮件", "app": "App",
    "social": "社交媒体", "regulator_transfer": "监管转办", "return_visit": "回访", "core_system": "核心系统",
    "justified": "属实", "partly_justified": "部分属实",
    "unfounded": "不属实", "sales": "销售", "underwriting": "承保", "administration": "保全", "claims": "理赔",
    "prevention": "防灾防损", "service": "服务", "other": "其他",
}  # fmt: skip


def month_before(month: date) -> date:
    """The first day of the month before the one that begins on `month`."""
    return (month - timedelta(days=1)).replace(day=1)


def _last_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


async def figures(tx: Transaction, month: date, path: str | None, tree: CauseTree, unit: str) -> dict[str, Any]:
    """Everything that the page shows, ready to be printed."""
    last, before = _last_of(month), month_before(month)
    total = sum((await counts(tx, Wanted((), Period.MONTH, month, last, path), tree)).values())
    earlier = sum((await counts(tx, Wanted((), Period.MONTH, before, _last_of(before), path), tree)).values())
    minimum = await minimum_for_rank(tx)
    charts = [await _chart(tx, key, month, path, tree, minimum) for key in _TITLES]
    told = {"title": f"投诉统计月报（{month.year}年{month.month}月）", "unit": unit, "year": month.year}
    told |= {"month": month.month, "day": 1, "made_by": tx.actor.staff_no, "made_at": rfc3339(tx.now)[:19]}
    told |= {"total": total, "before": earlier, "minimum": minimum, "charts": charts}
    in_time = {one["code"]: one["count"] for one in charts[-1]["bars"]}
    kept = ratio(in_time.get("in_time", 0), in_time.get("in_time", 0) + in_time.get("late", 0))
    told["in_time_rate"] = "—" if kept is None else f"{kept * 100:.2f}%"
    told["days"] = await _days(tx, month, path, tree)
    told["months"] = await _months(tx, month, path, tree)
    return told


async def _chart(
    tx: Transaction, key: GroupKey, month: date, path: str | None, tree: CauseTree, minimum: int
) -> dict[str, Any]:
    wanted = Wanted((key,), Period.MONTH, month, _last_of(month), path)
    counted = await counts(tx, wanted, tree)
    places, known = ranks(counted, minimum), await policies(tx, wanted)
    names = await _names(tx, key, [name[1] for name in counted], tree)
    bars = []
    for name, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        rate = None if known is None else per_10_000(count, known.get(name[1:]))
        bars.append(
            {
                "code": name[1], "name": names.get(name[1], name[1]), "count": count, "rank": places.get(name),
                "rate": None if rate is None else f"{rate:.2f}",
            }
        )  # fmt: skip
    if len(bars) > AT_MOST:
        others = sum(one["count"] for one in bars[AT_MOST:])
        bars[AT_MOST:] = [{"code": "", "name": "其余合计", "count": others, "rank": None, "rate": None}]
    return {"title": f"按{_TITLES[key]}", "rated": known is not None, "bars": bars}


async def _names(tx: Transaction, key: GroupKey, codes: list[str], tree: CauseTree) -> Mapping[str, str]:
    if key is GroupKey.UNIT:
        return {code: unit.name or code for code, unit in (await units_by_code(tx, codes)).items()}
    if key is GroupKey.CAUSE:
        return {code: node.zh for code, node in tree.nodes.items()}
    return _NAMES


async def _days(tx: Transaction, month: date, path: str | None, tree: CauseTree) -> list[dict[str, Any]]:
    last = _last_of(month)
    counted = await counts(tx, Wanted((), Period.DAY, month, last, path), tree)
    days = [month + timedelta(days=n) for n in range(last.day)]
    return [{"name": str(day.day), "count": counted.get((day.isoformat(),), 0)} for day in days]


async def _months(tx: Transaction, month: date, path: str | None, tree: CauseTree) -> list[dict[str, Any]]:
    months = [month]
    while len(months) < 12:
        months.insert(0, month_before(months[0]))
    counted = await counts(tx, Wanted((), Period.MONTH, months[0], _last_of(month), path), tree)
    return [{"name": f"{one:%y-%m}", "count": counted.get((f"{one:%Y-%m}",), 0)} for one in months]
