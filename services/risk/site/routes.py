"""Sites over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.risk.exposure.tables import Site
from services.risk.site import handlers, queries, schemas, shapes
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Edits, Reads, Room, sent, shown

room = Room(tags=["sites"])


@room.reads("/v1/sites", Page[schemas.SiteItem], may="risk.site.read", free_query=True)
async def list_sites(request: Request, call: Reads) -> Response:
    """Insured sites in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.SITES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.SITES, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/sites", schemas.SiteOut, may="risk.site.register")
async def register_site(command: schemas.RegisterSite, call: Creates) -> Response:
    """Register an insured site."""
    return sent(await handlers.register(call.db, call.actor, call.key, command, call.language))


@room.reads("/v1/sites/{site_id}", schemas.SiteOut, may="risk.site.read")
async def read_site(site_id: UUID, call: Reads) -> Response:
    """One site."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Site, site_id)
        return shown(shapes.alone(row, call.actor, call.language), version=row.version)


@room.patches("/v1/sites/{site_id}", schemas.SiteOut, may="risk.site.change")
async def change_site(site_id: UUID, command: schemas.ChangeSite, call: Edits) -> Response:
    """Change a site, or say that nothing insured is there any more."""
    key, version = call.key, call.version
    return sent(await handlers.change(call.db, call.actor, key, site_id, version, command, call.language))
