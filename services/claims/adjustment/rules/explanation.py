"""How a line came about, in words and numbers, Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shared.errors import Text
from shared.money import yuan

KIND_NAMES: dict[str, Text] = {
    "medical": Text("医疗费", "medical expenses"),
    "non_catalogue_medical": Text("目录外医疗费", "medical expenses outside the social catalogue"),
    "nursing": Text("护理费", "nursing"),
    "nutrition": Text("营养费", "nutrition"),
    "hospital_meals": Text("住院伙食补助费", "hospital meals"),
    "transport": Text("交通费", "transport"),
    "accommodation": Text("住宿费", "accommodation"),
    "assistive_device": Text("残疾辅助器具费", "assistive devices"),
    "follow_up_treatment": Text("后续治疗费", "follow-up treatment"),
    "lost_wages": Text("误工费", "lost wages"),
    "disability": Text("伤残给付", "disability benefit"),
    "disability_compensation": Text("残疾赔偿金", "disability compensation"),
    "death": Text("身故给付", "death benefit"),
    "death_compensation": Text("死亡赔偿金", "death compensation"),
    "funeral": Text("丧葬费", "funeral expenses"),
    "dependants_living": Text("被扶养人生活费", "living expenses of dependants"),
    "mental_distress": Text("精神损害抚慰金", "mental distress"),
    "property": Text("财产损失", "property damage"),
    "allowance": Text("津贴", "daily allowance"),
    "legal": Text("法律费用", "legal costs"),
    "rescue": Text("施救费用", "rescue costs"),
    "appraisal": Text("鉴定费用", "appraisal costs"),
}


def percent(rate: Decimal) -> str:
    """`0.125` as `12.5%`."""
    shown = format(rate * 100, "f")
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown}%"


def told(kind: str, steps: Sequence[Text], amount: Decimal) -> Text:
    """The whole explanation of one line, its steps in order, its amount at the end."""
    name = KIND_NAMES[kind]
    steps_zh, steps_en = "；".join(step.zh for step in steps), "; ".join(step.en for step in steps)
    return Text(f"{name.zh}：{steps_zh}；赔付{yuan(amount)}元。", f"{name.en}: {steps_en}; payable {yuan(amount)}.")


def loss_assessed(amount: Decimal) -> Text:
    return Text(f"核定损失{yuan(amount)}元", f"assessed loss {yuan(amount)}")


def expense_assessed(amount: Decimal) -> Text:
    return Text(f"核定费用{yuan(amount)}元", f"assessed expense {yuan(amount)}")


def not_covered(term: str) -> Text:
    return Text(f"保单未约定该项保障({term})，不予给付", f"the policy grants no such benefit ({term}): nothing is paid")


def excluded() -> Text:
    return Text("保单除外项目(excluded_kinds)，不予赔付", "excluded by the policy (excluded_kinds): nothing is paid")


def not_in_force() -> Text:
    return Text(
        "出险时保单不在保险期间内，不予赔付", "the policy did not cover the moment of the loss: nothing is paid"
    )


def not_on_the_list() -> Text:
    return Text("出险当日不在被保险人名单内，不予赔付", "not on the insured list that day: nothing is paid")


def by_days(days: int, waiting: int, most: int | None, daily: Decimal, amount: Decimal) -> Text:
    if days <= waiting:
        return Text(f"{days}日未超过等待期{waiting}日", f"{days} days lie within the waiting period of {waiting} days")
    counted = f"min({days} − {waiting}, {most})" if most is not None else f"({days} − {waiting})"
    return Text(
        f"{counted}日 × 每日{yuan(daily)}元 = {yuan(amount)}元",
        f"{counted} days × {yuan(daily)} a day = {yuan(amount)}",
    )


def by_scale(grades: Sequence[int], grade: int, rate: Decimal, base: Decimal, amount: Decimal) -> Text:
    listed = "、".join(str(one) for one in grades)
    raised = grade != min(grades)
    zh = f"伤残等级{listed}" + (f"，最重等级不止一处，晋升一级按{grade}级" if raised else f"，按最重{grade}级")
    en = f"grades {listed.replace('、', ', ')}: " + (
        f"the worst occurs more than once, raised by one to grade {grade}" if raised else f"the worst is grade {grade}"
    )
    sum_text = f"{yuan(base)}{{}} × {percent(rate)} = {yuan(amount)}"
    return Text(f"{zh}，{sum_text.format('元')}元", f"{en}, {sum_text.format('')}")


def full_benefit(amount: Decimal) -> Text:
    return Text(f"约定全额{yuan(amount)}元", f"full agreed sum {yuan(amount)}")


def statutory(income: Decimal, years: int, share: Decimal, amount: Decimal) -> Text:
    part = "" if share == 1 else f" × {percent(share)}"
    return Text(
        f"年收入标准{yuan(income)}元 × {years}年{part} = {yuan(amount)}元",
        f"yearly income {yuan(income)} × {years} years{part} = {yuan(amount)}",
    )


def statutory_funeral(wage: Decimal, months: int, amount: Decimal) -> Text:
    return Text(
        f"月工资标准{yuan(wage)}元 × {months}个月 = {yuan(amount)}元",
        f"monthly wage {yuan(wage)} × {months} months = {yuan(amount)}",
    )


def fault(rate: Decimal, amount: Decimal) -> Text:
    return Text(
        f"× 被保险人责任比例{percent(rate)} = {yuan(amount)}元",
        f"× insured's share of the fault {percent(rate)} = {yuan(amount)}",
    )


def joint_fault(rate: Decimal, amount: Decimal) -> Text:
    victim = percent(1 - rate)
    return Text(
        f"连带责任，仅减去受害人自身过错{victim} = {yuan(amount)}元",
        f"joint liability, reduced only by the victim's own fault {victim} = {yuan(amount)}",
    )


def joint_whole() -> Text:
    return Text(
        "连带责任，不因其他责任人的份额减少", "joint liability: not reduced by the shares of the other tortfeasors"
    )


def other_sources(deduction: Decimal, amount: Decimal) -> Text:
    return Text(
        f"减其他来源已付{yuan(deduction)}元 = {yuan(amount)}元",
        f"less {yuan(deduction)} from other sources = {yuan(amount)}",
    )


def social_not_priced(deduction: Decimal) -> Text:
    return Text(
        f"费率未按扣减社保厘定，社保已付{yuan(deduction)}元不予扣减",
        f"the tariff was not priced for it: {yuan(deduction)} of social insurance is not deducted",
    )


def wages_offset(wages: Decimal, amount: Decimal) -> Text:
    return Text(
        f"减已计误工费{yuan(wages)}元 = {yuan(amount)}元",
        f"less lost wages {yuan(wages)} paid within it = {yuan(amount)}",
    )


def less_disability(paid: Decimal, amount: Decimal) -> Text:
    return Text(
        f"减同一事故伤残给付{yuan(paid)}元 = {yuan(amount)}元",
        f"less disability benefit of the same accident {yuan(paid)} = {yuan(amount)}",
    )


def less_earlier_injury(paid: Decimal, amount: Decimal) -> Text:
    return Text(
        f"包含既往事故伤残，减已付{yuan(paid)}元 = {yuan(amount)}元",
        f"includes the injury of an earlier accident, less {yuan(paid)} paid = {yuan(amount)}",
    )


def medical_deductible(deduction: Decimal, part: Decimal) -> Text:
    return Text(
        f"减医疗免赔额{yuan(deduction)}元(本项分摊{yuan(part)}元)",
        f"less medical deductible {yuan(deduction)} ({yuan(part)} on this line)",
    )


def reimbursement_rate(rate: Decimal, amount: Decimal) -> Text:
    return Text(
        f"× 赔付比例{percent(rate)} = {yuan(amount)}元", f"× reimbursement rate {percent(rate)} = {yuan(amount)}"
    )


def non_catalogue_rate(rate: Decimal, amount: Decimal) -> Text:
    return Text(
        f"× 目录外赔付比例{percent(rate)} = {yuan(amount)}元",
        f"× share for treatment outside the catalogue {percent(rate)} = {yuan(amount)}",
    )


def property_deductible(deduction: Decimal, part: Decimal) -> Text:
    return Text(
        f"减每次事故财产免赔额{yuan(deduction)}元(本项分摊{yuan(part)}元)",
        f"less property deductible of the accident {yuan(deduction)} ({yuan(part)} on this line)",
    )


_MISSTATED = {"age": Text("年龄误告：", "misstated age: "), "occupation": Text("职业误告：", "misstated occupation: ")}


def premium_proportion(charged: Decimal, due: Decimal, amount: Decimal, misstated: str | None = None) -> Text:
    why = _MISSTATED.get(misstated or "", Text("", ""))
    return Text(
        f"{why.zh}× 实付保险费{yuan(charged)}元 ÷ 应付保险费{yuan(due)}元 = {yuan(amount)}元",
        f"{why.en}× premium charged {yuan(charged)} ÷ premium due {yuan(due)} = {yuan(amount)}",
    )


def overridden(before: Decimal, amount: Decimal, reason: str) -> Text:
    return Text(
        f"人工调整：由{yuan(before)}元改为{yuan(amount)}元，理由：{reason}",
        f"overridden by hand from {yuan(before)} to {yuan(amount)}, because: {reason}",
    )


def outside_benefit_period(last_day: date) -> Text:
    return Text(
        f"超过保障期限(末日{last_day})，不予给付", f"after the benefit period (last day {last_day}): nothing is paid"
    )


def benefit_period_untested(days: int) -> Text:
    return Text(f"未提供日期，未核对{days}日期限", f"no day given: the {days} days were not tested")


class CapName:
    """The wording of one cap: called with the limit left, the sum before the cap, this line's part."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en

    def __call__(self, limit: Decimal, before: Decimal, part: Decimal) -> Text:
        return Text(
            f"{self.zh}{yuan(limit)}元，低于合计{yuan(before)}元，本项分得{yuan(part)}元",
            f"{self.en} {yuan(limit)}, below {yuan(before)} together: {yuan(part)} for this line",
        )


medical_limit = CapName("每人医疗分项限额可用", "medical sub-limit of the person, available")
sub_limit = CapName("每人该项分项限额可用", "sub-limit of this head for the person, available")
person_limit = CapName("每人责任限额可用", "limit of the person, available")
accident_limit = CapName("每次事故责任限额可用", "limit of the accident, available")
aggregate_limit = CapName("累计责任限额剩余", "aggregate limit left")
expense_limit = CapName("费用限额可用", "limit of the expense, available")
limit_for_expenses = CapName("费用计入责任限额，剩余", "expenses count within the limit, of which is left")
sum_insured = CapName("保险金额剩余", "sum insured left")
medical_sum_insured = CapName("医疗保险金额剩余", "medical sum insured left")
