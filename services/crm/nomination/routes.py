"""Nominations and their approval over HTTP."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.crm.key_account.schemas import KeyAccountFactOut, KeyAccountOut
from services.crm.nomination import handlers
from services.crm.nomination.schemas import DecideKeyAccount, NominateKeyAccount
from shared.routing import Changes, Creates, Room, sent

room = Room(tags=["key_accounts"])


@room.posts("/v1/key-accounts/nominations", KeyAccountOut, may="crm.key_account.nominate")
async def nominate_key_account(command: NominateKeyAccount, call: Creates) -> Response:
    """Nominate a customer; `dry_run` shows the figures, the criteria that hold and the tier, and keeps nothing."""
    reader = handlers.For(call.state.key_account_actions, call.language)
    return sent(await handlers.nominate(call.db, call.actor, call.key, command, reader))


@room.posts("/v1/key-accounts/{key_account_id}/approvals", KeyAccountFactOut, may="crm.key_account.approve")
async def decide_key_account(key_account_id: UUID, command: DecideKeyAccount, call: Changes) -> Response:
    """Approve or refuse what was proposed: the nomination, the review, another tier, the exit."""
    return sent(await handlers.decide(call.db, call.actor, call.key, key_account_id, call.version, command))
