"""The columns of exported tables: as lists show them, persons masked, accounts and free words no columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.policy.application.queries import APPLICATIONS
from services.policy.archive.queries import VOLUMES
from services.policy.controlled_document.queries import DOCUMENTS
from services.policy.delivery.queries import DELIVERIES
from services.policy.payment_order.queries import ORDERS
from services.policy.policy.queries import POLICIES
from services.policy.reconciliation.queries import ITEMS
from shared.exports import Collection, Column
from shared.masking import masked_name


def _own(**titles: str) -> dict[str, Column]:
    def value(name: str) -> Callable[[Any], Any]:
        return lambda row: getattr(row, name)

    return {name: Column(title, value(name)) for name, title in titles.items()}


def _receiver(row: Any) -> str | None:
    return None if row.received_by is None else masked_name(row.received_by)


_PLACE = {"id": "标识", "org_path": "机构路径", "created_at": "建立时间"}

COLLECTIONS = {
    "policies": Collection(
        POLICIES, "policy.policy.read",
        _own(
            **_PLACE, policy_no="保单号", unit_code="机构代码", customer_id="客户标识", customer_core_no="核心客户编号",
            product="产品", line="险类", business="业务类型", compulsory="强制保险", issued_by="出单方",
            stated_status="记载状态", policy_version="保单版本", issued_on="签发日期", starts_at="保险起期",
            ends_at="保险止期", ended_at="终止时间", premium="保险费", insured_count="被保险人数",
            risk_level="风险等级", reinsured="是否分保", seller_staff_no="销售人员工号", claims_open="未结赔案数",
        ),
    ),
    "applications": Collection(
        APPLICATIONS, "policy.application.read",
        _own(
            **_PLACE, kind="种类", status="状态", product="产品", line="险类", issued_by="出单方",
            customer_id="客户标识", unit_code="机构代码", channel="渠道", seller_staff_no="销售人员工号",
            starts_at="保险起期", ends_at="保险止期", premium="保险费", amount="核保金额", insured_count="被保险人数",
            submitted_at="提交时间", decided_at="核保时间", outcome="核保结论", reason_code="原因代码",
            decided_level="核保层级", expires_on="失效日期",
        ),
    ),
    "payment_orders": Collection(
        ORDERS, "policy.payment_order.read",
        _own(
            **_PLACE, policy_no="保单号", unit_code="机构代码", customer_id="客户标识", line="险类", kind="用途",
            direction="收付方向", amount="金额", due_on="应收付日", status="状态", paid_at="收付时间",
            reference="流水号", failure_code="失败代码",
        ),
    ),
    "deliveries": Collection(
        DELIVERIES, "policy.delivery.read",
        _own(
            **_PLACE, policy_no="保单号", unit_code="机构代码", item="单证种类", document_no="单证号",
            issued_on="签发日期", due_on="应送达日", status="状态", method="送达方式", tracking="单号",
            sent_at="寄送时间", received_at="签收时间", receiver_relation="签收人关系", counted_by="送达依据",
            returned_at="退回时间",
        ) | {"received_by": Column("签收人", _receiver)},
    ),
    "controlled_documents": Collection(
        DOCUMENTS, "policy.controlled_document.read",
        _own(
            **_PLACE, kind="单证种类", serial="单证号", unit_code="机构代码", holder_person_id="领用人标识",
            copies="联数", status="状态", used_for="用于", used_at="使用时间", volume_id="案卷标识",
        ),
    ),
    "archive_volumes": Collection(
        VOLUMES, "policy.archive_volume.read",
        _own(
            **_PLACE, volume_no="案卷号", unit_code="机构代码", line="险类", status="状态", box="盒号",
            shelf_place="架位", page_count="页数", sealed_at="封存时间", keep_until="保管至",
        ),
    ),
    "reconciliation_items": Collection(
        ITEMS, "policy.reconciliation.read",
        _own(
            **_PLACE, policy_no="保单号", kind="差异种类", cause="原因", owner="负责方", status="状态",
            outcome="处理结果", reason="说明", resolved_at="处理时间",
        ),
    ),
}  # fmt: skip
