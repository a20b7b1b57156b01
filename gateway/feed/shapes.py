"""Answers of the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.feed.rules import outward
from gateway.feed.schemas import FeedOut, GapsOut, ServiceGapOut
from gateway.feed.tables import FeedEvent


def feed_page(rows: Sequence[FeedEvent], limit: int, after: str | None, public_url: str) -> FeedOut:
    """One page of at most `limit`; `rows` holds one more where there is a next page."""
    shown = rows[:limit]
    last = str(shown[-1].event_id) if shown else after
    items = [outward(row.event, public_url) for row in shown]
    return FeedOut(items=items, next_cursor=last if len(rows) > limit else None, resume_after=last)


def gaps_page(answers: Mapping[str, Mapping[str, Any]], partial: list[str]) -> GapsOut:
    """What every service named, oldest finding first within each state, beside when it looked."""
    items = [ServiceGapOut(service=service, **one) for service, told in answers.items() for one in told["items"]]
    items.sort(key=lambda one: (one.state == "sent_again", one.found_at, one.event_id))
    return GapsOut(
        items=items, partial=partial or None,
        audited_at={service: told["audited_at"] for service, told in sorted(answers.items()) if "audited_at" in told},
        truncated=sorted(service for service, told in answers.items() if told.get("truncated")) or None,
    )  # fmt: skip
