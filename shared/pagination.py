"""Lists: keyset pages with a signed cursor, filters that refuse what they do not know, a total order.

A room declares a `Listing` of its record type once; the query parameters, the SQL and the cursor follow from it.
Row scope is not a filter: the database applies it to every page, count and search alike.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, model_serializer
from sqlalchemy import Select, and_, func, or_, select

from shared.clock import process_now
from shared.database import Transaction, path_range
from shared.errors import CursorInvalid, Fault, InvalidParameter, Text, UnknownParameter

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
TOTAL_CAP = 10_000
CURSOR_SECONDS = 24 * 3600

_COMMON = ("limit", "cursor", "sort", "fields", "include_total", "unit_code", "org_scope")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "gte": lambda column, value: column >= value,
    "gt": lambda column, value: column > value,
    "lte": lambda column, value: column <= value,
    "lt": lambda column, value: column < value,
}

T = TypeVar("T", bound=BaseModel)


class Page(BaseModel, Generic[T]):
    """One page. `next_cursor` is null on the last one; `total` only where it was asked for."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None
    total_exact: bool | None = None

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> dict[str, Any]:
        shown = {name: value for name, value in write(self).items() if value is not None}
        return {"items": shown.pop("items"), "next_cursor": self.next_cursor, **shown}


@dataclass(frozen=True)
class Filter:
    """One query parameter: `column` compared for equality (repeated = or), by range with `[gte]` … where `ranged`."""

    column: Any
    kind: type = str
    ranged: bool = False


@dataclass(frozen=True)
class Listing:
    """What a collection can be asked for."""

    model: Any
    filters: Mapping[str, Filter] = field(default_factory=dict)
    search: Sequence[Any] = ()
    """Columns that `q=` matches by prefix."""
    sorts: Mapping[str, Any] = field(default_factory=dict)
    default_sort: str = "-created_at"
    conditions: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    """Parameters that are no plain comparison: name → function of the text giving an SQL condition."""

    def parameters(self) -> set[str]:
        """Every query parameter this list knows."""
        names = set(_COMMON) | set(self.conditions) | ({"q"} if self.search else set())
        for name, one in self.filters.items():
            names |= {f"{name}[{op}]" for op in _COMPARE} if one.ranged else set()
            names.add(name)
        return names


@dataclass(frozen=True)
class Asked:
    """The parsed query of one request."""

    condition: Sequence[Any]
    keys: Sequence[tuple[str, Any, bool]]
    """Sort keys: name, column, descending; `id` last."""
    limit: int
    cursor: str | None
    fields: frozenset[str] | None
    include_total: bool
    fingerprint: str


def read_query(listing: Listing, query: Sequence[tuple[str, str]], unit_path: Callable[[str], str | None]) -> Asked:
    """Parse the query parameters of a list.

    `unit_path` gives the org path of a unit code (None: unknown, the list is empty). Raises `UnknownParameter` and
    `InvalidParameter`, each naming all parameters at fault.
    """
    known = listing.parameters()
    unknown = sorted({name for name, _ in query if name not in known})
    if unknown:
        words = Text("不支持该查询参数。", "This query parameter is not known.")
        raise UnknownParameter(*(Fault("unknown_parameter", words, parameter=name) for name in unknown))
    values: dict[str, list[str]] = {}
    for name, value in query:
        values.setdefault(name, []).append(value)
    bad: list[Fault] = []
    conditions = _conditions(listing, values, unit_path, bad)
    limit = _number(values, "limit", DEFAULT_LIMIT, bad)
    keys = _sort_keys(listing, _single(values, "sort", listing.default_sort), bad)
    if bad:
        raise InvalidParameter(*bad)
    identity = sorted((n, v) for n, v in query if n not in ("cursor", "limit", "fields", "include_total"))
    shown = _single(values, "fields", "")
    return Asked(
        condition=conditions, keys=keys, limit=limit, cursor=_single(values, "cursor", None),
        fields=frozenset(shown.split(",")) if shown else None,
        include_total=_single(values, "include_total", "false") == "true",
        fingerprint=hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16],
    )  # fmt: skip


def _single(values: Mapping[str, list[str]], name: str, default: Any) -> Any:
    return values[name][-1] if name in values else default


def _number(values: Mapping[str, list[str]], name: str, default: int, bad: list[Fault]) -> int:
    given = _single(values, name, str(default))
    if given.isascii() and given.isdigit() and 1 <= int(given) <= MAX_LIMIT:
        return int(given)
    bad.append(
        Fault("out_of_range", Text(f"须为 1 至 {MAX_LIMIT}。", f"Give a number from 1 to {MAX_LIMIT}."), parameter=name)
    )
    return default


def _conditions(listing: Listing, values: Mapping[str, list[str]], unit_path: Any, bad: list[Fault]) -> list[Any]:
    found: list[Any] = []
    for name, one in listing.filters.items():
        if name in values:
            wanted = [_parsed(value, one.kind, name, bad) for value in values[name]]
            found.append(one.column.in_(wanted) if len(wanted) > 1 else one.column == wanted[0])
        for op, compare in _COMPARE.items() if one.ranged else ():
            if (ranged := f"{name}[{op}]") in values:
                found.append(compare(one.column, _parsed(values[ranged][-1], one.kind, ranged, bad)))
    for name, condition in listing.conditions.items():
        if name in values:
            try:
                found.append(condition(values[name][-1]))
            except ValueError:
                bad.append(_invalid(name))
    if "q" in values and listing.search:
        prefix = values["q"][-1].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        found.append(or_(*(column.like(f"{prefix}%") for column in listing.search)))
    if "unit_code" in values:
        found.append(
            _of_units(listing.model.org_path, values["unit_code"], _single(values, "org_scope", ""), unit_path)
        )
    return found


def _of_units(column: Any, codes: Sequence[str], org_scope: str, unit_path: Callable[[str], str | None]) -> Any:
    paths = [path for code in codes if (path := unit_path(code)) is not None]
    if not paths:
        return column.is_(None)
    if org_scope == "exact":
        return column.in_(paths)
    return or_(*(path_range(column, path) for path in paths))


def _invalid(name: str) -> Fault:
    return Fault("invalid_parameter", Text("该值无效。", "This value is not valid."), parameter=name)


def _parsed(value: str, kind: type, name: str, bad: list[Fault]) -> Any:
    try:
        if kind is datetime:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError(value)
            return moment.astimezone(UTC)
        if kind is date:
            return date.fromisoformat(value)
        if kind is bool:
            return {"true": True, "false": False}[value]
        if kind in (UUID, int, Decimal):
            return kind(value)
        return value
    except (ValueError, KeyError, ArithmeticError):
        bad.append(_invalid(name))
        return None


def _sort_keys(listing: Listing, sort: str, bad: list[Fault]) -> list[tuple[str, Any, bool]]:
    keys = []
    columns = {"created_at": getattr(listing.model, "created_at", None), **listing.sorts}
    for part in sort.split(","):
        name = part.removeprefix("-")
        if columns.get(name) is None:
            bad.append(_invalid("sort"))
            return []
        keys.append((name, columns[name], part.startswith("-")))
    return [*keys, ("id", listing.model.id, keys[-1][2])]


async def page(
    tx: Transaction, listing: Listing, asked: Asked, secret: bytes, statement: Select[Any] | None = None
) -> tuple[Sequence[Any], str | None, int | None]:
    """The rows of one page, the cursor of the next, and the total where it was asked for (capped)."""
    chosen = (select(listing.model) if statement is None else statement).where(*asked.condition)
    total = None
    if asked.include_total:
        counted = chosen.with_only_columns(listing.model.id).limit(TOTAL_CAP + 1).subquery()
        total = await tx.scalar(select(func.count()).select_from(counted))
    if asked.cursor is not None:
        chosen = chosen.where(_after(asked, _opened(asked, secret)))
    order = [column.desc() if down else column.asc() for _, column, down in asked.keys]
    rows = await tx.scalars(chosen.order_by(*order).limit(asked.limit + 1))
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return rows, _sealed(asked, rows[-1], secret) if more else None, total


def shaped(items: Sequence[T], cursor: str | None, total: int | None) -> Page[T]:
    """The answer of a list."""
    exact = None if total is None else total <= TOTAL_CAP
    return Page(
        items=list(items), next_cursor=cursor, total=None if total is None else min(total, TOTAL_CAP), total_exact=exact
    )


def _after(asked: Asked, values: Sequence[Any]) -> Any:
    steps = []
    for i, (_, column, down) in enumerate(asked.keys):
        equal = [asked.keys[j][1] == values[j] for j in range(i)]
        steps.append(and_(*equal, column < values[i] if down else column > values[i]))
    return or_(*steps)


def _signature(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, b"cursor" + body, hashlib.sha256).digest()[:12]


def _sealed(asked: Asked, row: Any, secret: bytes) -> str:
    values = [_plain(getattr(row, column.key)) for _, column, _ in asked.keys]
    body = json.dumps([int(process_now().timestamp()) + CURSOR_SECONDS, asked.fingerprint, values]).encode()
    return base64.urlsafe_b64encode(_signature(secret, body) + body).decode().rstrip("=")


def _plain(value: Any) -> Any:
    return (
        value.isoformat()
        if isinstance(value, (datetime, date))
        else value
        if isinstance(value, (int, str))
        else str(value)
    )


def _opened(asked: Asked, secret: bytes) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(str(asked.cursor) + "=" * (-len(str(asked.cursor)) % 4))
        body = raw[12:]
        if not hmac.compare_digest(raw[:12], _signature(secret, body)):
            raise ValueError("altered")
        until, fingerprint, values = json.loads(body)
        if until < process_now().timestamp() or fingerprint != asked.fingerprint:
            raise ValueError("expired or of other filters")
        return [_typed(value, column) for value, (_, column, _) in zip(values, asked.keys, strict=True)]
    except (ValueError, TypeError) as fault:
        raise CursorInvalid() from fault


def _typed(value: Any, column: Any) -> Any:
    kind = column.type.python_type
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    return kind(value) if value is not None else None
