"""The tree of causes, and actions against a cause: owner, due date, and whether the cause came back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.clock import legal_day
from shared.errors import Conflict, Fault, Text, ValidationFailed


class CauseTreeBroken(ValueError):
    """A published tree that cannot be one: an unknown parent, a circle, a code twice, a root without its stage."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One node. `rule` names the complaint rule that binds complaints with this cause, where it is not the general."""

    code: str
    parent: str | None
    zh: str
    en: str
    stage: str
    leaf: bool
    rule: str | None = None


@dataclass(frozen=True)
class CauseTree:
    """All causes by code."""

    nodes: Mapping[str, Cause]
    effect_check_days: int

    @classmethod
    def from_content(cls, content: Mapping[str, Any], _version: str = "") -> CauseTree:
        """From the rule set `causes`. Raises `CauseTreeBroken`."""
        rows = {row["code"]: row for row in content["nodes"]}
        if len(rows) != len(content["nodes"]):
            raise CauseTreeBroken("a code stands twice")
        parents = {row.get("parent") for row in rows.values()}
        nodes = {
            code: Cause(
                code, row.get("parent"), row["zh"], row["en"], _stage(rows, code), code not in parents, row.get("rule")
            )
            for code, row in rows.items()
        }
        return cls(nodes, int(content["effect_check_days"]))

    def leaf(self, code: str) -> Cause | None:
        """The cause that a complaint may be registered with; None where there is none or where it has branches."""
        found = self.nodes.get(code)
        return found if found is not None and found.leaf else None


def _stage(rows: Mapping[str, Mapping[str, Any]], code: str) -> str:
    seen: set[str] = set()
    at = code
    while (parent := rows[at].get("parent")) is not None:
        if at in seen or parent not in rows:
            raise CauseTreeBroken(f"{code} does not hang on a root")
        seen.add(at)
        at = parent
    if not rows[at].get("stage"):
        raise CauseTreeBroken(f"the root {at} names no stage")
    return rows[at]["stage"]


class ActionStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    EFFECTIVE = "effective"
    RECURRED = "recurred"


class CauseActionDone(Conflict):
    code = "root_cause_action_done"
    title = Text("整改已完成", "The action is done")
    detail = Text("该整改措施已完成。", "This action against the cause is done already.")


def check_new_action(due_on: date, today: date, owner: UUID, kept_out: Iterable[UUID], cause: Cause | None) -> None:
    """Refuse (422) an action that is due before today, on a cause that is none, or owned by somebody involved."""
    faults = []
    if due_on < today:
        faults.append(Fault("due_in_past", Text("期限不能早于今日。", "It is due today or later."), pointer="#/due_on"))
    if cause is None:
        text = Text("原因不在投诉原因分类中。", "The tree of causes has no such leaf.")
        faults.append(Fault("cause_unknown", text, pointer="#/cause"))
    if owner in set(kept_out):
        text = Text("责任人须与投诉事项无利害关系。", "The owner has no part in the matter complained about.")
        faults.append(Fault("owner_recused", text, pointer="#/owner_staff_no"))
    if faults:
        raise ValidationFailed(*faults)


def done(status: ActionStatus, at: datetime, created_at: datetime, check_days: int) -> date:
    """The day on which the effect is checked, `check_days` after the action was done at `at`.

    Refuses a second completion (409) and one before the action was decided on (422).
    """
    if status is not ActionStatus.OPEN:
        raise CauseActionDone()
    if at < created_at.replace(microsecond=0):
        text = Text("完成时间早于立项时间。", "It cannot be done before it was decided on.")
        raise ValidationFailed(Fault("done_before_decided", text, pointer="#/done_at"))
    return legal_day(at) + timedelta(days=check_days)


def effect(recurred: int) -> ActionStatus:
    """`recurred` complaints of the same cause and product came in the branch after the action was done."""
    return ActionStatus.RECURRED if recurred else ActionStatus.EFFECTIVE
