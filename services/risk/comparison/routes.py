"""The comparison over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.risk.comparison import queries
from services.risk.comparison.schemas import ComparisonOut
from services.risk.exposure.tables import Site
from shared.routing import Reads, Room, shown

room = Room(tags=["sites"])


@room.reads("/v1/sites/{site_id}/comparison", ComparisonOut, may="risk.inspection.read")
async def compare_visits(site_id: UUID, call: Reads) -> Response:
    """What the visits to a site found, each beside the one before."""
    async with call.db.transaction(call.actor) as tx:
        site = await tx.find(Site, site_id)
        return shown(await queries.comparison(tx, site), version=site.version)
