"""How counts are answered: with ranks, with the share of policies, and with the way to the complaints behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import urlencode

from services.complaints.cause.rules import CauseTree
from services.complaints.statistics import rules
from services.complaints.statistics.queries import Wanted
from services.complaints.statistics.rules import NOT_STATED, GroupKey
from services.complaints.statistics.schemas import CountOut, StatisticsOut
from shared.clock import at_midnight, rfc3339

Counts = Mapping[tuple[str, ...], int]

_PLACES = (GroupKey.UNIT, GroupKey.CENTRAL, GroupKey.BRANCH)
_STEPS = {GroupKey.BRANCH: 2, GroupKey.CENTRAL: 3}
_FILTERS = {
    GroupKey.CAUSE: "cause", GroupKey.CHANNEL: "channel", GroupKey.PRODUCT: "product", GroupKey.OUTCOME: "result",
    GroupKey.SALESPERSON: "seller_id", GroupKey.TIMELINESS: "timeliness",
}  # fmt: skip


def statistics(
    wanted: Wanted, counts: Counts, minimum: int, policies: Counts | None, tree: CauseTree, paths: Mapping[str, str]
) -> StatisticsOut:
    """The counts with the names of their keys. `paths`: of units by code."""
    ranks, items, records = rules.ranks(counts, minimum), [], _Records(wanted, tree, paths)
    for name, count in counts.items():
        group = dict(zip(wanted.keys, name[1:], strict=True))
        rate = None if policies is None else rules.per_10_000(count, policies.get(name[1:]))
        items.append(
            CountOut(
                period=name[0], group={str(key): value for key, value in group.items()}, count=count,
                rank=ranks.get(name), per_10_000_policies=None if rate is None else f"{rate:.2f}",
                records_url=records.of(name[0], group),
            )
        )  # fmt: skip
    return StatisticsOut(items=items, total=sum(counts.values()), minimum_for_rank=minimum)


class _Records:
    """The list of just the complaints of a group. Thousands of groups share their periods and values: each part of an
    address is written once."""

    def __init__(self, wanted: Wanted, tree: CauseTree, paths: Mapping[str, str]) -> None:
        self._wanted, self._tree, self._paths = wanted, tree, paths
        self._keys = [key for key in wanted.keys if key in _FILTERS or key is GroupKey.STAGE]
        self._of_stage = GroupKey.STAGE in wanted.keys and GroupKey.CAUSE not in wanted.keys
        self._parts: dict[tuple[str, str], str] = {}

    def of(self, period: str, group: Mapping[GroupKey, str]) -> str | None:
        """None where no list can say it (a stage of causes no longer known)."""
        if self._of_stage and group[GroupKey.STAGE] == NOT_STATED:
            return None
        place = next((key for key in _PLACES if key in group), None)
        parts = [self._part("period", period), self._part(place or "place", group[place] if place else "")]
        parts += [self._part(key, group[key]) for key in self._keys if group[key] != NOT_STATED]
        missing = sorted(_FILTERS[key] for key in self._keys if group[key] == NOT_STATED and key in _FILTERS)
        if missing:
            parts.append(self._part("without", ",".join(missing)))
        return f"/v1/complaints?{'&'.join(filter(None, parts))}"

    def _part(self, key: str, value: str) -> str:
        if (key, value) not in self._parts:
            self._parts[key, value] = urlencode(self._query(key, value))
        return self._parts[key, value]

    def _query(self, key: str, value: str) -> list[tuple[str, str]]:
        if key == "period":
            return _days(self._wanted, value)
        if key in ("place", *_PLACES):
            return _place(self._wanted, key, value, self._paths)
        if key == GroupKey.STAGE:
            causes = sorted(self._tree.nodes) if self._of_stage else ()
            return [("cause", code) for code in causes if self._tree.nodes[code].stage == value]
        return [("without" if key == "without" else _FILTERS[GroupKey(key)], value)]


def _days(wanted: Wanted, period: str) -> list[tuple[str, str]]:
    first, after = rules.bucket_days(period, wanted.period)
    end = after if wanted.last is None else min(after, wanted.last + timedelta(days=1))
    begin = first if wanted.first is None else max(first, wanted.first)
    return [("received_at[gte]", _instant(begin)), ("received_at[lt]", _instant(end))]


def _instant(day: date) -> str:
    return rfc3339(at_midnight(day))


def _place(wanted: Wanted, key: str, code: str, paths: Mapping[str, str]) -> list[tuple[str, str]]:
    """The narrowest unit of the group; what lies above the level asked for is counted at its own unit, exactly."""
    if key == "place" or (wanted.path or "").startswith(f"{paths.get(code)}."):
        own = [one for one, path in paths.items() if path == wanted.path]
        return [("unit_code", own[0])] if own else []
    depth = paths.get(code, "").count(".") + 1
    exact = key == GroupKey.UNIT or depth < _STEPS[GroupKey(key)]
    return [("unit_code", code), *([("org_scope", "exact")] if exact else [])]
