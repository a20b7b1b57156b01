"""Index and rank. Below the minimum sample there is neither: it would say more about chance than about a unit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.crm.survey.rules import SurveyStatus, advance
from shared.errors import Refused, Text

_ONE_PLACE = Decimal("0.1")


class SampleTooSmall(Refused):
    """Members: `units`, `minimum`."""

    code = "sample_too_small"
    title = Text("样本量不足，不得排名", "Too few answers for a rank")
    detail = Text(
        "{units} 的有效样本少于 {minimum} 份，不得发布排名。",
        "{units} have fewer than {minimum} answers: they are not ranked.",
    )


@dataclass(frozen=True)
class Given:
    """One answer, as far as figures are made of it."""

    unit_path: str
    product: str | None
    touch_point: str | None
    points: Decimal | int | None
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """`responses` counts what can be counted; `index` (0 to 100, one decimal) is None below the minimum."""

    responses: int
    index: Decimal | None
    rank: int | None = None


def index_of(points: Sequence[Decimal | int], minimum: int) -> Decimal | None:
    """The mean, or None of fewer than `minimum`."""
    if not points or len(points) < minimum:
        return None
    return (sum(map(Decimal, points), Decimal(0)) / len(points)).quantize(_ONE_PLACE, rounding=ROUND_HALF_UP)


def by(given: Iterable[Given], key: Any, minimum: int) -> dict[Any, Figure]:
    """The figures of each group, by `key(answer)`."""
    groups: dict[Hashable, list[Decimal | int]] = defaultdict(list)
    for one in given:
        if one.points is not None:
            groups[key(one)].append(one.points)
    return {name: Figure(len(points), index_of(points, minimum)) for name, points in groups.items()}


def ranked(units: Mapping[str, Figure]) -> dict[str, Figure]:
    """The figures with ranks, the best first, equals equal; whoever has no index has no rank."""
    order = sorted((one.index for one in units.values() if one.index is not None), reverse=True)
    return {
        name: Figure(one.responses, one.index, None if one.index is None else order.index(one.index) + 1)
        for name, one in units.items()
    }


def spread(given: Iterable[Given], codes: Collection[str]) -> dict[str, dict[str, int]]:
    """How often each answer was given, of the questions that have answers to choose from."""
    counts: dict[str, Counter[str]] = {code: Counter() for code in codes}
    for one in given:
        for code, said in one.answers.items():
            if code in counts:
                counts[code][said] += 1
    return {code: dict(sorted(each.items())) for code, each in counts.items()}


def may_analyse(current: SurveyStatus) -> None:
    """Refuse (409) a look at what is not closed, or was looked at."""
    advance(current, SurveyStatus.ANALYSED)


def check_ranking(wanted: Sequence[str], units: Mapping[str, Figure], minimum: int) -> list[str]:
    """The units of a published ranking, the best first. Refuses (422) one with fewer answers than the minimum."""
    small = [code for code in wanted if code not in units or units[code].index is None]
    if small:
        raise SampleTooSmall(units=small, minimum=minimum)
    return sorted(wanted, key=lambda code: (units[code].rank or 0, code))
