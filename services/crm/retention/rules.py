"""Until when a customer's data are kept, and who erases them afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from shared.errors import Conflict, Fault, OccurredInFuture, SeparationOfDuties, Text


class CustomerNotFrozen(Conflict):
    code = "customer_not_frozen"
    title = Text("客户信息未冻结", "The customer's data are not frozen")
    detail = Text("该客户没有有效的删除请求。", "No request for deletion of this customer holds.")


class StillKept(Conflict):
    """Member: `keep_until`."""

    code = "retention_running"
    title = Text("保存期未满", "The time of keeping runs")
    detail = Text("法定保存期至 {keep_until}，期满前不得删除。", "The law keeps these data until {keep_until}.")


@dataclass(frozen=True)
class Years:
    contract_years_short: int
    contract_years_long: int
    claim_years: int
    identity_years: int
    dispute_years: int


@dataclass(frozen=True)
class Contract:
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Life:
    """What there was between us and the customer; `open` names what is not finished yet."""

    contracts: Iterable[Contract] = ()
    claims_closed_on: Iterable[date] = ()
    disputes_ended_on: Iterable[date] = ()
    open: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """`until` None: something is open. `grounds`: the last day of each ground that applies."""

    until: date | None
    grounds: Mapping[str, date]


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def keeping(life: Life, years: Years, today: date) -> Kept:
    """The latest of all periods of keeping (PIPL arts. 19, 47; AML Law 2024 art. 34); a running contract or an open
    claim or complaint has none that could end.
    """
    grounds: dict[str, date] = {}

    def later(name: str, day: date) -> None:
        grounds[name] = max(grounds.get(name, day), day)

    for one in life.contracts:
        short = one.ends_on <= years_after(one.starts_on, 1)
        later("contract", years_after(one.ends_on, years.contract_years_short if short else years.contract_years_long))
        later("identity", years_after(one.ends_on, years.identity_years))
    for day in life.claims_closed_on:
        later("claim", years_after(day, years.claim_years))
        later("identity", years_after(day, years.identity_years))
    for day in life.disputes_ended_on:
        later("dispute", years_after(day, years.dispute_years))
    running = any(life.open.values()) or any(one.ends_on > today for one in life.contracts)
    return Kept(None if running else max(grounds.values(), default=today), grounds)


def check_requested(requested_at: datetime, now: datetime) -> None:
    """Refuse (422) a request of the future."""
    if requested_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/requested_at"))


def refuse_not_frozen(frozen: bool) -> None:
    """Refuse (409) to release or erase data that nobody asked to delete."""
    if not frozen:
        raise CustomerNotFrozen()


def may_erase(kept: Kept, today: date, persons: Iterable[UUID], asked_by: UUID) -> None:
    """Refuse (409) while anything keeps the data, and (403) the person who wrote the request down."""
    if kept.until is None or kept.until > today:
        raise StillKept(keep_until="—" if kept.until is None else kept.until.isoformat())
    if asked_by in set(persons):
        raise SeparationOfDuties(conflicting_duty="freeze")
