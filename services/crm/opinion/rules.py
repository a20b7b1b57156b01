"""Whose matter an opinion is, and what becomes of a demand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.errors import Conflict, StateConflict, Text


class Topic(StrEnum):
    PRODUCT = "product"
    UNDERWRITING = "underwriting"
    CLAIMS = "claims"
    LOSS_PREVENTION = "loss_prevention"
    COMPLAINTS = "complaints"
    CONDUCT = "conduct"
    OTHER = "other"


class OpinionStatus(StrEnum):
    ROUTED = "routed"
    ANSWERED = "answered"


class DemandStatus(StrEnum):
    NEW = "new"
    REVIEWED = "reviewed"
    ADOPTED = "adopted"
    REJECTED = "rejected"


_D = DemandStatus

NEXT: Mapping[DemandStatus, frozenset[DemandStatus]] = {
    _D.NEW: frozenset({_D.REVIEWED, _D.ADOPTED, _D.REJECTED}),
    _D.REVIEWED: frozenset({_D.ADOPTED, _D.REJECTED}),
    _D.ADOPTED: frozenset(),
    _D.REJECTED: frozenset(),
}

AT_BRANCH = frozenset({Topic.PRODUCT, Topic.COMPLAINTS, Topic.CONDUCT})
"""Topics that only the branch can answer for."""


class AlreadyAnswered(Conflict):
    code = "opinion_answered"
    title = Text("意见已答复", "The opinion has been answered")
    detail = Text("该意见已答复，不能再次答复。", "The opinion has its answer; there is no second one.")


def may_answer(current: OpinionStatus) -> None:
    """Refuse (409) a second answer."""
    if current is OpinionStatus.ANSWERED:
        raise AlreadyAnswered()


def review(current: DemandStatus, to: DemandStatus) -> DemandStatus:
    """`to`, if a demand may go there; otherwise `StateConflict` (409)."""
    if to not in NEXT[current]:
        raise StateConflict(current_state=str(current), legal_moves=sorted(map(str, NEXT[current])))
    return to
