"""The feed over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from gateway.feed import queries, shapes
from gateway.feed.live import MAY, live_of
from gateway.feed.schemas import FeedOut, FeedQuery, GapsOut
from gateway.forwarding.internal_views import ask_all
from shared import event_gaps
from shared.routing import Reads, Room, shown

room = Room(tags=["feed"])

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=100, description="Go on after the event with this id.")
]


@room.reads("/v1/events", FeedOut, may=MAY)
async def list_events(call: Reads, asked: Annotated[FeedQuery, Query()]) -> Response:
    """Every event within the caller's scope, in one order that never changes afterwards."""
    wanted = queries.Wanted(asked.type, asked.record_id)
    async with call.db.transaction(call.actor) as tx:
        position = await queries.position_after(tx, asked.after)
        rows = await queries.events_after(tx, position, asked.limit + 1, wanted)
    return shown(shapes.feed_page(rows, asked.limit, asked.after, call.state.settings.public_url))


@room.reads("/v1/stream", None, may=MAY)
async def stream_events(request: Request, _call: Reads, last_event_id: LastEventId = None) -> Response:
    """What happens within the caller's scope, as server-sent events."""
    return await live_of(request).stream(request.state.caller, last_event_id)


@room.reads("/v1/events/gaps", GapsOut, may=event_gaps.MAY)
async def list_event_gaps(call: Reads) -> Response:
    """Events that an outbox holds and the stream does not, and those that were sent again."""
    state = call.state
    views = await ask_all(state.upstreams, state.signing_key, call.actor, "/internal/event-gaps", event_gaps.MAY)
    async with call.db.transaction(call.actor) as tx:
        own = (await event_gaps.gaps_seen(tx)).model_dump(mode="json", exclude_none=True)
    return shown(shapes.gaps_page({**views.answers, "organisation": own}, views.partial))
