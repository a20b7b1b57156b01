"""Who may approve the last extension: the superior unit, or a senior manager of head office; never the caller."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from shared.errors import Fault, Refused, SeparationOfDuties, Text

APPROVERS = frozenset({"complaint_officer", "department_head"})
SENIOR = frozenset({"department_head"})
HEAD_OFFICE = "00"


class ExtensionApproverNotAbove(Refused):
    """Member: `unit_path` of the superior unit."""

    code = "extension_approver_not_above"
    title = Text("批准人不在上级机构", "The approver is not of the superior unit")
    detail = Text(
        "再次延长须由上级机构({unit_path})或总公司高级管理人员批准。",
        "The last extension is approved by the superior unit ({unit_path}) or a senior manager of head office.",
    )


def superior_of(owner_path: str) -> str:
    """The unit above the owner: head office for a branch, and head office itself above head office."""
    return owner_path.rpartition(".")[0] or HEAD_OFFICE


def check_approver(
    owner_path: str, held: Collection[tuple[str, str]], approver: UUID, callers: Collection[UUID]
) -> None:
    """Refuse an approver who is the caller (403) or holds no fitting appointment above (422).

    `held`: the approver's appointments as (path, position), on the day. A complaint of head office itself is extended
    by one of its senior managers.
    """
    if approver in callers:
        raise SeparationOfDuties(conflicting_duty="extension", taking="approver")
    superior = superior_of(owner_path)
    fitting = SENIOR if owner_path == HEAD_OFFICE else APPROVERS
    if not any(path == superior and position in fitting for path, position in held):
        fault = Fault(
            ExtensionApproverNotAbove.code, ExtensionApproverNotAbove.title, pointer="#/approval/approver_staff_no"
        )
        raise ExtensionApproverNotAbove(fault, unit_path=superior)
