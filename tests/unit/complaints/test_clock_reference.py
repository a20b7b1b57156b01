"""Random histories of a complaint's clock against a second clock that counts the rule of 2020 day by day."""

from __future__ import annotations

import os
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
HISTORIES = int(os.environ.get("COMPLAINT_HISTORIES", "3000"))
DAY = timedelta(days=1)


@dataclass
class Reference:
    """Counts days one by one. `open`: the day on which a pause began that lasts; `free`: days that are not counted."""

    start: date
    stage: int = 0
    free: set[date] = field(default_factory=set)
    open: dict[str, date] = field(default_factory=dict)

    def last_day(self, today: date) -> date:
        """The last day of the period, as it looks on `today`."""
        free = set(self.free)
        for begun in self.open.values():
            free |= {begun + DAY * n for n in range(max((today - begun).days, 0))}
        day = self.start
        for _ in range((15, 30, 60)[self.stage] + len([one for one in free if one >= self.start])):
            day += DAY
        return day

    def runs(self, day: date) -> bool:
        """Nothing is over while it stands still."""
        return bool(self.open) or day <= self.legal(day)

    def lengthen(self) -> None:
        self.stage += 1

    def stop(self, reason: str, day: date) -> None:
        self.open[reason] = day

    def go_on(self, reason: str, day: date) -> None:
        begun = self.open.pop(reason)
        self.free |= {begun + DAY * n for n in range((day - begun).days)}

    def begin(self, day: date) -> None:
        self.start, self.stage = day, 0

    def legal(self, today: date) -> date:
        day = self.last_day(today)
        while not CALENDAR.is_working(day):
            day += DAY
        return day


Asked = tuple[bool, Callable[[], ComplaintClock], Callable[[], None]]
"""Whether the second clock accepts it, the act itself, and what the second clock does then."""


def extend(random: Random, clock: ComplaintClock, model: Reference, day: date, told: datetime | None) -> Asked:
    to, approved = random.choice(tuple(Stage)), None if random.random() < 0.2 else at_midnight(day)
    index = list(Stage).index(to)
    right = index == model.stage + 1 and told is not None and model.runs(day) and (index < 2 or approved is not None)
    more = {"reason": "x", "told_at": told, "approved_at": approved, "now": at_midnight(day + DAY)}
    return right, lambda: rules.extend(clock, to, REGISTRY, CALENDAR, **more), model.lengthen


def pause(random: Random, clock: ComplaintClock, model: Reference, day: date, told: datetime | None) -> Asked:
    reason = random.choice(("appraisal", "mediation", "holiday"))
    right = reason != "holiday" and reason not in model.open and told is not None and model.runs(day)
    span, more = Pause(day, None, reason), {"told_at": told, "now": at_midnight(day + DAY)}
    return right, lambda: rules.pause(clock, span, REGISTRY, CALENDAR, **more), lambda: model.stop(reason, day)


def end(random: Random, clock: ComplaintClock, model: Reference, day: date, _told: datetime | None) -> Asked:
    reason = random.choice(("appraisal", "mediation"))
    return reason in model.open, lambda: rules.end_pause(clock, reason, day), lambda: model.go_on(reason, day)


def restart(random: Random, clock: ComplaintClock, model: Reference, day: date, told: datetime | None) -> Asked:
    material = [] if random.random() < 0.3 else ["photo"]
    right = bool(material) and told is not None and model.runs(day)
    more = {"new_facts": "x", "new_material": material, "told_at": told, "now": at_midnight(day + DAY)}
    return right, lambda: rules.restart(clock, day, REGISTRY, CALENDAR, **more), lambda: model.begin(day)


def step(random: Random, clock: ComplaintClock, model: Reference, day: date) -> tuple[ComplaintClock, str, bool]:
    """One event of the complaint's life on `day`, put to both clocks: both accept it, or both refuse it."""
    ask = random.choice((extend, pause, end, restart))
    told = None if random.random() < 0.15 else at_midnight(day)
    right, act, accept = ask(random, clock, model, day, told)
    refusal, after = None, clock
    try:
        after = act()
    except Problem as problem:
        refusal = problem.code
    assert right == (refusal is None), (ask.__name__, refusal, day, clock)
    if right:
        accept()
    return after, ask.__name__, right


def test_every_sequence_of_clock_events_agrees_with_the_second_clock():
    seed = int(os.environ.get("COMPLAINT_SEED", "20200301"))
    print(f"seed {seed}, {HISTORIES} histories")
    random, seen = Random(seed), set()
    for _ in range(HISTORIES):
        received = date(2020, 3, 2) + DAY * random.randrange(2300)
        clock = rules.open_clock(received, REGISTRY)
        model, day = Reference(received), received
        for _ in range(random.randrange(1, 9)):
            day += DAY * random.randrange(0, 9)
            clock, kind, right = step(random, clock, model, day)
            seen.add((kind, right))
            deadline = rules.current_deadline(clock, REGISTRY, CALENDAR, day)
            assert (deadline.due_on, deadline.due_legal_on) == (model.last_day(day), model.legal(day)), clock
    assert seen == {(kind, right) for kind in ("extend", "pause", "end", "restart") for right in (True, False)}
