"""Signatures below a report: by whom, when, and what has to be said before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.risk.inspection.rules import (
    NEXT,
    ContradictionUnexplained,
    InspectionStatus,
    Section,
    refuse_future,
    unexplained,
)
from shared.errors import Conflict, Fault, Forbidden, Refused, StateConflict, Text

SECTION_NAMES = {
    Section.MANAGEMENT_ATTITUDE: "企业负责人及安全负责人的态度",
    Section.SAFETY_RULES: "安全规章制度及执行情况",
    Section.ADDRESS: "保险标的地址",
    Section.SAFETY_FACILITIES: "安全设施和设备数量",
    Section.PRODUCTS: "主要产品",
    Section.PROCESS_FLOW: "工艺流程",
    Section.HAZARDS: "危险隐患",
    Section.ACCIDENT_HISTORY: "以往事故记录",
}
KIND_NAMES = {
    "pre_bind": "承保前查勘",
    "periodic": "定期安全检查",
    "ad_hoc": "专项安全检查",
    "re_inspection": "隐患复查",
}
LEVEL_NAMES = {"high": "高", "medium": "中", "low": "低"}
CLASS_NAMES = {
    "extreme": "极其危险",
    "high": "高度危险",
    "significant": "显著危险",
    "general": "一般危险",
    "slight": "稍有危险",
}


def refuse_no_report(state: InspectionStatus) -> None:
    """Refuse (409) the page of a report that nobody has made."""
    if state not in (InspectionStatus.REPORTED, InspectionStatus.CLOSED):
        raise StateConflict(current_state=str(state), legal_moves=sorted(NEXT[state]))


class Side(StrEnum):
    INSPECTOR = "inspector"
    CUSTOMER = "customer"


class AlreadySigned(Conflict):
    """Member: `side`."""

    code = "already_signed"
    title = Text("该方已签署", "This side has signed")
    detail = Text("{side} 一方的签署已记录。", "The signature of the {side} is on record.")


class NotTheInspector(Forbidden):
    code = "not_the_inspector"
    title = Text("须由检查人本人签署", "The inspector signs himself")
    detail = Text("检查人一方须由实际检查人本人签署。", "Only whoever inspected signs for the inspector's side.")


class SignatureIncomplete(Refused):
    code = "signature_incomplete"
    title = Text("签署信息不完整", "Who signed, and how")
    detail = Text(
        "须写明签署人、职务与方式；客户拒签的，须写明原因。",
        "Say who signed, in which position and how; or, for a customer who does not sign, why.",
    )


class SignedBeforeVisit(Refused):
    code = "signed_before_visit"
    title = Text("签署早于检查", "Signed before the visit")
    detail = Text("签署时间不能早于检查时间。", "A report is signed after the visit.")


class NothingToExplain(Conflict):
    code = "nothing_to_explain"
    title = Text("没有需要说明的事项", "Nothing to explain")
    detail = Text("报告与出险记录没有待说明的矛盾。", "Nothing in the report has to be explained.")


def refuse_unreported(state: InspectionStatus) -> None:
    """Refuse (409) signing what is not reported, or closed already."""
    if state is not InspectionStatus.REPORTED:
        raise StateConflict(current_state=str(state), legal_moves=sorted(NEXT[state]))


def may_sign(
    state: InspectionStatus, warnings: Collection[str], explanation: str | None, signed: Collection[str],
    side: str | None = None,
) -> None:  # fmt: skip
    """Refuse (409) a report that is not there, one that contradicts the claims without a word, a second signature."""
    refuse_unreported(state)
    if unexplained(warnings, explanation):
        raise ContradictionUnexplained()
    if side is not None and side in signed:
        raise AlreadySigned(side=side)


def check_signature(
    side: str, signer: UUID, inspector: UUID | None, told: Collection[str | None], refused_reason: str | None
) -> None:
    """Refuse (403) somebody else's signature for the inspector's side, and (422) one that says neither who signed and
    how (`told`) nor, for the customer, why he did not."""
    if side == Side.INSPECTOR and signer != inspector:
        raise NotTheInspector()
    complete = all((one or "").strip() for one in told)
    refused = bool((refused_reason or "").strip())
    if side == Side.CUSTOMER and complete == refused:
        raise SignatureIncomplete(Fault(SignatureIncomplete.code, SignatureIncomplete.detail, pointer="#/signer_name"))
    if side == Side.INSPECTOR and refused:
        fault = Fault(SignatureIncomplete.code, SignatureIncomplete.detail, pointer="#/refused_reason")
        raise SignatureIncomplete(fault)


def check_time(signed_at: datetime, inspected_at: datetime | None, now: datetime) -> None:
    """Refuse (422) a signature of the future, and one of before the visit."""
    refuse_future(signed_at, now, "#/signed_at")
    if inspected_at is not None and signed_at < inspected_at:
        raise SignedBeforeVisit(Fault(SignedBeforeVisit.code, SignedBeforeVisit.detail, pointer="#/signed_at"))


def may_explain(state: InspectionStatus, warnings: Collection[str], explanation: str | None) -> None:
    """Refuse (409) an explanation of nothing."""
    refuse_unreported(state)
    if not unexplained(warnings, explanation):
        raise NothingToExplain()
