"""Likeness of two reports, and which claims are one accident.

A duplicate is linked, never refused. One accident counts once against limits and authority: claims on one policy whose
losses lie close in time belong together until a branch approver takes one out, so nobody can stay below an authority
limit by reporting one loss in parts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from shared.errors import Conflict, Fault, Refused, Text


@dataclass(frozen=True)
class Weights:
    """Dated figures of the rule set `intake`: points per likeness, the time window and the score that is shown."""

    policy: int
    time: int
    injured: int
    place: int
    time_window_hours: int
    threshold: int


@dataclass(frozen=True)
class Seen:
    """What is compared of a report: names and digests of the injured are one set, both normalised by the caller."""

    claim_id: UUID | None
    policy_no: str | None
    loss_at: datetime
    place: str = ""
    area_code: str | None = None
    injured: frozenset[str] = frozenset()


def score(one: Seen, other: Seen, weights: Weights) -> Decimal:
    """Points of likeness of two reports, 0 to the sum of the weights, to 0.01."""
    points = Decimal(0)
    if one.policy_no and one.policy_no == other.policy_no:
        points += weights.policy
    window = timedelta(hours=weights.time_window_hours)
    apart = abs(one.loss_at - other.loss_at)
    if apart < window:
        points += weights.time * (1 - Decimal(int(apart.total_seconds())) / Decimal(int(window.total_seconds())))
    if one.injured & other.injured:
        points += weights.injured
    points += weights.place * _place_likeness(one, other)
    return points.quantize(Decimal("0.01"))


def _place_likeness(one: Seen, other: Seen) -> Decimal:
    """Shared pairs of characters (Dice), at least one half within the same division."""
    mine, theirs = _pairs(one.place), _pairs(other.place)
    shared = Decimal(2 * len(mine & theirs)) / Decimal(len(mine) + len(theirs)) if mine and theirs else Decimal(0)
    same_area = one.area_code is not None and one.area_code == other.area_code
    return max(shared, Decimal("0.5")) if same_area else shared


def _pairs(place: str) -> set[str]:
    text = "".join(sign for sign in unicodedata.normalize("NFKC", place).casefold() if sign.isalnum())
    return {text[i : i + 2] for i in range(len(text) - 1)} or ({text} if text else set())


def possible_duplicates(report: Seen, earlier: Iterable[Seen], weights: Weights) -> list[tuple[UUID, Decimal]]:
    """Claims that may tell of the same loss, with their score, the likeliest first."""
    scored = [(seen.claim_id, score(report, seen, weights)) for seen in earlier if seen.claim_id is not None]
    likely = [(claim_id, points) for claim_id, points in scored if points >= weights.threshold]
    return sorted(likely, key=lambda pair: (-pair[1], pair[0]))


class DuplicateOfItself(Refused):
    code = "duplicate_of_itself"
    title = Text("不能关联自身", "A claim is no duplicate of itself")
    detail = Text("重复报案不能关联到自身。", "A claim cannot be linked to itself.")


class KeptClaimCancelled(Conflict):
    """Member: `kept_status`."""

    code = "kept_claim_cancelled"
    title = Text("所关联的赔案已注销", "The kept claim is cancelled")
    detail = Text(
        "不能把重复报案关联到已注销的赔案。", "A duplicate cannot be linked to a claim that is itself cancelled."
    )


def check_link(duplicate_id: UUID, kept_id: UUID, kept_status: str) -> None:
    """Refuse a link to itself (422) and to a cancelled claim (409), which would leave the loss without a claim."""
    if duplicate_id == kept_id:
        fault = Fault(DuplicateOfItself.code, DuplicateOfItself.detail, pointer="#/duplicate_of")
        raise DuplicateOfItself(fault)
    if kept_status == "cancelled":
        raise KeptClaimCancelled(kept_status=kept_status)


@dataclass(frozen=True)
class OnPolicy:
    """A live claim on the same policy; `separated`: a branch approver took it out of the common accident."""

    claim_id: UUID
    accident_id: UUID
    loss_at: datetime
    separated: bool = False


@dataclass(frozen=True)
class Grouping:
    """The accident a claim belongs to; `joined`: accidents tied together by this claim, which become the first."""

    accident_id: UUID
    joined: tuple[UUID, ...] = ()


def accident_of(loss_at: datetime, own_id: UUID, others: Iterable[OnPolicy], hours: int) -> Grouping:
    """The accident of a loss: that of the earliest loss within `hours` (inclusive) on the same policy, else `own_id`.

    Cancelled claims are not passed. A loss within reach of two accidents makes them one.
    """
    near = [claim for claim in others if not claim.separated and abs(claim.loss_at - loss_at) <= timedelta(hours=hours)]
    near.sort(key=lambda claim: (claim.loss_at, claim.claim_id))
    ids = list(dict.fromkeys(claim.accident_id for claim in near))
    return Grouping(ids[0], tuple(ids[1:])) if ids else Grouping(own_id)


class NotInThisAccident(Refused):
    code = "not_in_this_accident"
    title = Text("不属于同一事故", "Not the same accident")
    detail = Text("该赔案不在这一事故之内。", "The claim to be taken out is not part of this accident.")


def may_separate(companions: Collection[UUID]) -> None:
    """Refuse (422) where the claim stands alone already: no body could name a claim to take out."""
    if not companions:
        raise NotInThisAccident(Fault(NotInThisAccident.code, NotInThisAccident.detail, pointer="#/claim_id"))


def check_separation(claim_id: UUID, members: Iterable[UUID], reason: str) -> None:
    """Refuse (422) taking out a claim that is not in the accident or alone in it, or without a reason."""
    in_accident = set(members)
    if claim_id not in in_accident or len(in_accident) < 2:
        raise NotInThisAccident(Fault(NotInThisAccident.code, NotInThisAccident.detail, pointer="#/claim_id"))
    if not reason.strip():
        raise SeparationReasonRequired(
            Fault(SeparationReasonRequired.code, SeparationReasonRequired.detail, pointer="#/reason")
        )


class SeparationReasonRequired(Refused):
    code = "separation_reason_required"
    title = Text("拆分事故须说明原因", "A separation needs its reason")
    detail = Text("把赔案移出同一事故须说明原因。", "Taking a claim out of the common accident needs a reason.")
