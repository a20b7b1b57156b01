"""What a table of limits must fulfil before it is published.

Every kind × line × level is stated, the branch's own operating unit in a row of its own; no cell has two deciders;
limits never fall with the level; the head office is without limit; a co-signature names positions that have their row.
A table begins on a later day than today and than every table before it, and ends the day before its successor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from shared.authority import KINDS, LEVELS, LINES, PLACES, AuthorityTable, Cosign, LadderEntry, Limit
from shared.money import CENT


@dataclass(frozen=True, slots=True)
class TableFault:
    """One reason against a table: a code, and the row or cell where it was found."""

    code: str
    kind: str = ""
    line: str = ""
    level: str = ""
    unit_kind: str = ""
    position: str = ""


def check_table(table: AuthorityTable) -> tuple[TableFault, ...]:
    """What is wrong with the rows of `table`; empty if nothing is.

    Codes: `unknown_cell`, `duplicate_row`, `missing` (gap), `two_deciders` (overlap), `position_changes` (one kind and
    line is decided by different positions), `not_whole_cents`, `negative`, `head_office_limited`, `limit_falls`,
    `limit_without_part`, `cosign_invalid`, `cosigner_without_row`.
    """
    return (*_row_faults(table), *(fault for kind in KINDS for line in LINES for fault in _ladder(table, kind, line)))


def check_succession(effective_from: date, published: Iterable[date], today: date) -> tuple[TableFault, ...]:
    """Why a table may not begin on `effective_from`, given the first days of all `published` ones.

    Codes: `not_later_than_today`, `not_later_than_predecessor` (two versions in force on a day).
    """
    faults = [] if effective_from > today else [TableFault("not_later_than_today")]
    if any(effective_from <= begun for begun in published):
        faults.append(TableFault("not_later_than_predecessor"))
    return tuple(faults)


def _at(code: str, row: LadderEntry) -> TableFault:
    return TableFault(code, row.kind, row.line, row.level, row.unit_kind, row.position)


def _row_faults(table: AuthorityTable) -> Iterator[TableFault]:
    seen: set[tuple[str, ...]] = set()
    for row in table.entries:
        key = (row.kind, row.line, row.level, row.unit_kind, row.position)
        if row.kind not in KINDS or row.line not in LINES or (row.level, row.unit_kind) not in PLACES:
            yield _at("unknown_cell", row)
        if key in seen:
            yield _at("duplicate_row", row)
        seen.add(key)
        if row.limit is not None and row.limit != row.limit.quantize(CENT):
            yield _at("not_whole_cents", row)
        if row.limit is not None and row.limit < 0:
            yield _at("negative", row)
        if not row.takes_part and row.limit != 0:
            yield _at("limit_without_part", row)
        if row.cosign:
            yield from _cosign_faults(table, row, row.cosign)


def _cosign_faults(table: AuthorityTable, row: LadderEntry, asked: Cosign) -> Iterator[TableFault]:
    named = set(asked.of)
    beyond = asked.above < 0 or not Limit(row.kind, row.line, row.limit).covers(asked.above + CENT)
    if row.position not in named or len(named) != len(asked.of) or not 2 <= asked.n <= len(named) or beyond:
        yield _at("cosign_invalid", row)
    rows = {one.position: one for one in table.cell(row.kind, row.line, row.level, row.unit_kind)}
    for position in named:
        if position not in rows or rows[position].limit != row.limit:
            yield TableFault("cosigner_without_row", row.kind, row.line, row.level, row.unit_kind, position)


def _ladder(table: AuthorityTable, kind: str, line: str) -> Iterator[TableFault]:
    found: list[LadderEntry] = []
    for level, unit_kind in PLACES:
        rows = table.deciders(kind, line, level, unit_kind)
        if len(rows) != 1:
            yield TableFault("two_deciders" if rows else "missing", kind, line, level, unit_kind)
        else:
            found.append(rows[0])
    standard = [row for row in found if row.unit_kind == "standard"]
    for lower, upper in pairwise(standard):
        if upper.limit is not None and (lower.limit is None or lower.limit > upper.limit):
            yield _at("limit_falls", upper)
    if len({row.position for row in found}) > 1:
        yield TableFault("position_changes", kind, line)
    for row in standard:
        if row.level == LEVELS[-1] and (row.limit is not None or not row.takes_part):
            yield _at("head_office_limited", row)
