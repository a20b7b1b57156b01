"""From the news of one record to what it adds to the figures. Pure: the same news in any order gives the same figures.

Every function reads all news of its record by `record_version`, so it makes no difference what came first or twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.crm.figure.rules import Metric
from shared.clock import legal_day

STATED = "crm.figure.stated.v1"
"""News of crm's own records: never published, kept like the others' so that everything can be made again."""


@dataclass(frozen=True)
class News:
    """One event as it was kept. `path`: where its record lay then; `data` as JSON holds it."""

    event_id: UUID
    subject: str
    version: int
    at: datetime
    path: str
    data: Mapping[str, Any]
    seq: int = 0

    @property
    def verb(self) -> str:
        """`claim.reported` of `claims.claim.reported.v1`."""
        return self.subject.partition(".")[2].rpartition(".")[0]

    @property
    def on(self) -> date:
        return legal_day(self.at)


@dataclass(frozen=True)
class Figure:
    """What a record adds to `metric` on one day; `n` tells several of one record apart."""

    metric: Metric
    n: str
    on: date
    path: str
    part: Decimal
    whole: Decimal
    until: date | None = None


@dataclass(frozen=True)
class Allowed:
    """Days allowed for a thing on a day, by the rule set in force then; None where none is known."""

    delivery: Callable[[date], int | None]
    notice: Callable[[date], int | None]


def day(text: Any) -> date:
    return date.fromisoformat(str(text)[:10])


def moment(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))


def share(metric: Metric, n: str, on: date, path: str, *, kept: bool) -> Figure:
    """One record of a share: it counts on `on`, and was kept or not."""
    return Figure(metric, n, on, path, Decimal(int(kept)), Decimal(1))


def by_version(news: Iterable[News], *verbs: str) -> list[News]:
    """The news of these kinds in the order of the record, not of its arrival."""
    return sorted((one for one in news if one.verb in verbs), key=lambda one: (one.version, str(one.event_id)))


def stated(news: Sequence[News]) -> list[Figure]:
    """What crm's own records stated; the last statement of each holds, one without a whole and a part is taken back."""
    last: dict[tuple[str, str], News] = {}
    for one in sorted((one for one in news if one.subject == STATED), key=lambda one: one.seq):
        last[one.data["metric"], one.data["n"]] = one
    return [
        Figure(
            Metric(metric), n, day(one.data["on"]), one.path, Decimal(one.data["part"]), Decimal(one.data["whole"])
        )
        for (metric, n), one in sorted(last.items())
        if Decimal(one.data["part"]) or Decimal(one.data["whole"])
    ]  # fmt: skip


def of_policy(news: Sequence[News], allowed: Allowed) -> list[Figure]:
    """A policy counts as in force from its beginning until it ends or is cancelled; each receipt against its time."""
    found = [figure for one in by_version(news, "document.delivered") if (figure := _delivered(one, allowed))]
    versions = sorted(
        by_version(news, "policy.issued", "policy.endorsed"), key=lambda one: int(one.data["policy_version"])
    )
    if not versions:
        return found
    period, ends = versions[-1].data["period"], []
    ends.append(legal_day(moment(period["ends_at"])))
    ends += [day(one.data["effective_on"]) for one in by_version(news, "policy.cancelled")]
    begins = legal_day(moment(period["starts_at"]))
    if min(ends) > begins:
        found.append(
            Figure(
                Metric.POLICIES_IN_FORCE, "", begins, versions[0].path, Decimal(0), Decimal(1), until=min(ends)
            )
        )  # fmt: skip
    return found


def _delivered(one: News, allowed: Allowed) -> Figure | None:
    on = day(one.data["received_on"])
    limit = allowed.delivery(on)
    if limit is None:
        return None
    kept = int(one.data["days_taken"]) <= limit
    return share(Metric.DELIVERY_ON_TIME, f"{one.data['item']}:{one.event_id}", on, one.path, kept=kept)


def of_application(news: Sequence[News]) -> list[Figure]:
    """One decision for each application: the last, of proposals alone."""
    decided = [one for one in by_version(news, "application.decided") if one.data["kind"] == "proposal"]
    if not decided:
        return []
    last = decided[-1]
    return [share(Metric.DECLINE_RATE, "", last.on, last.path, kept=last.data["outcome"] == "declined")]


def of_complaint(news: Sequence[News]) -> list[Figure]:
    """Every registered complaint counts, a merged or withdrawn one too; in time is what ended by the legal day in force
    (an extension moves it, and the breach of one that was not extended stays a breach).
    """
    registered = by_version(news, "complaint.registered")
    if not registered:
        return []
    first = registered[0]
    found = [Figure(Metric.COMPLAINT_RATE, "", first.on, first.path, Decimal(1), Decimal(0))]
    periods = by_version(news, "complaint.registered", "complaint.extended")
    dues = [one.data["due_legal_on"] for one in periods if one.data.get("due_legal_on")]
    if dues:
        due = day(dues[-1])
        ended = [one.on for one in by_version(news, "complaint.decided", "complaint.withdrawn")]
        kept = bool(ended) and min(ended) <= due
        found.append(share(Metric.COMPLAINT_TIMELINESS, "", due, first.path, kept=kept))
    return found


def of_inspection(news: Sequence[News]) -> list[Figure]:
    """An inspection counts on the day it is due: done by then, or not."""
    dues = by_version(news, "inspection.due")
    if not dues:
        return []
    due, done = day(dues[-1].data["due_on"]), [one.on for one in by_version(news, "inspection.completed")]
    kept = bool(done) and min(done) <= due
    return [share(Metric.INSPECTION_COMPLETION, "", due, dues[-1].path, kept=kept)]


def of_hazard(news: Sequence[News]) -> list[Figure]:
    """A hazard counts on the day its removal is due, the last one that was told."""
    told = [one for one in by_version(news, "hazard.found", "hazard.overdue") if one.data.get("due_on")]
    if not told:
        return []
    due, closed = day(told[-1].data["due_on"]), [one.on for one in by_version(news, "hazard.closed")]
    kept = bool(closed) and min(closed) <= due
    return [share(Metric.RECTIFICATION_RATE, "", due, told[0].path, kept=kept)]
