"""The cover terms a policy may state, by line: names and value formats, all faults told at once.

An absent limit is no limit, an absent benefit is not covered, an absent deduction does not apply; a term nobody knows
would be silently no term at all, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from shared.errors import Fault, Text, ValidationFailed

LIABILITY_KINDS = frozenset(
    {
        *("medical", "non_catalogue_medical", "nursing", "nutrition", "hospital_meals", "transport", "accommodation"),
        *("assistive_device", "follow_up_treatment", "lost_wages", "disability", "disability_compensation", "death"),
        *("death_compensation", "funeral", "dependants_living", "mental_distress", "property"),
    }
)
EXPENSE_KINDS = frozenset({"legal", "rescue", "appraisal"})
GRADES = frozenset(str(grade) for grade in range(1, 11))

_MONEY = re.compile(r"[0-9]{1,16}\.[0-9]{2}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

Check = Callable[[str, Any], Iterable[Fault]]

_MONEY_TEXT = Text('金额须为两位小数的字符串，如 "46800.00"。', 'Money is a string with two decimals: "46800.00".')
_RATE_TEXT = Text('比例须为 0 至 1 的小数字符串，如 "0.10"。', 'A rate is a decimal string from 0 to 1: "0.10".')
_SHARE_TEXT = Text("份额须大于 0 且不大于 1。", "A share is more than 0 and at most 1.")
_DAYS_TEXT = Text("天数须为非负整数。", "Days are a whole number from 0.")
_FLAG_TEXT = Text("须为 true 或 false。", "This is true or false.")


def _fault(code: str, pointer: str, text: Text) -> Fault:
    return Fault(code, text, pointer=pointer)


def _money(pointer: str, value: Any) -> Iterable[Fault]:
    if not (isinstance(value, str) and _MONEY.fullmatch(value)):
        yield _fault("money_format", pointer, _MONEY_TEXT)


def _rate(pointer: str, value: Any) -> Iterable[Fault]:
    if not (isinstance(value, str) and _DECIMAL.fullmatch(value)) or Decimal(value) > 1:
        yield _fault("rate_format", pointer, _RATE_TEXT)


def _share(pointer: str, value: Any) -> Iterable[Fault]:
    faults = list(_rate(pointer, value))
    yield from faults
    if not faults and Decimal(value) == 0:
        yield _fault("share_zero", pointer, _SHARE_TEXT)


def _days(pointer: str, value: Any) -> Iterable[Fault]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        yield _fault("days_format", pointer, _DAYS_TEXT)


def _flag(pointer: str, value: Any) -> Iterable[Fault]:
    if not isinstance(value, bool):
        yield _fault("flag_format", pointer, _FLAG_TEXT)


def _choice(*allowed: str) -> Check:
    text = Text(f"须为 {'、'.join(allowed)} 之一。", f"This is one of {', '.join(allowed)}.")

    def check(pointer: str, value: Any) -> Iterable[Fault]:
        if value not in allowed:
            yield _fault("value_not_in_set", pointer, text)

    return check


def _names(allowed: frozenset[str]) -> Check:
    text = Text("没有这一损失类别。", "There is no such kind of loss.")

    def check(pointer: str, value: Any) -> Iterable[Fault]:
        if not isinstance(value, list):
            yield _fault("list_format", pointer, Text("须为列表。", "This is a list."))
            return
        for i, one in enumerate(value):
            if not isinstance(one, str) or one not in allowed:
                yield _fault("value_not_in_set", f"{pointer}/{i}", text)

    return check


def _table(keys: frozenset[str], each: Check) -> Check:
    text = Text("没有这一项。", "There is no such entry.")

    def check(pointer: str, value: Any) -> Iterable[Fault]:
        if not isinstance(value, Mapping):
            yield _fault("object_format", pointer, Text("须为对象。", "This is an object."))
            return
        for key, one in value.items():
            if key not in keys:
                yield _fault("unknown_property", f"{pointer}/{key}", text)
            else:
                yield from each(f"{pointer}/{key}", one)

    return check


def _clauses(pointer: str, value: Any) -> Iterable[Fault]:
    """Which clauses carry a term or a head of loss: `{term: [clause id, …]}`; `insuring` names the cover itself."""
    text = Text("须为条款编号列表。", "This is a list of clause ids for each term.")
    if not isinstance(value, Mapping):
        yield _fault("object_format", pointer, text)
        return
    for term, ids in value.items():
        if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids):
            yield _fault("list_format", f"{pointer}/{term}", text)


_SCALE = _table(GRADES, _rate)

TERMS: dict[str, dict[str, Check]] = {
    "liability": {
        "basis": _choice("fault", "strict"),
        "limit_per_accident": _money,
        "limit_per_person": _money,
        "aggregate_limit": _money,
        "death_benefit_per_person": _money,
        "medical_limit_per_person": _money,
        "medical_deductible": _money,
        "medical_reimbursement_rate": _rate,
        "non_catalogue_medical_rate": _rate,
        "medical_kinds": _names(LIABILITY_KINDS),
        "wage_daily_amount": _money,
        "wage_waiting_days": _days,
        "wage_max_days": _days,
        "wage_offsets_disability": _flag,
        "disability_scale": _SCALE,
        "property_deductible_amount": _money,
        "property_deductible_rate": _rate,
        "property_deductible_rule": _choice("max", "sum"),
        "expense_limits": _table(EXPENSE_KINDS, _money),
        "expenses_inside_limit": _flag,
        "excluded_kinds": _names(LIABILITY_KINDS),
        "own_share": _share,
        "allocation": _choice("pro_rata", "injury_first"),
        "sub_limits": _table(LIABILITY_KINDS, _money),
        "clause_ids": _clauses,
    },
    "accident": {
        "sum_insured": _money,
        "disability_scale": _SCALE,
        "medical_sum_insured": _money,
        "medical_deductible": _money,
        "medical_reimbursement_rate": _rate,
        "social_deduction_priced": _flag,
        "allowance_daily_amount": _money,
        "allowance_waiting_days": _days,
        "allowance_max_days": _days,
        "benefit_days": _days,
        "premium_charged_per_person": _money,
        "premium_due_per_person": _money,
        "clause_ids": _clauses,
    },
}
"""The terms of each line and what each may hold; a `null` is an absent term."""


def cover_faults(line: str, cover: Mapping[str, Any], root: str = "#/cover") -> list[Fault]:
    """Every fault of a policy's cover terms, in the order they are stated; `root` is where they stand in the body."""
    terms = TERMS.get(line)
    if terms is None:
        return [_fault("value_not_in_set", "#/line", Text("没有这一险种类别。", "There is no such line."))]
    faults: list[Fault] = []
    for name, value in cover.items():
        if name not in terms:
            text = Text("该险种没有这一条款项。", "This line has no such term.")
            faults.append(_fault("unknown_property", f"{root}/{name}", text))
        elif value is not None:
            faults.extend(terms[name](f"{root}/{name}", value))
    if line == "liability":
        faults.extend(_scale_without_base(cover, root))
    return faults


def _scale_without_base(cover: Mapping[str, Any], root: str) -> Iterable[Fault]:
    """A scale is a share of the death benefit or of the limit per person: without either it is a share of nothing."""
    if cover.get("disability_scale") and not (cover.get("death_benefit_per_person") or cover.get("limit_per_person")):
        text = Text(
            "伤残比例表须有每人死亡保险金或每人限额作为基数。",
            "A disability scale needs the death benefit or the limit per person it is a share of.",
        )
        yield _fault("scale_without_base", f"{root}/disability_scale", text)


def check_cover(line: str, cover: Mapping[str, Any]) -> None:
    """Refuse (422), all at once, cover terms that are unknown in this line or not in their format."""
    faults = cover_faults(line, cover)
    if faults:
        raise ValidationFailed(*faults)
