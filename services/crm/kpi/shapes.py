"""How figures are told: named, rounded, judged, each with the address of its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from services.crm.figure.rules import (
    KINDS,
    NOT_APPLICABLE,
    Count,
    Metric,
    Period,
    enough,
    met,
    value_of,
)
from services.crm.figure.tables import ServiceFigure
from services.crm.kpi.queries import Counts
from services.crm.kpi.schemas import KpiOut, KpiRecordOut, NameOut, PointOut
from services.crm.timeline.schemas import About
from shared.errors import Text

NAMES: Mapping[Metric, Text] = {
    Metric.FIRST_NOTICE_ANSWERED: Text("报案电话接通率", "First notices answered"),
    Metric.SURVEY_ON_TIME: Text("查勘及时率", "Surveys on time"),
    Metric.CASE_CLOSING_RATE: Text("结案率", "Case closing rate"),
    Metric.REPORT_TO_PAY_DAYS: Text("报案支付周期（天）", "Days from report to payment"),
    Metric.NOTICE_ON_TIME: Text("决定告知及时率", "Decisions told in time"),
    Metric.CLAIM_DEADLINES_BREACHED: Text("理赔法定期限超期数", "Legal periods of claims breached"),
    Metric.DELIVERY_ON_TIME: Text("单证送达及时率", "Deliveries on time"),
    Metric.DECLINE_RATE: Text("拒保率", "Decline rate"),
    Metric.INSPECTION_COMPLETION: Text("防灾检查完成率", "Inspections done of those due"),
    Metric.RECTIFICATION_RATE: Text("隐患整改率", "Hazards closed when due"),
    Metric.RETURN_VISIT_SUCCESS: Text("回访成功率", "Return visits completed"),
    Metric.COMPLAINT_TIMELINESS: Text("投诉按时办结率", "Complaints decided in legal time"),
    Metric.COMPLAINT_RATE: Text("万张保单投诉量", "Complaints for every 10,000 policies"),
    Metric.ARCHIVE_ON_TIME: Text("归档及时率", "Files shelved on time"),
    Metric.ENQUIRY_ON_TIME: Text("咨询按时答复率", "Enquiries answered as promised"),
    Metric.CUSTOMER_SATISFACTION: Text("客户满意度", "Customer satisfaction"),
    Metric.KEY_ACCOUNT_VISITS: Text("大客户走访完成率", "Visits of key accounts made when due"),
}
_ADDRESSES = {
    "claim": "/v1/claims", "policy": "/v1/policies", "application": "/v1/applications", "hazard": "/v1/hazards",
    "complaint": "/v1/complaints", "inspection": "/v1/inspections", "return_visit": "/v1/return-visits",
    "enquiry": "/v1/enquiries", "survey": "/v1/surveys", "key_account": "/v1/key-accounts",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What figures are judged by."""

    minimum: int
    targets: Mapping[str, Decimal]


def plain(value: Decimal) -> str:
    """A count without empty decimals: `12`, `3.5`."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def told(metric: Metric, count: Count, judged: Judged) -> str:
    """The value as it is told; `n/a` without a denominator, and where too few would be recognised."""
    kind = KINDS[metric]
    value = value_of(kind, count)
    if value is None or (kind.hidden_below_sample and not enough(kind, count, judged.minimum)):
        return NOT_APPLICABLE
    return format(value, "f")


def figure(
    metric: Metric, counts: Counts, period: Period, months: Sequence[Period], judged: Judged, unit_code: str
) -> KpiOut:
    """One figure of a unit with its trend."""
    count, kind = counts.get(("", metric, period.name), Count()), KINDS[metric]
    target, is_enough = judged.targets.get(metric), enough(KINDS[metric], count, judged.minimum)
    shown = told(metric, count, judged)
    hidden = kind.hidden_below_sample and not is_enough
    query = urlencode({"unit_code": unit_code, "period": period.name})
    return KpiOut(
        metric=metric, name=NameOut(zh=NAMES[metric].zh, en=NAMES[metric].en), form=kind.form, value=shown,
        numerator=NOT_APPLICABLE if hidden else plain(count.part), denominator=plain(count.whole),
        records=count.records, enough=is_enough, target=None if target is None else format(target, "f"),
        met=met(kind, value_of(kind, count), target, judged=is_enough and shown != NOT_APPLICABLE),
        trend=[_point(metric, counts.get(("", metric, one.name), Count()), one, judged) for one in months],
        records_url=f"/v1/service-kpis/{metric}/records?{query}",
    )  # fmt: skip


def _point(metric: Metric, count: Count, period: Period, judged: Judged) -> PointOut:
    hidden = KINDS[metric].hidden_below_sample and not enough(KINDS[metric], count, judged.minimum)
    return PointOut(
        period=period.name, value=told(metric, count, judged), denominator=plain(count.whole),
        numerator=NOT_APPLICABLE if hidden else plain(count.part),
    )  # fmt: skip


def record(row: ServiceFigure, numbers: Mapping[UUID, str], minimum: int) -> KpiRecordOut:
    """One record behind a figure; the part of one with few answers is told to nobody."""
    base, on = _ADDRESSES.get(row.about_kind), row.on_day
    hidden = KINDS[Metric(row.metric)].hidden_below_sample and row.whole < minimum
    return KpiRecordOut(
        id=row.id, about=About(kind=row.about_kind, id=row.about_id, number=numbers.get(row.about_id)), on=on,
        part=NOT_APPLICABLE if hidden else plain(row.part), whole=plain(row.whole), org_path=row.org_path,
        href=None if base is None else f"{base}/{row.about_id}",
    )  # fmt: skip


def spoken(day: date) -> str:
    """`2026年11月`."""
    return f"{day.year}年{day.month}月"
