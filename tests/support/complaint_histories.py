"""Random histories of a complaint's clock against a second clock, which walks the calendar day by day.

The second clock knows the rules from their texts: what each period counts, what moves it, what has to be told and by
when. It shares with the product the calendar of working days and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from services.complaints.clock import rules
from services.complaints.clock.rules import ComplaintClock, Stage
from shared.clock import at_midnight
from shared.errors import Problem
from shared.periods import Pause
from tests.support.rule_sets import seeded_calendar, seeded_registry

CALENDAR = seeded_calendar()
REGISTRY = seeded_registry("complaints")
DAY = timedelta(days=1)
WORKING, EVERY = True, False
TEXTS = {
    "r2013": (((10, WORKING),), ((30, EVERY),), ((30, EVERY), (30, EVERY))),
    "r2020": (((15, EVERY),), ((30, EVERY),), ((30, EVERY), (30, EVERY))),
    "aq9010": (((10, WORKING),), ((30, WORKING),), ((30, WORKING), (30, EVERY))),
}
"""Rule → for each stage, the stretches that follow each other: so many days, working days only or every day."""
BEGINS, ENDS, STANDARD = date(2013, 11, 1), date(2026, 6, 30), date(2020, 2, 1)
CHANGE = date(2020, 3, 1)


@dataclass
class Halt:
    """A time that is not counted: the day on which it begins still is, the one on which it ends is not, as with any
    period of the law. It lasts while `end` is None."""

    reason: str
    begin: date
    end: date | None = None


@dataclass
class Reference:
    rule: str
    start: date
    stage: int = 0
    halts: list[Halt] = field(default_factory=list)

    def last_day(self, today: date) -> date:
        """The last day of the period, as it looks on `today`: one foot before the other."""
        ahead = sorted(self._spans(today))
        day = self.start
        for length, working in TEXTS[self.rule][self.stage]:
            left, skipped = length, set[date]()
            first = day
            while True:
                for span in [one for one in ahead if one[0] <= (day if left else self._rolled(day))]:
                    ahead.remove(span)
                    free = [one for one in _days(*span) if one > first and one not in skipped]
                    skipped |= set(free)
                    left += sum(not working or CALENDAR.is_working(one) for one in free)
                if not left:
                    break
                day += DAY
                if not working or CALENDAR.is_working(day):
                    left -= 1
        return day

    def _spans(self, today: date) -> list[tuple[date, date]]:
        return [(one.begin, max(today, one.begin) if one.end is None else one.end) for one in self.halts]

    def _rolled(self, day: date) -> date:
        while not CALENDAR.is_working(day):
            day += DAY
        return day

    def legal(self, today: date) -> date:
        return self._rolled(self.last_day(today))

    @property
    def open(self) -> dict[str, Halt]:
        return {one.reason: one for one in self.halts if one.end is None}

    def runs(self, day: date) -> bool:
        """Nothing is over while it stands still."""
        return bool(self.open) or day <= self.legal(day)

    def lengthen(self) -> None:
        self.stage += 1

    def stop(self, reason: str, day: date) -> None:
        self.halts.append(Halt(reason, day))

    def go_on(self, reason: str, day: date) -> None:
        self.open[reason].end = day

    def begin(self, day: date) -> None:
        self.start, self.stage = day, 0


def _days(begin: date, end: date) -> list[date]:
    return [begin + DAY * n for n in range(1, (end - begin).days + 1)]


@dataclass(frozen=True)
class Moment:
    """The day of an act; when the complainant was told (None: not at all), and whether that still lies ahead."""

    day: date
    told_on: date | None
    ahead: bool

    @property
    def told_at(self) -> datetime | None:
        return None if self.told_on is None else at_midnight(self.told_on)

    @property
    def now(self) -> datetime:
        return at_midnight(self.day + DAY) - timedelta(seconds=1)


Asked = tuple[bool, Callable[[], ComplaintClock], Callable[[], None]]
"""Whether the second clock accepts it, the act itself, and what the second clock does then."""


def extend(random: Random, clock: ComplaintClock, model: Reference, at: Moment) -> Asked:
    to = random.choice(tuple(Stage))
    approved_on = random.choice((None, at.told_on, at.day, at.day + DAY * 2))
    index, told = list(Stage).index(to), at.told_on
    in_time = told is not None and model.start <= told and model.runs(told)
    approved = approved_on is not None and told is not None and approved_on <= told
    early = not at.ahead and (approved_on is None or approved_on <= at.day)
    right = index == model.stage + 1 and in_time and early and (index < 2 or approved)
    reason = random.choice(("鉴定", "鉴定", " "))
    more = {"reason": reason, "told_at": at.told_at, "now": at.now}
    more["approved_at"] = None if approved_on is None else at_midnight(approved_on)
    return (
        right and bool(reason.strip()),
        lambda: rules.extend(clock, to, REGISTRY, CALENDAR, **more),
        model.lengthen,
    )


def pause(random: Random, clock: ComplaintClock, model: Reference, at: Moment) -> Asked:
    reason = random.choice(("appraisal", "mediation", "holiday"))
    begin = at.day + DAY * random.choice((0, 0, 0, 1))
    told = at.told_on is not None and not at.ahead and model.runs(at.told_on)
    right = reason != "holiday" and reason not in model.open and told and begin == at.day and model.runs(begin)
    span, more = Pause(begin, None, reason), {"told_at": at.told_at, "now": at.now}
    return (
        right,
        lambda: rules.pause(clock, span, REGISTRY, CALENDAR, **more),
        lambda: model.stop(reason, begin),
    )


def end(random: Random, clock: ComplaintClock, model: Reference, at: Moment) -> Asked:
    reason = random.choice(("appraisal", "mediation"))
    day = at.day - DAY * random.choice((0, 0, 1))
    right = reason in model.open and day >= model.open[reason].begin
    return right, lambda: rules.end_pause(clock, reason, day), lambda: model.go_on(reason, day)


def restart(random: Random, clock: ComplaintClock, model: Reference, at: Moment) -> Asked:
    material, facts = random.choice((["photo"], ["photo"], [])), random.choice(("新证据", "新证据", ""))
    day = at.day + DAY * random.choice((0, 0, 0, 1))
    told = at.told_on is not None and not at.ahead
    right = bool(material and facts) and told and day == at.day and model.runs(day)
    more = {"new_facts": facts, "new_material": material, "told_at": at.told_at, "now": at.now}
    return right, lambda: rules.restart(clock, day, REGISTRY, CALENDAR, **more), lambda: model.begin(day)


ACTS = (extend, pause, end, restart)


def play(histories: int, seed: int) -> set[tuple[str, str, bool]]:
    """That many lives, each event put to both clocks, which both accept or both refuse it and then name the same days.
    What was seen: rule, act, whether accepted."""
    random, seen = Random(seed), set()
    for _ in range(histories):
        received = BEGINS + DAY * random.randrange((ENDS - BEGINS).days)
        prevention = random.random() < 0.3
        rule = "aq9010" if prevention and received >= STANDARD else "r2020" if received >= CHANGE else "r2013"
        clock = rules.open_clock(received, REGISTRY, about_prevention_service=prevention)
        assert clock.rule.value == rule, (received, prevention)
        _live(random, clock, Reference(rule, received), received, seen)
    return seen


def _live(random: Random, clock: ComplaintClock, model: Reference, day: date, seen: set[tuple[str, str, bool]]) -> None:
    for _ in range(random.randrange(1, 10)):
        last, day = day, day + DAY * random.randrange(0, 9)
        told = random.choice((None, last, day, day, day, day, day + DAY * 2))
        ask = random.choice(ACTS)
        right, act, accept = ask(random, clock, model, Moment(day, told, told is not None and told > day))
        try:
            clock, refusal = act(), None
        except Problem as problem:
            refusal = problem.code
        assert right == (refusal is None), (ask.__name__, refusal, day, told, clock)
        if right:
            accept()
        seen.add((model.rule, ask.__name__, right))
        deadline = rules.current_deadline(clock, REGISTRY, CALENDAR, day)
        wanted = (model.last_day(day), model.legal(day))
        assert (deadline.due_on, deadline.due_legal_on) == wanted, (ask.__name__, day, clock, wanted)
