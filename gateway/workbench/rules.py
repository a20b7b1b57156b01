"""The order of the merged inbox, its cursor, and how its counts are added up. Pure: on items as answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.clock import legal_day
from shared.errors import Conflict, CursorInvalid, Fault, InvalidParameter, Text, ValidationFailed

GROUPS = {"unit": "unit_code", "person": "assignee_person_id", "kind": "kind"}
NORMAL = "normal"
CURSOR_S = 24 * 3600
_SIGNATURE = 12

Item = Mapping[str, Any]


class AddressedToUnit(Conflict):
    code = "addressed_to_unit"
    title = Text("该事项专属于所列机构", "The work belongs to the unit that it names")
    detail = Text(
        "工作指令只能由受令机构办理，不能改派。",
        "A directive is for the unit that it was issued to; it cannot be moved.",
    )


def due_of(item: Item) -> datetime | None:
    """When the item is due."""
    due = item.get("due_at")
    return None if due is None else datetime.fromisoformat(due)


def place_of(item: Item) -> tuple[Any, ...]:
    """The legal day, within the day priority (a key account moves up, never around what is due before it), then the
    moment; what has no due time last."""
    due = due_of(item)
    day = "" if due is None else legal_day(due).isoformat()
    return (due is None, day, int(item["priority"] == NORMAL), due or 0, item["id"])


def merged(found: Iterable[Iterable[Item]], limit: int) -> tuple[list[Item], bool]:
    """The first `limit` of all sources, and whether there are more."""
    items = sorted((one for items in found for one in items), key=place_of)
    return items[:limit], len(items) > limit


def fingerprint(query: Sequence[tuple[str, str]]) -> str:
    """What a cursor belongs to: the filters, whatever their order."""
    asked = sorted((name, value) for name, value in query if name not in ("cursor", "limit"))
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def sealed(secret: bytes, last: Item, asked: str, now: datetime) -> str:
    """The cursor after `last`; nobody but the gateway can make one."""
    until = int(now.timestamp()) + CURSOR_S
    body = json.dumps([until, asked, last["id"], last.get("due_at"), last["priority"]]).encode()
    return base64.urlsafe_b64encode(_signed(secret, body) + body).decode().rstrip("=")


def _signed(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"inbox" + body, hashlib.sha256).digest()[:_SIGNATURE]


def opened(secret: bytes, cursor: str, asked: str, now: datetime) -> dict[str, str]:
    """The filters that go on after the cursor. Raises `CursorInvalid`."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        body = raw[_SIGNATURE:]
        if not hmac.compare_digest(raw[:_SIGNATURE], _signed(secret, body)):
            raise ValueError("altered")
        until, filters, item_id, due_at, priority = json.loads(body)
        if until < now.timestamp() or filters != asked:
            raise ValueError("expired, or of other filters")
    except (ValueError, TypeError):
        raise CursorInvalid() from None
    return {"after_id": item_id, "after_priority": priority} | ({"after_due": due_at} if due_at else {})


def groups_of(group_by: str) -> tuple[str, ...]:
    """`unit,person` as names of groups. Raises `InvalidParameter`."""
    names = group_by.split(",")
    if not set(names) <= set(GROUPS) or len(set(names)) != len(names):
        words = Text("可按 unit、person、kind 分组。", "Group by unit, person and kind, each at most once.")
        raise InvalidParameter(Fault("invalid_parameter", words, parameter="group_by"))
    return tuple(names)


def added_up(rows: Iterable[Item], groups: Sequence[str]) -> list[dict[str, Any]]:
    """The counts of all sources for each group, in the order of the groups' names."""
    found: dict[tuple[str, ...], list[int]] = {}
    for one in rows:
        row = found.setdefault(tuple(str(one.get(GROUPS[name]) or "") for name in groups), [0, 0])
        row[0] += one["open"]
        row[1] += one["overdue"]
    return [
        {**{GROUPS[name]: value or None for name, value in zip(groups, key, strict=True)}, "open": n, "overdue": late}
        for key, (n, late) in sorted(found.items())
    ]


def check_goal(to_person: object, to_unit: object) -> None:
    """Exactly one of the two. Raises `ValidationFailed`."""
    if (to_person is None) == (to_unit is None):
        words = Text("须在 to_person_id 与 to_unit_code 中择一。", "Give either to_person_id or to_unit_code.")
        raise ValidationFailed(Fault("one_of", words, pointer="#/to_person_id"))


def settled(item_id: str, answers: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What became of an item that all services were asked about: the word of the one that has it; None: none has it."""
    told = [one for one in answers if one["ref"] == item_id]
    return next((one for one in told if one["status"] != 404), None)
