"""Why a calculation is refused: one class per reason, all 422, each pointing at the value in the assessed facts."""

from __future__ import annotations

from typing import Any, Self

from shared.errors import Fault, Refused, Text


class CalculationRefused(Refused):
    """The assessed facts or the cover terms do not permit a calculation. Without a code: never raised itself."""

    @classmethod
    def at(cls, pointer: str, **members: Any) -> Self:
        """The refusal of the value at `pointer`, a fragment into the facts such as `#/claimants/0/ref`.

        An empty pointer means that the value is not among the facts: a cover term, for example.
        """
        faults = [Fault(cls.code, cls.detail, pointer=pointer, members=members)] if pointer else []
        return cls(*faults, **members)


class ValueUnreadable(CalculationRefused):
    """Member: `value_kind`."""

    code = "value_unreadable"
    title = Text("值无法读取", "A value cannot be read")
    detail = Text("该处的值不是有效的 {value_kind}。", "The value there is not a valid {value_kind}.")


class CoverTermInvalid(CalculationRefused):
    """Member: `term`."""

    code = "cover_term_invalid"
    title = Text("保险条件无效", "A cover term is not valid")
    detail = Text("保单保险条件 {term} 的值无效。", "The policy's cover term {term} has a value that is not valid.")


class LineUnknown(CalculationRefused):
    """Member: `line`."""

    code = "line_unknown"
    title = Text("险类未知", "Unknown line of business")
    detail = Text("险类 {line} 不能理算。", "There is no calculation for the line {line}.")


class LossKindUnknown(CalculationRefused):
    """Members: `kind`, `line`."""

    code = "loss_kind_unknown"
    title = Text("损失项目不适用于该险类", "The kind of loss does not belong to the line")
    detail = Text("损失项目 {kind} 不属于险类 {line}。", "The loss kind {kind} does not belong to the line {line}.")


class ExpenseKindUnknown(CalculationRefused):
    """Member: `kind`."""

    code = "expense_kind_unknown"
    title = Text("费用项目未知", "Unknown kind of expense")
    detail = Text("费用项目 {kind} 未知。", "The expense kind {kind} is not known.")


class ClaimantKindUnknown(CalculationRefused):
    """Member: `kind`."""

    code = "claimant_kind_unknown"
    title = Text("索赔人类别未知", "Unknown kind of claimant")
    detail = Text("索赔人类别 {kind} 未知。", "The claimant kind {kind} is not known.")


class LiabilityFormUnknown(CalculationRefused):
    """Member: `form`."""

    code = "liability_form_unknown"
    title = Text("责任形态未知", "Unknown form of liability")
    detail = Text(
        "责任形态 {form} 不是 several 或 joint。", "The form of liability {form} is neither several nor joint."
    )


class ClaimantRefMissing(CalculationRefused):
    code = "claimant_ref_missing"
    title = Text("缺少索赔人编号", "A claimant has no reference")
    detail = Text("每个索赔人必须有编号(ref)。", "Every claimant needs a ref.")


class ClaimantRepeated(CalculationRefused):
    """Member: `ref`."""

    code = "claimant_repeated"
    title = Text("索赔人重复", "A claimant appears twice")
    detail = Text("索赔人 {ref} 出现多次。", "The claimant {ref} appears more than once.")


class BenefitRepeated(CalculationRefused):
    """Member: `kind`."""

    code = "benefit_repeated"
    title = Text("同一给付项目重复", "A benefit appears twice for one person")
    detail = Text("同一人的 {kind} 只能列一项。", "One person can have only one {kind}.")


class AmountNegative(CalculationRefused):
    code = "amount_negative"
    title = Text("金额为负", "A negative amount")
    detail = Text("损失金额、费用和扣减不能为负。", "A loss, an expense or a deduction cannot be negative.")


class DaysNegative(CalculationRefused):
    code = "days_negative"
    title = Text("天数为负", "A negative number of days")
    detail = Text("天数不能为负。", "The number of days cannot be negative.")


class AmountMissing(CalculationRefused):
    """Member: `kind`."""

    code = "amount_missing"
    title = Text("缺少金额", "The amount is missing")
    detail = Text("损失项目 {kind} 需要金额。", "The loss kind {kind} needs an amount.")


class DaysMissing(CalculationRefused):
    """Member: `kind`."""

    code = "days_missing"
    title = Text("缺少天数", "The number of days is missing")
    detail = Text(
        "按约定日额给付的 {kind} 需要天数。", "The policy pays {kind} by the day: the number of days is needed."
    )


class AmountAndDaysMissing(CalculationRefused):
    """Member: `kind`."""

    code = "amount_and_days_missing"
    title = Text("缺少金额和天数", "Both amount and days are missing")
    detail = Text("损失项目 {kind} 需要金额或天数。", "The loss kind {kind} needs an amount or a number of days.")


class MisstatementIncomplete(CalculationRefused):
    """Member: `misstated`."""

    code = "misstatement_incomplete"
    title = Text("误告资料不完整", "The misstatement is not fully told")
    detail = Text(
        "年龄或职业误告须同时填写误告事项、实收保险费和应收保险费。",
        "A misstated age or occupation needs all three: what was misstated, the premium charged and the premium due.",
    )


class OverrideWithoutLine(CalculationRefused):
    """Members: `claimant_ref`, `kind`."""

    code = "override_without_line"
    title = Text("没有可调整的项目", "There is no such line to override")
    detail = Text(
        "计算书没有 {claimant_ref} 的 {kind} 项，或保单不承担该项。",
        "The sheet has no line {kind} of {claimant_ref} that the policy pays at all.",
    )


class OverrideAboveLoss(CalculationRefused):
    """Members: `amount`, `assessed_amount`, strings of yuan."""

    code = "override_above_loss"
    title = Text("调整金额高于核定损失", "The override exceeds the assessed loss")
    detail = Text(
        "调整金额 {amount} 元高于核定损失 {assessed_amount} 元。",
        "The override {amount} exceeds the assessed loss {assessed_amount}.",
    )


class OverrideAboveLimit(CalculationRefused):
    """Members: `limit_name`, and `amount`, `available_amount`, strings of yuan."""

    code = "override_above_limit"
    title = Text("调整后超过限额", "The override exceeds a limit")
    detail = Text(
        "调整后 {limit_name} 项下为 {amount} 元，可用 {available_amount} 元。",
        "With the override {limit_name} would pay {amount}; {available_amount} is available.",
    )


class GradeMissing(CalculationRefused):
    """Member: `kind`."""

    code = "grade_missing"
    title = Text("缺少伤残等级", "The disability grade is missing")
    detail = Text("损失项目 {kind} 需要伤残等级。", "The loss kind {kind} needs a disability grade.")


class GradeOffScale(CalculationRefused):
    """Members: `grade`, `grades_on_scale`."""

    code = "grade_off_scale"
    title = Text("伤残等级不在给付表内", "The grade is not on the scale")
    detail = Text(
        "伤残等级 {grade} 不在约定的给付表内({grades_on_scale})。",
        "Grade {grade} is not on the agreed scale ({grades_on_scale}).",
    )


class FaultRatioMissing(CalculationRefused):
    code = "fault_ratio_missing"
    title = Text("缺少责任比例", "The fault ratio is missing")
    detail = Text(
        "过错责任的保单需要被保险人的责任比例。", "Cover on a fault basis needs the insured's share of the fault."
    )


class FaultRatioOutOfRange(CalculationRefused):
    code = "fault_ratio_out_of_range"
    title = Text("责任比例超出范围", "The fault ratio is out of range")
    detail = Text("责任比例应在 0 至 1 之间。", "A share of the fault lies between 0 and 1.")


class FaultRatiosExceedWhole(CalculationRefused):
    code = "fault_ratios_exceed_whole"
    title = Text("责任比例之和超过 1", "The shares of the fault exceed the whole")
    detail = Text(
        "被保险人与受害人的责任比例之和不能超过 1。",
        "The shares of the insured and the victim cannot exceed 1 together.",
    )


class EventBeforeAccident(CalculationRefused):
    code = "event_before_accident"
    title = Text("身故或评残早于事故", "Death or rating lies before the accident")
    detail = Text(
        "身故或评残日期不能早于事故日期。", "The day of death or of the rating cannot lie before the accident."
    )


class RatedAfterBenefitPeriod(CalculationRefused):
    """Members: `benefit_days`, `last_day`."""

    code = "rated_after_benefit_period"
    title = Text("评残日期超过期限", "Rated after the benefit period")
    detail = Text(
        "应按事故后第 {benefit_days} 日({last_day})的身体状况评残。",
        "The rating must take the state of health on day {benefit_days} after the accident ({last_day}).",
    )


class BeneficiarySharesInvalid(CalculationRefused):
    code = "beneficiary_shares_invalid"
    title = Text("受益份额无效", "The beneficiaries' shares are not valid")
    detail = Text(
        "受益份额应大于 0，合计为 1；有未定份额者时合计应小于 1。",
        "Shares are above 0 and make 1 together, less than 1 where a beneficiary has none.",
    )


class ClauseInEffect(CalculationRefused):
    """Member: `clause_ids`."""

    code = "clause_in_effect"
    title = Text("条款有效，不得不予适用", "The clause is in effect")
    detail = Text(
        "条款 {clause_ids} 已经确认或不存在，不能不予适用。",
        "Clause(s) {clause_ids} were acknowledged or do not exist: they cannot be disregarded.",
    )
