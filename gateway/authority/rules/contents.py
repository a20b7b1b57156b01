"""What the content of a rule set must fulfil before it reaches the services that read it.

Each kind has a structure, a JSON Schema beside the seeds; what a schema cannot say is checked here: that a day is
listed once, that rows of one deadline do not overlap, that a brace in a template holds a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from gateway.authority.rules.structure import Schema, misfits
from shared.calendar import BusinessCalendar, working_windows
from shared.deadline_registry import DeadlineRegistry
from shared.errors import Fault, Refused, Text

TRIGGERS = (
    "refusal", "ex_gratia", "advance", "litigation", "casualties", "reopening", "recovery_waiver", "suspected_fraud",
    "staff_or_relatives", "manual_override",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


class RuleSetInvalid(Refused):
    """The faults name the places in the content, each by its pointer."""

    code = "rule_set_invalid"
    title = Text("规则内容无法读取", "The content cannot be read")
    detail = Text(
        "规则内容与该类规则的结构不符，详见 errors。",
        "The content does not have the structure of its kind; see errors.",
    )


Found = Iterator[tuple[str, str, Text]]
"""Pointer within the content, code and words of each fault."""

_TWICE = Text("该编码重复。", "The code stands twice.")
_UNREADABLE = Text("内容自相矛盾。", "The content contradicts itself.")


def check_content(kind: str, structure: Schema, content: Mapping[str, Any]) -> None:
    """Raises `RuleSetInvalid` with every place at fault; a content without the structure is not looked into further."""
    found = [(one.pointer, one.code, one.text) for one in misfits(structure, content)]
    if not found and kind in _FURTHER:
        found = list(_FURTHER[kind](content))
    if found:
        raise RuleSetInvalid(*(Fault(code, words, pointer=f"#/content{at}") for at, code, words in found))


def _calendars(content: Mapping[str, Any]) -> Found:
    seen: set[str] = set()
    years = Counter(one["year"] for one in content["years"])
    for n, one in enumerate(content["years"]):
        if years[one["year"]] > 1:
            yield f"/years/{n}/year", "not_unique", Text("该年份重复。", "The year stands twice.")
        for name in ("festivals", "swapped_days_off", "make_up_days"):
            for m, day in enumerate(one[name]):
                if day in seen or not day.startswith(f"{one['year']}-"):
                    words = Text("该日重复或不属于该年。", "The day stands twice, or lies in another year.")
                    yield f"/years/{n}/{name}/{m}", "not_unique", words
                seen.add(day)
    yield from _read(lambda: BusinessCalendar.from_content(content, "new"), "/weekly_rest_days")


def _deadlines(content: Mapping[str, Any]) -> Found:
    for n, row in enumerate(content["rows"]):
        if row.get("effective_to", row["effective_from"]) < row["effective_from"]:
            words = Text("止期早于起期。", "It ends before it begins.")
            yield f"/rows/{n}/effective_to", "period_reversed", words
    yield from _read(lambda: DeadlineRegistry.from_content(content), "/rows")


def _read(parse: Callable[[], Any], pointer: str) -> Found:
    """What the readers of every service themselves refuse."""
    try:
        parse()
    except (ValueError, KeyError, TypeError) as problem:
        yield pointer, "unreadable", Text(_UNREADABLE.zh, str(problem))


def _enquiries(content: Mapping[str, Any]) -> Found:
    yield from _read(lambda: working_windows(content["hours"]), "/hours")


def _thresholds(content: Mapping[str, Any]) -> Found:
    classes, bounds = content["hazard"]["classes"], []
    for n, one in enumerate(classes):
        if ("from" in one) == ("above" in one):
            words = Text("from 与 above 须且只须给出一个。", "Give exactly one of from and above.")
            yield f"/hazard/classes/{n}", "from_or_above", words
        bounds.append(Decimal(one.get("from", one.get("above", "0"))))
    falling = all(upper > lower for upper, lower in pairwise(bounds))
    if not falling or bounds[-1] != 0 or "from" not in classes[-1]:
        words = Text("等级须由高到低，最低一级自 0 起。", "Classes go from the highest down, the last one from 0.")
        yield "/hazard/classes", "not_ordered", words
    yield from _once(classes, "/hazard/classes", "class")
    score = content["assessment"]
    if score["minimum_score"] >= score["maximum_score"]:
        words = Text("最低分须小于最高分。", "The lowest score lies below the highest.")
        yield "/assessment/maximum_score", "not_ordered", words


def _once(rows: Iterable[Mapping[str, Any]], pointer: str, name: str = "code") -> Found:
    seen: set[str] = set()
    for n, row in enumerate(rows):
        if row[name] in seen:
            yield f"{pointer}/{n}/{name}", "not_unique", _TWICE
        seen.add(row[name])


def _triggers(content: Mapping[str, Any]) -> Found:
    for one in TRIGGERS:
        stated = (one in content["lowest_level"]) + (one in content["levels_up"])
        if stated != 1:
            words = Text(
                "每项触发条件须且只须有一个去向。", "Every trigger has a lowest level, or a number of levels up."
            )
            yield f"/lowest_level/{one}", "missing" if stated == 0 else "not_unique", words


def _questionnaires(content: Mapping[str, Any]) -> Found:
    for kind, one in content["kinds"].items():
        below = f"/kinds/{kind}/questions"
        yield from _once(one["questions"], below)
        for n, question in enumerate(one["questions"]):
            for name in ("negative", "points"):
                if not set(question.get(name, ())) <= set(question["answers"]):
                    words = Text("只能使用该题的答案。", "Only answers of the question itself can be named.")
                    yield f"{below}/{n}/{name}", "not_in_list", words


def _checklists(content: Mapping[str, Any]) -> Found:
    yield from _once(content["documents"], "/documents")
    yield from _once(content["steps"], "/steps")


def _letters(content: Mapping[str, Any]) -> Found:
    for service, kinds in content.items():
        for kind, letter in kinds.items() if service != "layout" else ():
            yield from _placeholders(letter["title"], f"/{service}/{kind}/title")
            for n, part in enumerate(letter["parts"]):
                yield from _placeholders(part["text"], f"/{service}/{kind}/parts/{n}/text")


def _messages(content: Mapping[str, Any]) -> Found:
    for service, kinds in content.items():
        for kind, channels in kinds.items() if service != "quiet" else ():
            for channel, message in channels.items():
                for name in ("subject", "text"):
                    yield from _placeholders(message.get(name, ""), f"/{service}/{kind}/{channel}/{name}")


def _placeholders(text: str, pointer: str) -> Found:
    """A brace that names no value would be told to a customer as it stands."""
    if "{" in (rest := _PLACEHOLDER.sub("", text)) or "}" in rest:
        words = Text("花括号内须为小写字母的名称。", "Braces hold a name in lower-case letters.")
        yield pointer, "unknown_placeholder", words


def _causes(content: Mapping[str, Any]) -> Found:
    yield from _once(content["nodes"], "/nodes")
    above: set[str] = set()
    for n, one in enumerate(content["nodes"]):
        if "parent" in one and one["parent"] not in above:
            words = Text("上级原因须列在其前。", "The cause above must be listed before it.")
            yield f"/nodes/{n}/parent", "not_in_list", words
        if "parent" not in one and "stage" not in one:
            words = Text("顶层原因须有环节。", "A cause at the top names its stage.")
            yield f"/nodes/{n}/stage", "missing", words
        above.add(one["code"])


def _service_times(content: Mapping[str, Any]) -> Found:
    bounds = content["reserve"]
    if Decimal(bounds["adequate_from"]) > Decimal(bounds["adequate_to"]):
        words = Text("下限不得大于上限。", "The lower bound lies above the upper one.")
        yield "/reserve/adequate_to", "not_ordered", words


def _levels(content: Mapping[str, Any]) -> Found:
    yield from _once(content["levels"], "/levels")


def _compensation(content: Mapping[str, Any]) -> Found:
    for province, one in content["provinces"].items():
        if one["years"]["floor_from_age"] <= one["years"]["reduced_from_age"]:
            words = Text("年龄须递增。", "The ages must rise.")
            yield f"/provinces/{province}/years/floor_from_age", "not_ordered", words


_FURTHER: Mapping[str, Callable[[Mapping[str, Any]], Found]] = {
    "calendars": _calendars, "deadlines": _deadlines, "thresholds": _thresholds, "approval_triggers": _triggers,
    "questionnaires": _questionnaires, "document_checklists": _checklists, "message_templates": _messages,
    "letter_templates": _letters, "causes": _causes, "service_times": _service_times, "sla": _levels,
    "compensation_figures": _compensation, "enquiries": _enquiries,
}  # fmt: skip
