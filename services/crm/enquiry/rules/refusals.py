"""What is refused about an enquiry, one class for each reason."""

from __future__ import annotations

from shared.errors import Conflict, Refused, Text


class PromiseInPast(Refused):
    code = "promise_in_past"
    title = Text("承诺时间已过", "The promise lies in the past")
    detail = Text("承诺的答复时间须晚于当前时间。", "An answer is promised for a moment that is still to come.")


class PromiseTooLong(Refused):
    """Member: `latest_at`."""

    code = "promise_too_long"
    title = Text("承诺时间过长", "The promise is too long")
    detail = Text("最迟应承诺在 {latest_at} 前答复。", "The latest moment that may be promised is {latest_at}.")


class PromiseNotLater(Refused):
    code = "promise_not_later"
    title = Text("延期须晚于原承诺", "The extension must be later")
    detail = Text("延期后的时间须晚于原承诺时间。", "An extension ends later than the promise before it.")


class AlreadyExtended(Conflict):
    code = "already_extended"
    title = Text("已延期一次", "The promise was extended before")
    detail = Text("承诺时间只能延期一次。", "A promise is extended only once.")


class PromisePaused(Conflict):
    code = "promise_paused"
    title = Text("计时已中止", "The clock is paused already")
    detail = Text("正在等待客户补充，不能重复中止。", "The customer is being waited for already.")


class PromiseNotPaused(Conflict):
    code = "promise_not_paused"
    title = Text("计时未中止", "The clock is not paused")
    detail = Text("当前没有等待客户补充。", "Nobody is waiting for the customer.")


class PromisePassed(Conflict):
    code = "promise_passed"
    title = Text("承诺时间已过", "The promised time is over")
    detail = Text("承诺时间已过，不能中止计时。", "A promise that is over cannot be paused.")


class CannotBeTold(Refused):
    code = "cannot_be_told"
    title = Text("无法告知客户", "The customer cannot be told that way")
    detail = Text(
        "未登记客户的联系方式，请改用其他方式告知。", "Nothing is known to reach the customer by; choose another way."
    )


class EmptyAnswer(Refused):
    code = "empty_answer"
    title = Text("答复内容为空", "The answer is empty")
    detail = Text("答复内容不能为空，不得敷衍办结。", "An enquiry is not closed by an empty answer.")


class TransferWithoutReason(Refused):
    code = "transfer_without_reason"
    title = Text("转办须说明原因", "A transfer needs a reason")
    detail = Text("转办须说明原因，不得推拖。", "Passing an enquiry on needs a reason.")


class TransferNeedsConsent(Conflict):
    """Members: `transfers`, `allowed`."""

    code = "transfer_needs_consent"
    title = Text("须经分公司同意", "The branch must consent")
    detail = Text(
        "已转办 {transfers} 次，超过 {allowed} 次须由分公司转办。",
        "It was passed on {transfers} times; beyond {allowed} only the branch passes it on.",
    )


class NotTransferred(Conflict):
    code = "already_there"
    title = Text("已在该处办理", "It is there already")
    detail = Text("该咨询已由所指机构或人员办理。", "The unit or person named has this enquiry already.")


class TransferOutsideBranch(Refused):
    code = "transfer_outside_branch"
    title = Text("不能转往其他分公司", "Not beyond the branch")
    detail = Text("只有总公司可以将咨询转往其他分公司。", "Only head office passes an enquiry on to another branch.")


class IdentityCheckFailed(Refused):
    code = "identity_check_failed"
    title = Text("身份核验未通过", "The identity check failed")
    detail = Text(
        "所报身份信息与保单不符，不能查询。", "What was stated does not match the policy, which is not spoken about."
    )


class ConversionNotPossible(Refused):
    """Member: `kind`."""

    code = "conversion_not_possible"
    title = Text("不能转为该类事项", "It does not become such a record")
    detail = Text("{kind} 类咨询不能转为该类事项。", "An enquiry of the kind {kind} does not become such a record.")
