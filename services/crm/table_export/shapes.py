"""The columns of exported records: as lists and single reads show them, persons masked.

What was said in free words is no column: nobody can mask a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.crm.customer.queries import CUSTOMERS
from services.crm.customer.shapes import MASKS
from services.crm.enquiry.queries import ENQUIRIES
from services.crm.finding.queries import FINDINGS
from services.crm.key_account.queries import KEY_ACCOUNTS
from services.crm.message.queries import MESSAGES
from services.crm.opinion.queries import DEMANDS, OPINIONS
from services.crm.service_grant.queries import GRANTS
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
    "enquiries": Collection(
        ENQUIRIES, "crm.enquiry.read",
        own(
            id="标识", enquiry_no="咨询编号", status="状态", kind="类别", channel="渠道", unit_code="机构代码",
            org_path="机构路径", customer_id="客户标识", policy_no="保单号", claim_no="赔案号", product="产品",
            received_at="收到时间", owner_staff_no="首问责任人工号", transfer_count="转办次数",
            promise_due_at="承诺答复时间",
            extensions="延期次数", answered_at="答复时间", answered_in_time="按时答复", closed_at="办结时间",
            satisfaction="满意度", led_to_kind="转为", led_to_id="转为标识",
        ),
    ),
    "key_accounts": Collection(
        KEY_ACCOUNTS, "crm.key_account.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", tier="等级",
            proposed_tier="拟定等级", approved_at="批准时间", active_from="生效时间",
            review_due_on="应复评日", exited_at="退出时间",
        ),
    ),
    "opinions": Collection(
        OPINIONS, "crm.opinion.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", visit_id="回访标识", topic="主题",
            product="产品", polarity="倾向", routed_to="转交", answered_at="答复时间", created_at="提出时间",
        ),
    ),
    "demands": Collection(
        DEMANDS, "crm.demand.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", visit_id="回访标识", product="产品",
            estimated_premium="预计保费", reviewed_at="评审时间", created_at="提出时间",
        ),
    ),
    "service_grants": Collection(
        GRANTS, "crm.service_grant.read",
        own(
            id="标识", status="状态", org_path="机构路径", customer_id="客户标识", item_id="服务项目标识", tier="等级",
            year="年度", quantity="数量", planned_cost="计划费用", cost="实际费用", planned_on="计划日期",
            fulfilled_on="完成日期", confirmed_on="确认日期", score="评分",
        ),
    ),
    "messages": Collection(
        MESSAGES, "crm.message.read",
        own(
            id="标识", org_path="机构路径", service="服务", kind="种类", about_id="事项标识", channel="渠道",
            state="状态", at="状态时间", created_at="生成时间",
        ),
    ),
}  # fmt: skip
