"""What a caller may do with one record, told from the very functions that enforce it.

A room lists its actions; each names its route, its permission and the check that its handler calls too. So what a
frontend is told is what happens: an action shown as allowed is carried out unless the record changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, model_serializer

from shared.actor import Actor
from shared.errors import ActionNotPermitted, Problem
from shared.problems import body_of

F = TypeVar("F")

_STANDARD = ("type", "title", "status", "instance", "errors", "request_id")


class ActionOut(BaseModel):
    """`reason` is null where the action is allowed; otherwise the code, detail and members of the problem it would
    get.
    """

    action: str
    href: str
    method: str
    allowed: bool
    reason: dict[str, Any] | None = None

    @model_serializer
    def _written(self) -> dict[str, Any]:
        # Spelled out so that `reason: null` stays in the answer where every other absent member is left out.
        return {
            "action": self.action,
            "href": self.href,
            "method": self.method,
            "allowed": self.allowed,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Action(Generic[F]):
    """One verb of a record type.

    `check(actor, facts)` raises the refusal that the handler would raise; None: always.
    """

    name: str
    method: str
    href: str
    """Path with `{id}` for the record's id."""
    permission: str
    check: Callable[[Actor, F], None] | None = None


def judged(
    actions: Iterable[Action[F]], actor: Actor, facts: F, record_id: Any, language: str = "zh"
) -> list[ActionOut]:
    """Every action of the record type, judged for this caller and these facts."""
    shown = []
    for action in actions:
        refusal = refusal_of(action, actor, facts)
        href = action.href.replace("{id}", str(record_id))
        shown.append(
            ActionOut(
                action=action.name,
                href=href,
                method=action.method,
                allowed=refusal is None,
                reason=None if refusal is None else reason_of(refusal, language),
            )
        )
    return shown


def refusal_of(action: Action[F], actor: Actor, facts: F) -> Problem | None:
    """The refusal that the caller would get, the permission of the route first."""
    if not actor.may(action.permission):
        return ActionNotPermitted()
    if action.check is None:
        return None
    try:
        action.check(actor, facts)
    except Problem as refusal:
        return refusal
    return None


def reason_of(refusal: Problem, language: str) -> dict[str, Any]:
    """`code`, `detail` and the extension members of the problem."""
    members = body_of(refusal, language=language, instance="", request_id="")
    shown = {name: value for name, value in members.items() if name not in _STANDARD}
    return {"code": shown.pop("code"), "detail": shown.pop("detail"), **shown}
