"""Why an act on the clock of a complaint is refused: one class per reason."""

from __future__ import annotations

from shared.errors import Conflict, Refused, Text


class NoComplaintRule(Refused):
    """Member: `received_on`."""

    code = "no_complaint_rule"
    title = Text("收到之日没有适用的规定", "No rule on the day of receipt")
    detail = Text("{received_on} 没有适用的投诉处理规定。", "No complaint rule was in force on {received_on}.")


class ExtensionNotTold(Refused):
    code = "extension_not_told"
    title = Text("未告知投诉人", "The complainant has not been told")
    detail = Text(
        "延长期限必须在期限届满前告知投诉人。",
        "An extension needs the notice to the complainant, before the period ends.",
    )


class ExtensionToldTooLate(Refused):
    """Member: `due_legal_on`."""

    code = "extension_told_too_late"
    title = Text("告知延期过迟", "The extension was told too late")
    detail = Text(
        "期限已于 {due_legal_on} 届满，延期须在届满前告知投诉人。",
        "The period ended on {due_legal_on}; an extension is told to the complainant before that.",
    )


class ExtensionNotApproved(Refused):
    code = "extension_not_approved"
    title = Text("延期未经批准", "The extension is not approved")
    detail = Text(
        "再次延长须经上级机构或总公司高级管理人员批准，且不晚于告知投诉人之时。",
        "The last extension needs the approval of the superior unit or of a senior manager, before it is told.",
    )


class ExtensionOutOfOrder(Conflict):
    """Members: `current_stage`, `next_stage`."""

    code = "extension_out_of_order"
    title = Text("延期须逐次办理", "Extensions go step by step")
    detail = Text(
        "期限处于 {current_stage}，只能延至 {next_stage}。", "The period is {current_stage}; next is {next_stage}."
    )


class PeriodAtMaximum(Conflict):
    code = "period_at_maximum"
    title = Text("期限不能再延长", "The period cannot be extended further")
    detail = Text("处理期限已达上限，不能再延长。", "The period has reached its maximum; nothing extends it further.")


class PeriodOver(Conflict):
    """Member: `due_legal_on`."""

    code = "complaint_period_over"
    title = Text("处理期限已届满", "The period is over")
    detail = Text(
        "处理期限已于 {due_legal_on} 届满，不能再延长、中止或重新起算。",
        "The period ended on {due_legal_on}; it is no longer extended, paused or restarted.",
    )


class PauseReasonNotAllowed(Refused):
    """Members: `reason`, `allowed`."""

    code = "pause_reason_not_allowed"
    title = Text("不是可以中止的事由", "Not a reason to pause")
    detail = Text("仅 {allowed} 的时间不计入处理期限。", "Only {allowed} stop the legal clock, not {reason}.")


class PauseNotTold(Refused):
    code = "pause_not_told"
    title = Text("未告知投诉人", "The complainant has not been told")
    detail = Text("中止期限必须告知投诉人。", "A pause must be told to the complainant.")


class PauseToldTooLate(Refused):
    """Member: `due_legal_on`."""

    code = "pause_told_too_late"
    title = Text("告知中止过迟", "The pause was told too late")
    detail = Text(
        "期限已于 {due_legal_on} 届满，中止须在届满前告知投诉人。",
        "The period ended on {due_legal_on}; a pause is told to the complainant before that.",
    )


class PauseBeforeReceipt(Refused):
    """Member: `started_on`."""

    code = "pause_before_receipt"
    title = Text("中止早于起算日", "The pause begins before the period")
    detail = Text("中止不能早于起算日 {started_on}。", "A pause cannot begin before {started_on}.")


class PauseAlreadyOpen(Conflict):
    """Member: `reason`."""

    code = "pause_already_open"
    title = Text("已在中止", "Already paused for this reason")
    detail = Text("因 {reason} 的中止尚未结束。", "The pause for {reason} has not ended yet.")


class NotPaused(Conflict):
    """Member: `reason`."""

    code = "complaint_not_paused"
    title = Text("没有进行中的中止", "There is no such pause")
    detail = Text("没有因 {reason} 进行中的中止。", "The complaint is not paused for {reason}.")


class NoNewMaterial(Refused):
    code = "no_new_material"
    title = Text("没有新的事实和材料", "No new facts with new material")
    detail = Text(
        "只有提出新的事实并提交新的材料，期限才重新起算。",
        "Only new facts with new material restart the period.",
    )


class RestartNotTold(Refused):
    code = "restart_not_told"
    title = Text("未告知投诉人", "The complainant has not been told")
    detail = Text("期限重新起算必须告知投诉人。", "A restart must be told to the complainant.")


class RestartBeforePeriod(Refused):
    """Member: `started_on`."""

    code = "restart_before_period"
    title = Text("新材料早于起算日", "The material is older than the period")
    detail = Text("新材料的收到日不能早于起算日 {started_on}。", "New material cannot arrive before {started_on}.")


class ReviewRequestLate(Conflict):
    """Member: `due_legal_on`."""

    code = "review_request_late"
    title = Text("核查申请已逾期", "The review request is too late")
    detail = Text("核查申请期限已于 {due_legal_on} 届满。", "A review could be asked for until {due_legal_on}.")


class ReviewBeforeDecision(Refused):
    code = "review_before_decision"
    title = Text("核查申请早于收到决定", "The review is asked for before the decision")
    detail = Text("核查申请不能早于收到处理决定之日。", "A review cannot be asked for before the decision is received.")
