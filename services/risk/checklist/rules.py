"""Checklists as data: which items one may have, which answers an item takes, and the points that they make.

A section's points are the weighted share of what was found in order, of 100, to one decimal; what does not apply does
not count. The whole is the weighted share over all items, not the mean of the sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from shared.errors import Conflict, Fault, Refused, Text, ValidationFailed

GENERAL = "general"
"""The industry whose list serves where there is none of the own."""
NOT_APPLICABLE = "n_a"
_HIGHEST = 5
_POINT = Decimal("0.1")


class Section(StrEnum):
    """The eight parts of a report; every one is mandatory."""

    MANAGEMENT_ATTITUDE = "management_attitude"
    SAFETY_RULES = "safety_rules"
    ADDRESS = "address"
    SAFETY_FACILITIES = "safety_facilities"
    PRODUCTS = "products"
    PROCESS_FLOW = "process_flow"
    HAZARDS = "hazards"
    ACCIDENT_HISTORY = "accident_history"


class ItemKind(StrEnum):
    YES_NO = "yes_no"
    SCALE = "scale"
    """0 (not at all) to 5 (wholly)."""
    NOTE = "note"
    """Words, without points."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `weight`: how much it counts against the others of the list."""

    code: str
    section: str
    kind: str
    weight: int
    required: bool


class ChecklistVersionExists(Conflict):
    code = "checklist_version_exists"
    title = Text("该版本已存在", "This version is there already")
    detail = Text("该行业的检查表版本 {list_version} 已发布。", "Version {list_version} of this list is published.")


class ChecklistNotLater(Refused):
    """Member: `newest`, the day from which the newest version holds (or today)."""

    code = "checklist_not_later"
    title = Text("生效日须晚于现行版本", "Later than the version before it")
    detail = Text("生效日须晚于 {newest}。", "A version takes effect after {newest}.")


def read_items(items: Iterable[Mapping[str, object]]) -> list[Item]:
    """The items of a stored list."""
    return [
        Item(str(one["code"]), str(one["section"]), str(one["kind"]), int(str(one["weight"])), bool(one["required"]))
        for one in items
    ]


def check_items(items: Sequence[Item]) -> None:
    """Refuse (422) a list with two items of one code, naming each."""
    seen: set[str] = set()
    faults = []
    for n, one in enumerate(items):
        if one.code in seen:
            text = Text("项目代码重复。", "Two items have this code.")
            faults.append(Fault("code_repeated", text, pointer=f"#/items/{n}/code"))
        seen.add(one.code)
    if faults:
        raise ValidationFailed(*faults)


def refuse_not_later(effective_from: date, newest: date | None, today: date) -> None:
    """Refuse (422) a version that would hold in the past or not after the newest one of its industry."""
    if effective_from < today or (newest is not None and effective_from <= newest):
        told = {"newest": (newest or today).isoformat()}
        pointer = "#/effective_from"
        fault = Fault(ChecklistNotLater.code, ChecklistNotLater.detail, pointer=pointer, members=told)
        raise ChecklistNotLater(fault, **told)


def answer_faults(items: Sequence[Item], answers: Mapping[str, Mapping[str, str]]) -> Iterable[Fault]:
    """What is wrong with the answers of each section: unknown items, answers off the scale, required ones missing."""
    known = {(one.section, one.code): one for one in items}
    for section, given in answers.items():
        for code, answer in given.items():
            pointer = f"#/sections/{section}/answers/{code}"
            if (section, code) not in known:
                yield Fault("item_unknown", Text("检查表没有该项目。", "The list has no such item."), pointer=pointer)
            elif not _fits(known[section, code], answer):
                yield Fault("answer_off_scale", Text("答案不在范围内。", "No such answer."), pointer=pointer)
    for one in items:
        if one.required and one.code not in answers.get(one.section, {}):
            pointer = f"#/sections/{one.section}/answers/{one.code}"
            yield Fault("answer_missing", Text("该项目必须回答。", "This item has to be answered."), pointer=pointer)


def _fits(item: Item, answer: str) -> bool:
    if item.kind == ItemKind.NOTE:
        return bool(answer.strip())
    allowed = ("yes", "no") if item.kind == ItemKind.YES_NO else tuple(str(n) for n in range(_HIGHEST + 1))
    return answer in (*allowed, NOT_APPLICABLE)


def scores(
    items: Sequence[Item], answers: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Decimal], Decimal | None]:
    """Points of each section and of the whole; nothing for a section without a scored answer."""
    found: dict[str, list[tuple[int, Decimal]]] = {}
    for one in items:
        answer = answers.get(one.section, {}).get(one.code)
        if answer is None or answer == NOT_APPLICABLE or one.kind == ItemKind.NOTE:
            continue
        share = Decimal(answer == "yes") if one.kind == ItemKind.YES_NO else Decimal(answer) / _HIGHEST
        found.setdefault(one.section, []).append((one.weight, share))
    every = [pair for pairs in found.values() for pair in pairs]
    return {section: _points(pairs) for section, pairs in found.items()}, _points(every) if every else None


def _points(pairs: Sequence[tuple[int, Decimal]]) -> Decimal:
    weight = sum(one for one, _ in pairs)
    return (sum((one * share for one, share in pairs), Decimal(0)) * 100 / weight).quantize(_POINT, ROUND_HALF_UP)
