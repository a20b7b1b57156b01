"""Which letter an application or a policy in which state allows, and how terms of cover read in Chinese. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.errors import Conflict, Refused, Text


class FormKind(StrEnum):
    """The forms that are filled in with the customer."""

    PROPOSAL = "proposal"
    ENDORSEMENT_APPLICATION = "endorsement_application"
    CANCELLATION_APPLICATION = "cancellation_application"


class LetterKind(StrEnum):
    """What a policy writes to the customer."""

    POLICY_SCHEDULE = "policy_schedule"
    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"
    RECEIPT = "receipt"


FORM_OF = {
    "proposal": FormKind.PROPOSAL,
    "endorsement": FormKind.ENDORSEMENT_APPLICATION,
    "cancellation": FormKind.CANCELLATION_APPLICATION,
}
_CHANGES = {
    LetterKind.ENDORSEMENT: frozenset({"endorse", "correct"}),
    LetterKind.CANCELLATION: frozenset({"cancel", "rescind"}),
}


class LetterUnknown(Refused):
    """Member: `kind`."""

    code = "letter_unknown"
    title = Text("没有该种单证", "There is no such letter")
    detail = Text("没有 {kind} 单证。", "There is no letter of the kind {kind}.")


class LetterNotDue(Conflict):
    """Members: `kind`, `current_state`."""

    code = "letter_not_due"
    title = Text("尚不能出具该单证", "This letter cannot be issued now")
    detail = Text(
        "状态为 {current_state}，不能出具 {kind}。", "The record is {current_state}: no {kind} can be issued."
    )


def form_of(kind: str, application_kind: str, status: str) -> FormKind:
    """The form named, if it is the one of this kind of application; refused (422) otherwise."""
    if kind not in set(FormKind):
        raise LetterUnknown(kind=kind)
    if FORM_OF[application_kind] != kind:
        raise LetterNotDue(kind=kind, current_state=f"{application_kind} {status}")
    return FormKind(kind)


def letter_of(kind: str, changes: Collection[str], receipts: int, status: str) -> LetterKind:
    """The letter named, if the policy has what it tells: a change of its kind, or a premium that was paid (409)."""
    if kind not in set(LetterKind):
        raise LetterUnknown(kind=kind)
    named = LetterKind(kind)
    wanted = _CHANGES.get(named)
    missing = (wanted is not None and not wanted & set(changes)) or (named is LetterKind.RECEIPT and receipts == 0)
    if missing:
        raise LetterNotDue(kind=kind, current_state=status)
    return named


def changes_told(kind: LetterKind) -> Collection[str]:
    """The kinds of change that a letter is about."""
    return _CHANGES[kind]


PERSONS_ON_THE_PAGE = 200
"""A longer list is an annex of its own; the page says how many persons it has."""

_TERMS = {
    "basis": "归责原则",
    "limit_per_accident": "每次事故责任限额",
    "limit_per_person": "每人责任限额",
    "aggregate_limit": "累计责任限额",
    "death_benefit_per_person": "每人死亡赔偿限额",
    "medical_limit_per_person": "每人医疗费用限额",
    "medical_deductible": "医疗费用免赔额",
    "medical_reimbursement_rate": "医疗费用赔付比例",
    "non_catalogue_medical_rate": "目录外医疗费用赔付比例",
    "wage_daily_amount": "误工费每日金额",
    "wage_waiting_days": "误工费免赔天数",
    "wage_max_days": "误工费最长天数",
    "property_deductible_amount": "财产损失免赔额",
    "property_deductible_rate": "财产损失免赔率",
    "own_share": "本公司承保份额",
    "sum_insured": "意外伤害保险金额",
    "medical_sum_insured": "意外医疗保险金额",
    "allowance_daily_amount": "住院津贴每日金额",
    "allowance_waiting_days": "住院津贴免赔天数",
    "allowance_max_days": "住院津贴最长天数",
    "benefit_days": "给付期限天数",
}
_AMOUNTS = ("limit", "amount", "deductible", "benefit_per", "sum_insured")
_RATES = ("_rate", "own_share")
_WORDS = {"fault": "过错责任", "strict": "无过错责任"}
_EXPENSES = {"legal": "法律费用", "rescue": "施救费用", "appraisal": "鉴定费用"}


def cover_lines(cover: Mapping[str, Any]) -> list[dict[str, str]]:
    """The terms that a page names, in a fixed order: `{term, value}` with amounts in yuan and rates as percentages.

    Scales and lists of loss kinds stand in the clauses and are not repeated.
    """
    found = [
        {"term": words, "value": _value(name, cover[name])}
        for name, words in _TERMS.items()
        if cover.get(name) is not None
    ]
    for name, limit in (cover.get("expense_limits") or {}).items():
        found.append({"term": f"{_EXPENSES.get(name, name)}限额", "value": f"{yuan(limit)} 元"})
    return found


def _value(name: str, value: Any) -> str:
    if name.endswith("_days"):
        return f"{value} 天"
    if any(part in name for part in _RATES):
        return f"{(Decimal(str(value)) * 100).normalize():f}%"
    if any(part in name for part in _AMOUNTS):
        return f"{yuan(value)} 元"
    return _WORDS.get(str(value), str(value))


def yuan(amount: Any) -> str:
    """An amount as it is printed: `1,234.50`."""
    return f"{Decimal(str(amount)):,.2f}"


def clauses(exclusions: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The exclusions of a policy, each with its text and whether the customer acknowledged it."""
    return [
        {
            "clause": f"{one['clause_id']}（{one['text_version']}）",
            "acknowledged": "投保人已确认" if one.get("acknowledged_at") else "投保人未确认",
        }
        for one in exclusions
    ]
