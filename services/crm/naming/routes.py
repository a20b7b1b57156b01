"""Naming over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.key_account.schemas import KeyAccountFactOut
from services.crm.naming import handlers
from services.crm.naming.schemas import NamePerson
from shared.routing import Changes, Room, sent

room = Room(tags=["key_accounts"])


@room.posts("/v1/key-accounts/{key_account_id}/contacts", KeyAccountFactOut, may="crm.key_account.review")
async def name_person(key_account_id: UUID, command: NamePerson, call: Changes) -> Response:
    """Name the manager, the claims contact or the loss-prevention engineer."""
    return sent(await handlers.name_person(call.db, call.actor, call.key, key_account_id, call.version, command))
