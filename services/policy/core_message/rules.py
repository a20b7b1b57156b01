"""A message to the core and its answer. Pure."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import Conflict, Fault, ReasonRequired, Text

SUBJECTS = ("policy.application.approved.v1", "policy.payment_order.created.v1")
"""The events that the core has to act on; it answers each of them."""


class MessageStatus(StrEnum):
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class AnsweredOtherwise(Conflict):
    """Member: `outcome`, the answer that stands."""

    code = "answered_otherwise"
    title = Text("已另有答复", "It was answered otherwise")
    detail = Text("该消息此前的答复为 {outcome}，不能更改。", "The message was {outcome} before; that stands.")


def answer(current: MessageStatus, outcome: MessageStatus, reason: str | None) -> MessageStatus:
    """The state after the core's answer. The same answer twice is one; what was accepted is not refused any more (409).

    What was refused can be accepted later, once its cause is gone. A refusal gives its reason (422).
    """
    if outcome is MessageStatus.REFUSED and not (reason or "").strip():
        words = Text("拒收须说明原因。", "A refusal says why.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/reason"))
    if current is MessageStatus.ACCEPTED and outcome is not current:
        raise AnsweredOtherwise(outcome=str(current))
    return outcome
