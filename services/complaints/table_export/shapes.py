"""The columns of exported complaints and cases: as lists and single reads show them, persons masked.

What was complained about in free words, and who is named, are no columns: nobody can mask a text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.complaints.complaint.queries import COMPLAINTS
from services.complaints.mis_selling.queries import CASES
from shared.exports import Collection, Column
from shared.masking import masked_id_no, masked_name, masked_phone

_MASKS = {"name": masked_name, "phone": masked_phone, "id_no": masked_id_no}


def _own(**titles: str) -> dict[str, Column]:
    def value(name: str) -> Callable[[Any], Any]:
        return lambda row: getattr(row, name)

    return {name: Column(title, value(name)) for name, title in titles.items()}


def _complainant(name: str) -> Callable[[Any], Any]:
    return lambda row: _MASKS[name](row.complainant[name]) if row.complainant.get(name) else None


COLLECTIONS = {
    "complaints": Collection(
        COMPLAINTS, "complaints.complaint.read",
        _own(
            id="标识", complaint_no="投诉编号", status="状态", unit_code="机构代码", org_path="机构路径",
            channel="渠道", cause="原因", lead="匿名线索", policy_no="保单号", claim_no="赔案号",
            customer_id="客户标识", product="产品", line="险类", received_at="收到时间", rule="适用规定",
            started_on="起算日", due_on="应办结日",
            due_legal_on="法定期限", breached_at="超期时间", outcome="处理结果", decided_at="决定时间",
            notified_at="告知时间", closed_at="结案时间", merged_into="并入", compensation_amount="补偿金额",
            compensation_status="补偿状态", review_requested_at="申请核查时间", review_decided_at="核查决定时间",
            review_outcome="核查结果",
        ) | {
            "complainant_name": Column("投诉人", _complainant("name")),
            "complainant_phone": Column("联系电话", _complainant("phone")),
            "complainant_id_no": Column("证件号码", _complainant("id_no")),
        },
    ),
    "mis_selling_cases": Collection(
        CASES, "complaints.mis_selling.read",
        _own(
            id="标识", status="状态", org_path="机构路径", source_kind="来源", policy_no="保单号", product="产品",
            found_at="发现时间", due_on="应办结日", due_legal_on="法定期限", outcome="结果", closed_at="办结时间",
            breached_at="超期时间",
        ),
    ),
}  # fmt: skip
