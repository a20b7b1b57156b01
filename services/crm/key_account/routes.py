"""Key accounts over HTTP: the list, who might be one, one with its file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from services.crm.key_account import queries, shapes
from services.crm.key_account.schemas import CandidatesOut, KeyAccountItem, KeyAccountOut
from services.crm.key_account.tables import KeyAccount
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Reads, Room, shown

room = Room(tags=["key_accounts"])

Most = Annotated[int, Query(description="So many, the highest premium first.", ge=1, le=queries.MOST)]


@room.reads("/v1/key-accounts", Page[KeyAccountItem], may="crm.key_account.read", free_query=True)
async def list_key_accounts(request: Request, call: Reads) -> Response:
    """Key accounts in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.KEY_ACCOUNTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.KEY_ACCOUNTS, asked, call.state.secret)
        return shown(shaped(await shapes.items(tx, rows), cursor, total), fields=asked.fields)


@room.reads("/v1/key-accounts/candidates", CandidatesOut, may="crm.key_account.read")
async def list_candidates(call: Reads, at_most: Most = queries.MOST) -> Response:
    """Customers in scope who meet a criterion today and are no key accounts: what the rule would give."""
    async with call.db.transaction(call.actor) as tx:
        return shown(CandidatesOut(items=await shapes.candidates(tx, at_most)))


@room.reads("/v1/key-accounts/{key_account_id}", KeyAccountOut, may="crm.key_account.read")
async def read_key_account(key_account_id: UUID, call: Reads) -> Response:
    """One key account: who looks after it, what is owed, its file, what the caller may do."""
    async with call.db.transaction(call.actor) as tx:
        account = await tx.find(KeyAccount, key_account_id)
        out = await shapes.alone(tx, account, call.state.key_account_actions, call.language)
        return shown(out, version=account.version)
