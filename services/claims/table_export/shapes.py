"""The columns of exported claims: the reporter masked; injuries and free words are no columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.claims.claim.queries import CLAIMS
from shared.exports import Collection, Column
from shared.masking import masked_name, masked_phone

_TITLES = {
    "id": "标识", "claim_no": "赔案号", "status": "状态", "line": "险类", "unit_code": "机构代码",
    "org_path": "机构路径", "channel": "报案渠道", "policy_no": "保单号", "policy_version": "保单版本",
    "policy_match": "保单匹配", "customer_id": "客户标识", "product": "产品", "accident_id": "事故标识",
    "loss_at": "出险时间",
    "reported_at": "报案时间", "area_code": "地区代码", "injured_count": "伤者人数", "death_count": "死亡人数",
    "estimated_amount": "估计金额", "reserve_amount": "未决准备金", "gross_amount": "核定金额",
    "payable_amount": "应付金额", "outcome": "结论", "determined_at": "核定时间", "agreed_at": "协议时间",
    "settled_at": "支付时间", "closed_at": "结案时间",
}  # fmt: skip


def _own(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _reporter(name: str, mask: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda row: mask(row.reporter[name]) if row.reporter.get(name) else None


COLLECTIONS = {
    "claims": Collection(
        CLAIMS, "claims.claim.read",
        {name: Column(title, _own(name)) for name, title in _TITLES.items()} | {
            "reporter_name": Column("报案人", _reporter("name", masked_name)),
            "reporter_phone": Column("报案电话", _reporter("phone", masked_phone)),
        },
    ),
}  # fmt: skip
