"""Who may publish a table of limits or a rule set, and from which day; one exception class per refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from gateway.authority.rules.limits import TableFault, check_succession, check_table
from gateway.authority.rules.matrix import Matrix
from shared.authority import AuthorityTable
from shared.errors import Conflict, Fault, Forbidden, Refused, SeparationOfDuties, StateConflict, Text

if TYPE_CHECKING:
    from shared.actor import Actor

HEAD_OFFICE = "head_office"


class AuthorityTableInvalid(Refused):
    """The faults name the rows, or the cells that are missing."""

    code = "authority_table_invalid"
    title = Text("权限表不完整或有矛盾", "The table of limits is incomplete or contradicts itself")
    detail = Text("权限表有误，详见 errors。", "The table is refused; see errors.")


class EffectiveFromNotLater(Refused):
    """Member: `effective_from`."""

    code = "effective_from_not_later"
    title = Text("生效日期过早", "It takes effect too early")
    detail = Text(
        "生效日期必须晚于今天，也晚于已发布的各版本。",
        "A version takes effect later than today and later than every version published before.",
    )


class TableVersionTaken(Conflict):
    code = "table_version_taken"
    title = Text("版本号已存在", "The version exists")
    detail = Text("该版本号已被使用。", "A table with this version exists.")


class HeadOfficeNeeded(Forbidden):
    code = "head_office_needed"
    title = Text("须有总公司人员参与", "Somebody of the head office is needed")
    detail = Text(
        "提出与发布权限表的两人中，须有一人在总公司任职。", "One of the two who change limits works at the head office."
    )


class PublishedElsewhere(Refused):
    code = "published_elsewhere"
    title = Text("该类规则另行发布", "This kind is published elsewhere")
    detail = Text("权限表经 /v1/authority-tables 提出并发布。", "Tables of limits go through /v1/authority-tables.")


_WORDS: Mapping[str, Text] = {
    "missing": Text("缺少该格的权限。", "The limit of this cell is missing."),
    "two_deciders": Text("该格有两个决定岗位。", "Two positions decide in this cell."),
    "position_changes": Text("同一类事项须由同一岗位决定。", "One kind and line is decided by one position."),
    "unknown_cell": Text("没有这样的类别、险种或级别。", "There is no such kind, line or level."),
    "duplicate_row": Text("该行重复。", "The row stands twice."),
    "not_whole_cents": Text("金额只到分。", "An amount has two decimals."),
    "negative": Text("金额不能为负。", "An amount is not negative."),
    "head_office_limited": Text("总公司不设限额。", "The head office is without limit."),
    "limit_falls": Text("上级限额低于下级。", "The limit is lower than that of the level below."),
    "limit_without_part": Text("不参与的岗位不能有限额。", "A position that takes no part has no limit."),
    "cosign_invalid": Text("会签条件无效。", "The co-signature cannot be met."),
    "cosigner_without_row": Text("会签岗位缺少同额的一行。", "A co-signer has no row with the same limit."),
    "position_not_there": Text("该级机构不设此岗位。", "The position does not exist at this level."),
    "position_without_permission": Text(
        "该岗位在此级无权办理该类事项。", "The position may not decide this kind here."
    ),
}


def check_proposal(table: AuthorityTable, matrix: Matrix, published: Iterable[date], today: date) -> None:
    """Raises `AuthorityTableInvalid` with every faulty row or cell, `EffectiveFromNotLater`."""
    faults = [_fault(one, table) for one in check_table(table)]
    for kind, level, unit_kind, position in matrix.without_holder(table):
        faults.append(_fault(TableFault("position_not_there", kind, "", level, unit_kind, position), table))
    for kind, level, unit_kind, position in matrix.without_permission(table):
        faults.append(_fault(TableFault("position_without_permission", kind, "", level, unit_kind, position), table))
    if faults:
        raise AuthorityTableInvalid(*faults)
    check_first_day(table.effective_from, published, today)


def check_first_day(effective_from: date, published: Iterable[date], today: date) -> None:
    """Raises `EffectiveFromNotLater`."""
    if check_succession(effective_from, published, today):
        words = EffectiveFromNotLater.detail
        fault = Fault(EffectiveFromNotLater.code, words, pointer="#/effective_from")
        raise EffectiveFromNotLater(fault, effective_from=effective_from.isoformat())


def _fault(found: TableFault, table: AuthorityTable) -> Fault:
    """Where in the body: the row if one is at fault, else the list with the cell as members."""
    named = {name: getattr(found, name) for name in ("kind", "line", "level", "unit_kind", "position")}
    named = {name: value for name, value in named.items() if value}
    at = None
    if found.position:
        matching = (n for n, row in enumerate(table.entries) if all(getattr(row, k) == v for k, v in named.items()))
        at = next(matching, None)
    pointer = "#/entries" if at is None else f"#/entries/{at}"
    return Fault(found.code, _WORDS[found.code], pointer=pointer, members=named)


def may_publish(actor: Actor, proposed_by: UUID | None, proposed_level: str, published: bool) -> None:
    """A second person publishes, and one of the two works at the head office.

    Raises `StateConflict`, `SeparationOfDuties`, `HeadOfficeNeeded`.
    """
    if published:
        raise StateConflict(current_state="published", legal_moves=[])
    if actor.person_id == proposed_by:
        raise SeparationOfDuties(conflicting_duty="proposer")
    if HEAD_OFFICE not in (actor.level, proposed_level):
        raise HeadOfficeNeeded()


def status_of(effective_from: date, published: bool, others: Sequence[date], today: date) -> str:
    """`proposed`, `published` (not begun), `in_force` or `superseded`; `others`: first days of all published ones."""
    if not published:
        return "proposed"
    if effective_from > today:
        return "published"
    return "superseded" if any(effective_from < day <= today for day in others) else "in_force"


def next_version(effective_from: date, taken: Iterable[str]) -> str:
    """`2027-1`, or the first later number of that year which is free."""
    used = set(taken)
    number = 1
    while f"{effective_from.year}-{number}" in used:
        number += 1
    return f"{effective_from.year}-{number}"
