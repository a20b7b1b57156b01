"""Which position may do what, at which level: the matrix of permissions as data, and the answers it gives.

What is not stated is refused: an unknown permission, an unknown position, a position at a level where it does not
exist. The matrix knows nothing of amounts (`shared.authority`) and nothing of records.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.authority import KINDS, AuthorityTable

PLACE_LETTERS = {
    ("sub_branch", "standard"): "S",
    ("central_branch", "standard"): "C",
    ("central_branch", "branch_local"): "L",
    ("branch", "standard"): "B",
    ("head_office", "standard"): "H",
}
CLASSES = ("session", "read", "write", "money", "field")
GROUPS = ("business", "rules", "audit", "security", "operation", "machine")
NO_CELL = "-"


class MatrixIncomplete(ValueError):
    """The file does not state every cell, or states one twice; the message names the row."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position (岗位): the letters of the places where it exists, its group (`business`, `rules`, `audit`,
    `security`, `operation`, `machine`) and its Chinese name."""

    name: str
    at: str
    group: str
    zh: str


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: `allowed` maps a position to the letters of the places where it may."""

    name: str
    kind: str
    ladder: str | None
    allowed: Mapping[str, str]

    @property
    def audience(self) -> str:
        """The service that enforces it: the first part of the name; `organisation` is the gateway itself."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Matrix:
    """The whole file: positions, permissions, pairs of positions that exclude each other."""

    version: str
    positions: Mapping[str, Position]
    permissions: Mapping[str, Permission]
    forbidden_pairs: frozenset[frozenset[str]]
    _held: dict[tuple[str | None, ...], frozenset[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `permissions_of` has found: it is asked with every request, and a matrix never changes."""

    @classmethod
    def load(cls, text: str) -> Matrix:
        """Read the TOML text; `MatrixIncomplete` if a cell is missing, out of place, or names what does not exist."""
        data = tomllib.loads(text)
        _refuse_unknown_tables(data)
        positions = {name: _position(name, row) for name, row in data["positions"].items()}
        ladders = data["ladders"]
        permissions: dict[str, Permission] = {}
        for service, classes in data["matrix"].items():
            for kind, rows in classes.items():
                for name, cells in rows.items():
                    _refuse_misplaced(name, service, kind, permissions)
                    permissions[name] = Permission(name, kind, ladders.get(name), _allowed(name, cells, positions))
        matrix = cls(data["version"], positions, permissions, _pairs(data["forbidden_pairs"], positions))
        matrix._refuse_wrong_ladders(ladders)
        return matrix

    def _refuse_wrong_ladders(self, ladders: Mapping[str, str]) -> None:
        money = {name for name, one in self.permissions.items() if one.kind == "money"}
        wrong = money.symmetric_difference(ladders) | {name for name, kind in ladders.items() if kind not in KINDS}
        if wrong:
            raise MatrixIncomplete(f"ladder missing, unknown or without a money permission: {sorted(wrong)}")

    def exists(self, position: str, level: str, unit_kind: str = "standard") -> bool:
        """Whether there is such a position at such a unit."""
        letter = PLACE_LETTERS.get((level, unit_kind), NO_CELL)
        return position in self.positions and letter in self.positions[position].at

    def allows(self, position: str, level: str, permission: str, unit_kind: str = "standard") -> bool:
        """Whether `position` at a unit of `level` and `unit_kind` holds `permission`; the unknown is refused."""
        row = self.permissions.get(permission)
        letter = PLACE_LETTERS.get((level, unit_kind), NO_CELL)
        return row is not None and letter != NO_CELL and letter in row.allowed.get(position, "")

    def permissions_of(
        self, position: str, level: str, unit_kind: str = "standard", *, audience: str | None = None
    ) -> frozenset[str]:
        """All permissions of `position` at such a unit; with `audience` only those that this service enforces."""
        asked = (position, level, unit_kind, audience)
        if asked not in self._held:
            self._held[asked] = frozenset(
                name
                for name, row in self.permissions.items()
                if audience in (None, row.audience) and self.allows(position, level, name, unit_kind)
            )
        return self._held[asked]

    def holders(self, permission: str, level: str, unit_kind: str = "standard") -> tuple[str, ...]:
        """The positions that hold `permission` at such a unit, in the order of the file."""
        return tuple(name for name in self.positions if self.allows(name, level, permission, unit_kind))

    def ladder_of(self, permission: str) -> str | None:
        """The kind of limit that a money permission is compared with; None for every other."""
        row = self.permissions.get(permission)
        return row.ladder if row else None

    def deciding(self, kind: str) -> tuple[str, ...]:
        """The permissions that go with a kind of limit; none for a kind that no route decides."""
        return tuple(name for name, one in self.permissions.items() if one.ladder == kind)

    def forbidden_pair(self, held: Iterable[str], new: str) -> tuple[str, str] | None:
        """The first pair (held, new) that one person may never hold at the same time; None if there is none."""
        for one in held:
            if frozenset((one, new)) in self.forbidden_pairs and one != new:
                return one, new
        return None

    def without_holder(self, table: AuthorityTable) -> tuple[tuple[str, str, str, str], ...]:
        """Rows (kind, level, unit kind, position) of `table` that take part with a position which does not exist there,
        or that leave out one which does."""
        return tuple(
            (row.kind, row.level, row.unit_kind, row.position)
            for row in table.entries
            if row.takes_part != self.exists(row.position, row.level, row.unit_kind)
        )

    def without_permission(self, table: AuthorityTable) -> tuple[tuple[str, str, str, str], ...]:
        """Rows (kind, level, unit kind, position) of `table` whose position holds no permission there that the kind
        goes with: a decision or co-signature that nobody could give. A kind without any permission is left out."""
        deciding = {kind: self.deciding(kind) for kind in KINDS}
        return tuple(
            (row.kind, row.level, row.unit_kind, row.position)
            for row in table.entries
            if row.takes_part and deciding.get(row.kind) and self.exists(row.position, row.level, row.unit_kind)
            and not any(self.allows(row.position, row.level, one, row.unit_kind) for one in deciding[row.kind])
        )  # fmt: skip


def _refuse_unknown_tables(data: Mapping[str, Any]) -> None:
    known = {"name", "version", "positions", "forbidden_pairs", "ladders", "matrix"}
    if set(data) != known:
        raise MatrixIncomplete(f"missing or unknown: {sorted(known.symmetric_difference(data))}")


def _position(name: str, row: Mapping[str, Any]) -> Position:
    """A position stands at places of `PLACE_LETTERS` in their order, each once."""
    order = "".join(PLACE_LETTERS.values())
    if set(row) != {"at", "group", "zh"} or row["group"] not in GROUPS or not row["zh"]:
        raise MatrixIncomplete(f"{name}: a position states at, group and zh, the group one of {', '.join(GROUPS)}")
    if not row["at"] or "".join(letter for letter in order if letter in row["at"]) != row["at"]:
        raise MatrixIncomplete(f"{name}: {row['at']!r} are not places in the order {order}")
    return Position(name, **row)


def _refuse_misplaced(name: str, service: str, kind: str, known: Mapping[str, Any]) -> None:
    if kind not in CLASSES:
        raise MatrixIncomplete(f"{service}.{kind}: no such class of permissions")
    if name.count(".") != 2 or not name.startswith(service + "."):
        raise MatrixIncomplete(f"{name}: stands under {service}, and a name is service.noun.verb")
    if name in known:
        raise MatrixIncomplete(f"{name}: stated twice")


def _allowed(name: str, cells: str, positions: Mapping[str, Position]) -> dict[str, str]:
    columns = cells.split(" ")
    if len(columns) != len(positions):
        raise MatrixIncomplete(f"{name}: {len(columns)} columns for {len(positions)} positions")
    for column, position in zip(columns, positions.values(), strict=True):
        fits = len(column) == len(position.at) and all(
            cell in (place, NO_CELL) for cell, place in zip(column, position.at, strict=True)
        )
        if not fits:
            raise MatrixIncomplete(
                f"{name}: {column!r} in the column of {position.name}, which exists at {position.at}"
            )
    return {position: column.replace(NO_CELL, "") for position, column in zip(positions, columns, strict=True)}


def _pairs(rows: Mapping[str, list[str]], positions: Mapping[str, Position]) -> frozenset[frozenset[str]]:
    pairs = [frozenset((one, other)) for one, others in rows.items() for other in others]
    if len(set(pairs)) != len(pairs) or any(len(pair) != 2 or not pair <= set(positions) for pair in pairs):
        raise MatrixIncomplete("forbidden_pairs: a pair stands twice or names what is not a position")
    return frozenset(pairs)
