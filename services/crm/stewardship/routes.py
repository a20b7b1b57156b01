"""Visits, reviews and notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.key_account.schemas import KeyAccountFactOut
from services.crm.stewardship import handlers
from services.crm.stewardship.schemas import NoteKeyAccount, ReviewKeyAccount, VisitKeyAccount
from shared.routing import Changes, Creates, Room, sent

room = Room(tags=["key_accounts"])


@room.posts("/v1/key-accounts/{key_account_id}/visits", KeyAccountFactOut, may="crm.key_account.visit")
async def visit_key_account(key_account_id: UUID, command: VisitKeyAccount, call: Changes) -> Response:
    """Keep a visit that was made."""
    return sent(await handlers.visit(call.db, call.actor, call.key, key_account_id, call.version, command))


@room.posts("/v1/key-accounts/{key_account_id}/reviews", KeyAccountFactOut, may="crm.key_account.review")
async def review_key_account(key_account_id: UUID, command: ReviewKeyAccount, call: Changes) -> Response:
    """Review the account and propose to keep it, to change its tier, or to end it."""
    return sent(await handlers.review(call.db, call.actor, call.key, key_account_id, call.version, command))


@room.posts("/v1/key-accounts/{key_account_id}/notes", KeyAccountFactOut, may="crm.note.write")
async def write_key_account_note(key_account_id: UUID, command: NoteKeyAccount, call: Creates) -> Response:
    """Write a note for colleagues; it is never sent."""
    return sent(await handlers.write_note(call.db, call.actor, call.key, key_account_id, command))
