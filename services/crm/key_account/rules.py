"""Who is a key account by which criteria, its tiers and its states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.errors import Conflict, Forbidden, Refused, SeparationOfDuties, StateConflict, Text
from shared.money import half_up, yuan


class KeyAccountStatus(StrEnum):
    NOMINATED = "nominated"
    APPROVED = "approved"
    ACTIVE = "active"
    ANNUAL_REVIEW = "annual_review"
    TIER_CHANGED = "tier_changed"
    EXITED = "exited"


_S = KeyAccountStatus
MOVES: Mapping[KeyAccountStatus, tuple[KeyAccountStatus, ...]] = {
    _S.NOMINATED: (_S.APPROVED, _S.EXITED),
    _S.APPROVED: (_S.ACTIVE, _S.EXITED),
    _S.ACTIVE: (_S.ANNUAL_REVIEW, _S.EXITED),
    _S.ANNUAL_REVIEW: (_S.ACTIVE, _S.TIER_CHANGED, _S.EXITED),
    _S.TIER_CHANGED: (_S.ANNUAL_REVIEW, _S.EXITED),
    _S.EXITED: (),
}
SERVED = (_S.ACTIVE, _S.ANNUAL_REVIEW, _S.TIER_CHANGED)
"""Its tier holds."""
PROPOSED = (_S.NOMINATED, _S.ANNUAL_REVIEW)
"""The branch has something to decide."""


class Role(StrEnum):
    MANAGER = "manager"
    CLAIMS_CONTACT = "claims_contact"
    ENGINEER = "loss_prevention_engineer"


POSITIONS: Mapping[Role, tuple[str, ...]] = {
    Role.MANAGER: ("account_manager",),
    Role.CLAIMS_CONTACT: ("adjuster", "claims_approver"),
    Role.ENGINEER: ("risk_engineer",),
}


class CriteriaNotMet(Refused):
    """Members: `annual_premium`, `insured_persons`, `limit` as they are."""

    code = "criteria_not_met"
    title = Text("不符合大客户标准", "The criteria are not met")
    detail = Text(
        "年保费 {annual_premium}、被保险人数 {insured_persons}、限额 {limit} 均未达到标准。",
        "Premium {annual_premium}, insured {insured_persons} and limit {limit} are all below the thresholds.",
    )


class TierNotReached(Refused):
    """Member: `reached`, the highest tier that the figures allow."""

    code = "tier_not_reached"
    title = Text("未达到该等级", "The tier is not reached")
    detail = Text("按标准最高为 {reached} 级。", "By the criteria the highest tier is {reached}.")


class TierUnknown(Refused):
    code = "tier_unknown"
    title = Text("等级不存在", "No such tier")
    detail = Text("没有该等级。", "There is no such tier.")


class TierUnchanged(Refused):
    code = "tier_unchanged"
    title = Text("等级未变", "The tier stays the same")
    detail = Text("调整后的等级与现等级相同。", "A change of tier names another tier.")


class TierNotProposed(Refused):
    """Member: `proposed`. A tier changes only as it was proposed and approved."""

    code = "tier_not_proposed"
    title = Text("与提报的等级不一致", "Not the tier that was proposed")
    detail = Text("提报的等级为 {proposed}，不能直接改为其他等级。", "Proposed was {proposed}; no other is approved.")


class AlreadyKeyAccount(Conflict):
    """Member: `key_account_id`."""

    code = "already_key_account"
    title = Text("已在大客户名单中", "A key account already")
    detail = Text("该客户已有大客户档案。", "The customer has a key account that has not ended.")


class NothingProposed(Conflict):
    code = "nothing_proposed"
    title = Text("没有待审批事项", "Nothing is proposed")
    detail = Text("当前没有待审批的提报。", "There is nothing to approve.")


class ManagerIsComplaintOfficer(Forbidden):
    code = "manager_is_complaint_officer"
    title = Text("客户经理不得兼任投诉专员", "The manager handles complaints")
    detail = Text("投诉专员不能担任大客户经理。", "A complaint officer is nobody's account manager.")


def advance(current: KeyAccountStatus, to: KeyAccountStatus) -> KeyAccountStatus:
    """`to` where it follows `current`; raises `StateConflict` naming the legal moves."""
    if to not in MOVES[current]:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in MOVES[current]])
    return to


def refuse_outside(current: KeyAccountStatus, allowed: Sequence[KeyAccountStatus]) -> None:
    """Refuse (409) an act that belongs to other states."""
    if current not in allowed:
        raise StateConflict(current_state=str(current), legal_moves=[str(one) for one in MOVES[current]])


@dataclass(frozen=True)
class Size:
    """One policy in force."""

    premium: Decimal
    starts_on: date
    ends_on: date
    insured: int
    limit: Decimal | None


@dataclass(frozen=True)
class Figures:
    """What a customer is: the premium of a year, the people on his largest list, his highest limit."""

    annual_premium: Decimal
    insured: int
    limit: Decimal

    def shown(self) -> dict[str, Any]:
        return {
            "annual_premium": yuan(self.annual_premium), "insured_persons": self.insured, "limit": yuan(self.limit),
        }  # fmt: skip


def figures_of(policies: Iterable[Size], other_premium: Decimal) -> Figures:
    """The sum of the premiums of a year, with what is insured in other lines; people are not counted twice."""
    held = list(policies)
    premium = sum((annual_premium(one) for one in held), other_premium)
    limits = [one.limit for one in held if one.limit is not None]
    return Figures(premium, max((one.insured for one in held), default=0), max(limits, default=Decimal(0)))


def annual_premium(policy: Size) -> Decimal:
    """The premium of one year: of a longer term the part of 365 days, to the cent."""
    days = (policy.ends_on - policy.starts_on).days
    return policy.premium if days <= 366 else half_up(policy.premium * 365 / days)


@dataclass(frozen=True)
class Tier:
    """A tier and what reaches it; each of the three is enough."""

    name: str
    annual_premium: Decimal
    insured: int
    limit: Decimal

    def met_by(self, figures: Figures) -> list[str]:
        """The criteria that hold, the limits of a criterion included."""
        held = (
            ("annual_premium", figures.annual_premium >= self.annual_premium),
            ("insured_persons", figures.insured >= self.insured),
            ("limit", figures.limit >= self.limit),
        )
        return [name for name, met in held if met]


@dataclass(frozen=True)
class Scheme:
    """The tiers, highest first, and what a key account is owed."""

    tiers: tuple[Tier, ...]
    green_channel: frozenset[str]
    visits: Mapping[str, int]
    remind_on: tuple[int, int]
    review_months: int
    notice_days: int

    @property
    def lowest(self) -> Tier:
        return self.tiers[-1]

    def rank(self, name: str) -> int:
        """0 is the highest; refuses (422) a tier that there is not."""
        names = [one.name for one in self.tiers]
        if name not in names:
            raise TierUnknown()
        return names.index(name)

    def reached(self, figures: Figures) -> Tier | None:
        """The highest tier whose criteria hold."""
        return next((one for one in self.tiers if one.met_by(figures)), None)


def read_scheme(content: Mapping[str, Any], thresholds: Mapping[str, Any]) -> Scheme:
    """The scheme of the rule sets `key_accounts` and `thresholds` (its section `key_account`)."""
    lowest = {"tier": content["lowest_tier"], **thresholds}
    visits = content["visits"]
    month, day = visits["remind_on"].split("-")
    return Scheme(
        tiers=tuple(
            Tier(one["tier"], Decimal(one["annual_premium"]), one["insured_persons"], Decimal(one["limit"]))
            for one in (*content["tiers"], lowest)
        ),
        green_channel=frozenset(content["green_channel"]),
        visits={level: visits[level] for level in ("central_branch", "branch")},
        remind_on=(int(month), int(day)), review_months=content["review"]["months"],
        notice_days=content["review"]["notice_days"],
    )  # fmt: skip


def tier_for(scheme: Scheme, figures: Figures, wanted: str | None, by_name: bool) -> str:
    """The tier that may be proposed: the one wanted, at most the one reached; by his name alone, the lowest.

    Refuses (422) who meets no criterion and is none by his name, and a tier above the one reached.
    """
    reached = scheme.reached(figures) or (scheme.lowest if by_name else None)
    if reached is None:
        shown = figures.shown()
        raise CriteriaNotMet(**shown)
    if wanted is None:
        return reached.name
    if scheme.rank(wanted) < scheme.rank(reached.name):
        raise TierNotReached(reached=reached.name)
    return wanted


def refuse_own(persons: Iterable[UUID], proposers: Iterable[UUID | None]) -> None:
    """Refuse (403) whoever proposed it to approve it."""
    if set(persons) & set(proposers):
        raise SeparationOfDuties(conflicting_duty="proposer")


def check_manager(positions: Iterable[str]) -> None:
    """Refuse (403) a complaint officer as account manager, whatever else he is."""
    if "complaint_officer" in set(positions):
        raise ManagerIsComplaintOfficer()


def missing_roles(named: Iterable[str]) -> list[Role]:
    """Who is still to be named before it becomes active."""
    held = set(named)
    return [one for one in Role if one not in held]
