"""What the news of one claim adds to the figures: opened, closed, paid, surveyed, shelved, told in time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from services.crm.figure.rules import Metric
from services.crm.figure.rules.folding import Allowed, Figure, News, by_version, day, moment, share
from shared.clock import legal_day

ARCHIVE = "DL-AR-1"
_TOLD = ("sent", "delivered")


def of_claim(news: Sequence[News], allowed: Allowed) -> list[Figure]:
    """All figures of one claim."""
    return [*_open_and_closed(news), *_paid(news), *_surveyed(news), *_shelved(news), *_told(news, allowed),
            *_breached(news)]  # fmt: skip


def _reported(news: Sequence[News]) -> News | None:
    told = by_version(news, "claim.reported", "claim.matched")
    return next((one for one in told if one.data.get("reported_at")), None)


def _open_and_closed(news: Sequence[News]) -> list[Figure]:
    """Each opening adds to what is open, each closing takes from it: settled or cancelled, and reopened after that."""
    reported = _reported(news)
    if reported is None:
        return []
    rate, found, is_open = Metric.CASE_CLOSING_RATE, [], True
    opened_on = legal_day(moment(reported.data["reported_at"]))
    found.append(Figure(rate, "opened:0", opened_on, reported.path, Decimal(0), Decimal(1)))
    for one in by_version(news, "claim.settled", "claim.cancelled", "claim.reopened"):
        closes = one.verb != "claim.reopened"
        if closes != is_open:
            continue
        on = legal_day(moment(one.data["settled_at"])) if one.verb == "claim.settled" else one.on
        name = f"{'closed' if closes else 'opened'}:{one.version}"
        found.append(Figure(rate, name, on, one.path, Decimal(int(closes)), Decimal(int(not closes))))
        is_open = not closes
    return found


def _paid(news: Sequence[News]) -> list[Figure]:
    """Days from the report to the payment of the settlement that stands; nothing where nothing was paid."""
    reported, moves = _reported(news), by_version(news, "claim.settled", "claim.reopened", "claim.cancelled")
    if reported is None or not moves or moves[-1].verb != "claim.settled":
        return []
    last = moves[-1]
    if Decimal(last.data["paid_amount"]) <= 0:
        return []
    on, from_day = legal_day(moment(last.data["settled_at"])), legal_day(moment(reported.data["reported_at"]))
    return [Figure(Metric.REPORT_TO_PAY_DAYS, "", on, last.path, Decimal((on - from_day).days), Decimal(1))]


def _surveyed(news: Sequence[News]) -> list[Figure]:
    """Each survey that had a time, by the day it was signed."""
    return [
        share(Metric.SURVEY_ON_TIME, str(one.event_id), one.on, one.path, kept=one.at <= moment(one.data["due_at"]))
        for one in by_version(news, "duty.taken")
        if one.data["duty"] == "surveyor" and one.data.get("due_at")
    ]


def _shelved(news: Sequence[News]) -> list[Figure]:
    """Each closing's volume by the day it had to be shelved: a breach of that day, or the shelving, tells of it."""
    shelved = {
        legal_day(moment(one.data["due_at"])) - timedelta(days=1): one
        for one in by_version(news, "duty.taken")
        if one.data["duty"] == "archivist" and one.data.get("due_at")
    }
    late = {day(one.data["due_legal_on"]): one for one in by_version(news, "deadline.breached")
            if one.data["deadline"] == ARCHIVE}  # fmt: skip
    return [
        share(
            Metric.ARCHIVE_ON_TIME, str(due), due, (late.get(due) or shelved[due]).path,
            kept=due not in late and shelved[due].on <= due,
        )
        for due in sorted({*shelved, *late})
    ]  # fmt: skip


def _told(news: Sequence[News], allowed: Allowed) -> list[Figure]:
    """Whether the decision was told in time: the last decision, and the first notice that left after it."""
    decided = by_version(news, "claim.approved", "claim.refused")
    if not decided:
        return []
    last = decided[-1]
    limit = allowed.notice(last.on)
    if limit is None:
        return []
    due = last.on + timedelta(days=limit)
    left = [one.on for one in news if one.verb == "notice.sent" and one.data["state"] in _TOLD and one.at >= last.at]
    return [share(Metric.NOTICE_ON_TIME, "", due, last.path, kept=bool(left) and min(left) <= due)]


def _breached(news: Sequence[News]) -> list[Figure]:
    return [
        Figure(
            Metric.CLAIM_DEADLINES_BREACHED, f"{one.data['deadline']}:{one.version}", day(one.data["due_legal_on"]),
            one.path, Decimal(1), Decimal(0),
        )
        for one in by_version(news, "deadline.breached")
        if one.data["deadline"] != ARCHIVE
    ]  # fmt: skip
