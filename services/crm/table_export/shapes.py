"""The columns of exported records: as lists and single reads show them, persons masked.

What was said in free words is no column: nobody can mask a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.crm.customer.queries import CUSTOMERS
from services.crm.customer.shapes import MASKS
from services.crm.finding.queries import FINDINGS
from services.crm.visit.queries import VISITS
from shared.exports import Collection, Column


def own(**titles: str) -> dict[str, Column]:
    """Columns that hold a value of the row as it is."""

    def value(name: str) -> Callable[[Any], Any]:
        return lambda row: getattr(row, name)

    return {name: Column(title, value(name)) for name, title in titles.items()}


def _masked(name: str) -> Callable[[Any], Any]:
    return lambda row: MASKS[name](getattr(row, name)) if getattr(row, name) else None


COLLECTIONS = {
    "customers": Collection(
        CUSTOMERS, "crm.customer.read",
        own(
            id="标识", core_no="核心客户号", kind="类别", known="已核实", unit_code="机构代码", org_path="机构路径",
            team_code="团队", manager_staff_no="客户经理工号", area_code="地区", preferred_channel="偏好渠道",
            key_account_tier="大客户等级", frozen="已冻结", merged_into="并入", created_at="建立时间",
            updated_at="更新时间",
        ) | {
            "name": Column("名称", _masked("name")), "id_type": Column("证件类型", lambda row: row.id_type),
            "id_no": Column("证件号码", _masked("id_no")), "phone": Column("电话", _masked("phone")),
        },
    ),
    "return_visits": Collection(
        VISITS, "crm.return_visit.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", kind="类别", about_kind="事项类别",
            about_id="事项标识", due_on="应访日", mode="方式", score="得分", completed_at="完成时间",
        ),
    ),
    "findings": Collection(
        FINDINGS, "crm.finding.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", area="领域", severity="严重程度",
            source="来源", about_kind="事项类别", about_id="事项标识", created_at="发现时间", fixed_at="整改时间",
        ),
    ),
}  # fmt: skip
