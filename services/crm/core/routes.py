"""The seam to the core policy system over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from services.crm.core import handlers
from services.crm.core.schemas import CoreCustomer, UpsertOut
from shared.routing import Reads, Room, sent

room = Room(tags=["core"])


@room.puts("/v1/core/customers/{core_no}", UpsertOut, may="crm.core.upsert")
async def upsert_customer(core_no: str, body: CoreCustomer, call: Reads) -> Response:
    """Store one version of a customer, ordered by `core_version`; it needs no If-Match and no key."""
    key = call.state.blind_key
    return sent(await handlers.upsert_customer(call.db, call.actor, call.key, core_no, body, key))
