"""The route table: one concrete path belongs to one service, and what the table does not name does not exist.

`routes.json` is generated from the services' own documents. A literal segment goes before a parameter; where several
templates fit a path, the first that has the method counts, and `Allow` names the methods of all of them, as the
services themselves answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from shared.errors import MalformedRequest, MethodNotAllowed

FILE = Path(__file__).parent / "routes.json"
DEFAULT_TIMEOUT_S = 5.0
DEFAULT_MAX_BYTES = 1024 * 1024

_RAW = re.compile(rb"/[A-Za-z0-9\-._~!$&'()*+,=:@%/]*")
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_][A-Za-z0-9_\-]*)+")
"""Read alike by everybody, and written on as it is."""
_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_REFUSED = frozenset("/\\;%\x7f") | {chr(code) for code in range(32)}
_SAFE = "-._~!$&'()*+,=:@"


@dataclass(frozen=True, slots=True)
class StatedAmount:
    """Where the body states money: `pointer` to it, the `kind` of limit, `step` where the body says which act it is."""

    pointer: str
    kind: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class ForwardedRoute:
    """One method of one path template, and what has to be checked before it is passed on."""

    path: str
    method: str
    service: str
    permission: str | None
    """None: public."""
    amount: StatedAmount | None = None
    step_up: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_bytes: int = DEFAULT_MAX_BYTES
    keyed: bool = False
    """Whether it has its effect once for each `Idempotency-Key`, and cannot be sent without one."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ForwardedRoute:
        """From a row of `routes.json`. Raises `KeyError` or `TypeError` for one that is incomplete."""
        if (row.get("permission") is None) != bool(row.get("public", False)):
            raise KeyError(f"{row['method']} {row['path']}: permission or public")
        amount = row.get("amount")
        return cls(
            path=row["path"],
            method=row["method"],
            service=row["service"],
            permission=row.get("permission"),
            amount=None if amount is None else StatedAmount(**amount),
            step_up=bool(row.get("step_up", False)),
            timeout_s=float(row.get("timeout_s") or DEFAULT_TIMEOUT_S),
            max_bytes=int(row.get("max_bytes") or DEFAULT_MAX_BYTES),
            keyed=row.get("idempotency") == "key",
        )


@dataclass
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    routes: dict[str, ForwardedRoute] = field(default_factory=dict)

    @cached_property
    def place(self) -> Place:
        """Where no other template fits the path."""
        return Place(self.routes)


@dataclass(frozen=True)
class Place:
    """A path that exists: its routes by method."""

    routes: Mapping[str, ForwardedRoute]

    @cached_property
    def templates(self) -> frozenset[str]:
        return frozenset(one.path for one in self.routes.values())

    def route(self, method: str) -> ForwardedRoute:
        """Raises `MethodNotAllowed` with the complete `Allow`."""
        found = self.routes.get(method)
        if found is None:
            raise not_allowed(self.routes)
        return found


def not_allowed(methods: Iterable[str]) -> MethodNotAllowed:
    """The refusal of a method, with every method that the path has."""
    problem = MethodNotAllowed()
    problem.headers = {"Allow": ", ".join(sorted(methods))}  # type: ignore[misc]
    return problem


class RouteTable:
    """All forwarded routes, compiled once."""

    def __init__(self, routes: Iterable[ForwardedRoute]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            self._enter(route)

    @classmethod
    def load(cls, file: Path = FILE) -> RouteTable:
        """The committed table."""
        return cls(ForwardedRoute.of(row) for row in json.loads(file.read_text(encoding="utf-8")))

    def _enter(self, route: ForwardedRoute) -> None:
        node = self._root
        for step in route.path.split("/")[1:]:
            if step.startswith("{") and step.endswith("}") and ":" not in step:
                node.parameter = node.parameter or _Node()
                node = node.parameter
            elif "{" in step or not step:
                raise ValueError(f"{route.path}: a segment is a literal or one parameter")
            else:
                node = node.literals.setdefault(step, _Node())
        others = {one.service for one in node.routes.values()} - {route.service}
        if others or route.method in node.routes:
            raise ValueError(f"{route.method} {route.path}: taken by {', '.join(others) or route.service}")
        node.routes[route.method] = route

    def apart_from(self, templates: Iterable[str]) -> Callable[[str], Place | None]:
        """The place of a path that is one of the table's and cannot be meant for any of `templates`, the gateway's
        own; None for every other."""
        own = list(templates)
        shared = {route.path for route in self.routes if any(_meet(route.path, other) for other in own)}

        def found(path: str) -> Place | None:
            place = self.find(path)
            return None if place is None or not shared.isdisjoint(place.templates) else place

        return found

    def find(self, path: str) -> Place | None:
        """The place of a normalised path; None where there is none."""
        leaves = list(_leaves(self._root, path.split("/"), 1))
        if len(leaves) == 1:
            return leaves[0].place
        routes: dict[str, ForwardedRoute] = {}
        for node in leaves:
            routes = {**node.routes, **routes}
        return Place(routes) if routes else None


def _meet(one: str, other: str) -> bool:
    """Whether some path fits both templates."""
    if ":path}" in one + other:
        return True
    left, right = one.split("/"), other.split("/")
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(a == b or "{" in a + b for a, b in pairs)


def _leaves(node: _Node, steps: list[str], at: int) -> Iterator[_Node]:
    """Of the steps from the one numbered `at` on; as long as there is one way only, it is gone without turning."""
    while at < len(steps):
        step = steps[at]
        at += 1
        literal = node.literals.get(step)
        other = node.parameter if step else None
        if literal is not None and other is not None:
            yield from _leaves(literal, steps, at)
        if literal is None and other is None:
            return
        node = other or literal  # type: ignore[assignment]
    if node.routes:
        yield node


@cache
def committed() -> RouteTable:
    """The committed table, read once."""
    return RouteTable.load()


def normalised(raw: bytes) -> str:
    """The one reading of a request's path: percent-escapes undone, once.

    Refuses (`MalformedRequest`) whatever another reader could take for a different path: empty and dot segments,
    escaped slashes, backslashes, semicolons and control characters, escapes of escapes, and bytes that are no UTF-8.
    """
    if not _RAW.fullmatch(raw) or _ESCAPE.search(raw) or b"//" in raw:
        raise MalformedRequest()
    if _PLAIN.fullmatch(raw):
        return raw.decode("ascii")
    steps = []
    for part in raw[1:].split(b"/"):
        try:
            step = unquote_to_bytes(part).decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedRequest() from None
        if step in (".", "..") or not _REFUSED.isdisjoint(step):
            raise MalformedRequest()
        steps.append(step)
    return "/" + "/".join(steps)


def written(path: str) -> str:
    """The normalised path as it is sent on, escaped in the one way there is."""
    if path.isascii() and _PLAIN.fullmatch(path.encode()):
        return path
    return quote(path, safe="/" + _SAFE)
