"""The refusals of the approval of a claim; those of any chain are in `shared.approval_chain`."""

from __future__ import annotations

from shared.errors import Conflict, Refused, Text


class SheetSuperseded(Conflict):
    """Members: `stated_version` and `sheet_version`, the newest."""

    code = "sheet_superseded"
    title = Text("计算书已被替换", "The calculation sheet was superseded")
    detail = Text(
        "所引计算书为第 {stated_version} 版，现行第 {sheet_version} 版；此前的审批步骤已作废。",
        "Sheet {stated_version} is stated, {sheet_version} is the newest; the steps on the old one are void.",
    )


class AmountDiffers(Conflict):
    """Members: `stated_amount` and `amount`, strings of yuan."""

    code = "amount_differs"
    title = Text("金额与计算书不符", "The amount is not that of the sheet")
    detail = Text(
        "所述金额 {stated_amount} 元，计算书为 {amount} 元。", "{stated_amount} is stated, the sheet says {amount}."
    )


class ExclusionNotAcknowledged(Conflict):
    """Member: `clause_ids`. A clause that was never explained has no effect (保险法 art. 17)."""

    code = "exclusion_not_acknowledged"
    title = Text("免责条款未经明示确认", "An exclusion was never acknowledged")
    detail = Text(
        "条款 {clause_ids} 未经投保人确认，不产生效力；审批暂停，请重新理算。",
        "Clause(s) {clause_ids} were never acknowledged and have no effect; calculate again without them.",
    )


class ClausesRequired(Refused):
    """A decision names the clauses it rests on."""

    code = "clauses_required"
    title = Text("须引用条款", "The decision cites no clause")
    detail = Text("审批决定必须引用所依据的条款。", "A decision must cite the clauses that it rests on.")


class ReasonCodeRequired(Refused):
    """Member: `outcome`."""

    code = "reason_code_required"
    title = Text("须填写原因代码", "A reason code is needed")
    detail = Text("{outcome} 必须填写原因代码和理由。", "{outcome} needs a reason code and a reason.")


class LateNoticeIsNoGround(Refused):
    """Late notice frees from paying only what can no longer be determined (保险法 art. 21): that is left out of the
    sheet, and the rest is paid."""

    code = "late_notice_is_no_ground"
    title = Text("迟延报案不得单独作为拒赔理由", "Late notice alone refuses nothing")
    detail = Text(
        "迟延报案仅对无法确定的部分不承担责任(保险法第二十一条)，请在理算中扣除该部分。",
        "Late notice counts for the part that cannot be determined only (保险法 art. 21); leave that part out instead.",
    )


class LossesStayPayable(Conflict):
    """After gross negligence that had no serious influence, earlier losses are paid (保险法 art. 16(5))."""

    code = "losses_stay_payable"
    title = Text("解除前的损失仍应赔付", "Losses before the rescission are paid")
    detail = Text(
        "未告知事项对保险事故没有严重影响，合同解除前的损失应予赔付(保险法第十六条第五款)。",
        "What was not told had no serious influence; losses before the rescission are paid (保险法 art. 16(5)).",
    )


class RescissionRequired(Conflict):
    """Whoever has not rescinded cannot refuse for what was not disclosed (保险法解释二 art. 8)."""

    code = "rescission_required"
    title = Text("未解除合同不得以未告知拒赔", "Without rescission non-disclosure refuses nothing")
    detail = Text(
        "保险合同尚未解除，不能以投保人未如实告知为由拒赔(保险法解释二第八条)。",
        "The contract was not rescinded; a claim cannot be refused for what was not disclosed (保险法解释二 art. 8).",
    )


class NoHigherLevel(Conflict):
    """Member: `level`."""

    code = "no_higher_level"
    title = Text("已是最高级别", "There is no higher level")
    detail = Text(
        "本案由 {level} 决定，无法再提级。", "The claim is decided at {level} already; it cannot go further up."
    )


class StepAlreadySigned(Conflict):
    """Somebody has signed the open step; whoever sees it otherwise returns the file."""

    code = "step_already_signed"
    title = Text("本级已有签署", "The step has been signed")
    detail = Text("本级已有人签署，不能提级；如有异议请退回。", "The step has been signed; return the file instead.")


class ExGratiaOverShare(Refused):
    """Members: `amount` and `maximum`, strings of yuan."""

    code = "ex_gratia_over_share"
    title = Text("通融金额过高", "Ex gratia above its share")
    detail = Text("通融赔付 {amount} 元超过上限 {maximum} 元。", "{amount} exceeds {maximum}, the most of this item.")


class ExGratiaForFraud(Conflict):
    """Intentional and fraudulent cases are never paid ex gratia."""

    code = "ex_gratia_for_fraud"
    title = Text("欺诈案件不得通融", "No ex gratia payment for fraud")
    detail = Text("故意或涉嫌欺诈的案件不得通融赔付。", "An intentional or fraudulent case is never paid ex gratia.")
