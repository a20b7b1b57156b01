"""What the feed can be asked for, and how it is answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, model_serializer

from shared.event_gaps import GapOut
from shared.pagination import MAX_LIMIT


class FeedQuery(BaseModel):
    """A repeated filter is an alternative, different ones must all hold."""

    after: str | None = Field(
        default=None, max_length=100, description="`next_cursor` or `resume_after` of a former answer."
    )
    limit: int = Field(default=50, ge=1, le=MAX_LIMIT)
    type: list[str] = Field(default=[], max_length=100, description="Such as `claims.claim.reported`.")
    record_id: list[UUID] = Field(default=[], max_length=100)


class FeedOut(BaseModel):
    """Events as CloudEvents, oldest first. `next_cursor` is null where nothing more is there yet; `resume_after` is
    what to send as `after` later on, and is absent only while the caller has never been given an event."""

    items: list[dict[str, Any]]
    next_cursor: str | None = None
    resume_after: str | None = None

    @model_serializer(mode="wrap")
    def _written(self, write: Any) -> dict[str, Any]:
        shown = {name: value for name, value in write(self).items() if value is not None}
        return {"items": shown.pop("items"), "next_cursor": self.next_cursor, **shown}


class ServiceGapOut(GapOut):
    service: str


class GapsOut(BaseModel):
    """Events missing between outbox and stream. `audited_at`: when each service last compared the two; `partial`:
    services that did not answer; `truncated`: those with more to name."""

    items: list[ServiceGapOut]
    audited_at: dict[str, str]
    partial: list[str] | None = None
    truncated: list[str] | None = None
