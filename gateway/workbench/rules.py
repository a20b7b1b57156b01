"""Which items of the merged inbox are meant, in which order, and how many there are. Pure: on items as answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.authority import covers
from shared.errors import Fault, InvalidParameter, Text

GROUPS = {"unit": "unit_code", "person": "assignee_person_id", "kind": "kind"}

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an inbox is narrowed to; None: not at all."""

    kinds: Collection[str] | None = None
    persons: Collection[str | None] | None = None
    paths: Collection[str] | None = None
    """Org paths; work of the units at or below one of them."""
    due_before: datetime | None = None
    overdue: bool | None = None


def due_of(item: Item) -> datetime | None:
    """When the item is due."""
    due = item.get("due_at")
    return None if due is None else datetime.fromisoformat(due)


def is_overdue(item: Item, now: datetime) -> bool:
    """Whether the item was due before `now`."""
    due = due_of(item)
    return due is not None and due < now


def meant(item: Item, wanted: Wanted, path_of: Mapping[str, str], now: datetime) -> bool:
    """Whether `item` is asked for; `path_of` gives the org path of a unit code."""
    due = due_of(item)
    path = path_of.get(item["unit_code"], item["org_path"])
    return (
        (wanted.kinds is None or item["kind"] in wanted.kinds)
        and (wanted.persons is None or item.get("assignee_person_id") in wanted.persons)
        and (wanted.paths is None or any(covers(path, one) for one in wanted.paths))
        and (wanted.due_before is None or (due is not None and due < wanted.due_before))
        and (wanted.overdue is None or is_overdue(item, now) == wanted.overdue)
    )


def in_order(items: Iterable[Item]) -> list[Item]:
    """What is due first comes first, what has no due time last; equal ones by id."""
    return sorted(items, key=lambda one: (one.get("due_at") is None, due_of(one) or 0, one["id"]))


def groups_of(group_by: str) -> tuple[str, ...]:
    """`unit,person` as the members that name a group. Raises `InvalidParameter`."""
    names = group_by.split(",")
    if not set(names) <= set(GROUPS) or len(set(names)) != len(names):
        words = Text("可按 unit、person、kind 分组。", "Group by unit, person and kind, each at most once.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="group_by"))
    return tuple(GROUPS[name] for name in names)


def counted(items: Iterable[Item], groups: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Open and overdue items of each group, in the order of the groups' names."""
    found: dict[tuple[str, ...], list[int]] = {}
    for item in items:
        row = found.setdefault(tuple(item.get(group) or "" for group in groups), [0, 0])
        row[0] += 1
        row[1] += is_overdue(item, now)
    return [
        {**{group: value or None for group, value in zip(groups, key, strict=True)}, "open": row[0], "overdue": row[1]}
        for key, row in sorted(found.items())
    ]
