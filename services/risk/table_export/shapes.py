"""The columns of exported visits, plans, hazards, notices, files and sites, as lists show them.

What was seen, said and advised in free words is no column, nor are addresses: nobody can mask a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.risk.hazard.queries import HAZARDS
from services.risk.inspection.queries import INSPECTIONS, PLANS
from services.risk.key_risk.queries import FILES
from services.risk.rectification.queries import NOTICES
from services.risk.site.queries import SITES
from shared.exports import Collection, Column


def _own(**titles: str) -> dict[str, Column]:
    def value(name: str) -> Callable[[Any], Any]:
        return lambda row: getattr(row, name)

    return {name: Column(title, value(name)) for name, title in titles.items()}


def _joined(name: str) -> Callable[[Any], Any]:
    return lambda row: "、".join(getattr(row, name))


_PLACE = {
    "id": "标识",
    "unit_code": "机构代码",
    "org_path": "机构路径",
    "customer_id": "客户标识",
    "created_at": "登记时间",
}

COLLECTIONS = {
    "inspections": Collection(
        INSPECTIONS, "risk.inspection.read",
        _own(
            **_PLACE, inspection_no="检查编号", kind="类型", status="状态", policy_no="保单号", due_on="应检查日",
            scheduled_at="约定时间", inspected_at="检查时间", reported_at="报告时间", risk_level="风险等级",
            inspector_person_id="检查人", closed_at="结束时间",
        ),
    ),
    "inspection_plans": Collection(
        PLANS, "risk.inspection.read",
        _own(
            **_PLACE, policy_no="保单号", policy_version="保单版本", risk_level="风险等级", cycle_months="周期（月）",
            status="状态", confirmed_at="客户确认时间",
        ) | {"due_dates": Column("检查日期", _joined("due_dates"))},
    ),
    "hazards": Collection(
        HAZARDS, "risk.hazard.read",
        _own(
            **_PLACE, inspection_id="检查标识", policy_no="保单号", status="状态", likelihood="可能性",
            exposure="暴露频次", consequence="后果", score="分值", hazard_class="等级", rectify_days="整改天数",
            probable_maximum_loss="最大可能损失", served_on="送达日", due_on="整改期限", extensions="延期次数",
            steps="逾期次数", escalated_unit="上报机构", claimed_done_at="客户报告整改时间", reinspected_at="复查时间",
            closed_at="销号时间",
        ),
    ),
    "rectification_notices": Collection(
        NOTICES, "risk.rectification.read",
        _own(
            **_PLACE, inspection_no="检查编号", policy_no="保单号", issued_by="出具人", served_at="送达时间",
            served_method="送达方式",
        ) | {"hazard_count": Column("隐患数", lambda row: len(row.hazards))},
    ),
    "key_risk_files": Collection(
        FILES, "risk.key_risk_file.read",
        _own(
            **_PLACE, status="状态", opened_at="建档时间", closed_at="关闭时间", last_contact_at="最近联系时间",
            contact_due_on="应联系日", reviewed_at="最近复核时间", review_due_on="应复核日",
        ) | {"criteria": Column("建档条件", _joined("criteria"))},
    ),
    "sites": Collection(
        SITES, "risk.site.read",
        _own(
            **_PLACE, policy_no="保单号", area_code="行政区划", industry="行业", insured_count="人数", status="状态",
        ),
    ),
}  # fmt: skip
