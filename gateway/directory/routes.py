"""The directory over HTTP: names for whoever meets a person id, and candidates for whoever assigns work."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from gateway.directory import queries, rules, shapes
from gateway.directory.schemas import DirectoryPage
from shared.routing import Reads, Room, shown

room = Room(tags=["directory"])


@room.reads("/v1/directory", DirectoryPage, may="organisation.directory.read", free_query=True)
async def find_people(request: Request, call: Reads) -> Response:
    """Who holds what today, with open items; with `for` and `duty` also whether they may take that duty, or why not."""
    work = rules.work_of(request.query_params.get("for"), request.query_params.get("duty"))
    found = await queries.people(call, request.query_params.multi_items())
    load = None if found.names_only else await queries.load_of(call, found.own_items, work)
    return shown(shapes.told(found, load), fields=found.fields)
