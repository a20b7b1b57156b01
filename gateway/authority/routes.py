"""Tables of limits, explanations and rule sets over HTTP. All of them are read in the head office's scope."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import select
from starlette.responses import Response

from gateway.authority import handlers, queries, shapes
from gateway.authority.schemas import (
    ExplanationOut,
    Kind,
    Line,
    ProposeTable,
    PublicationOut,
    PublishRuleSet,
    PublishTable,
    RuleSetItem,
    RuleSetOut,
    TableItem,
    TableOut,
)
from gateway.authority.tables import AuthorityTableRow, RuleSetRow
from gateway.organisation.queries import today
from shared.authority import covers
from shared.database import Transaction
from shared.errors import NotFound
from shared.money import Money
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["authority"])

HEAD_OFFICE = handlers.HEAD_OFFICE
MESSAGES = "message_templates"
NONE: list[str] = []


@room.reads("/v1/authority-tables", Page[TableItem], may="organisation.authority.read", free_query=True)
async def list_authority_tables(request: Request, call: Reads) -> Response:
    """Every version of the limits, the latest first."""
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        listing = queries.tables(today(tx))
        asked = read_query(listing, request.query_params.multi_items(), {"00": "00"}.get)
        rows, cursor, total = await page(tx, listing, asked, call.state.secret)
        days = await queries.first_days(tx)
        items = [shapes.table_item(row, days, today(tx)) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.posts("/v1/authority-tables", TableOut, may="organisation.authority.propose")
async def propose_table(command: ProposeTable, call: Creates) -> Response:
    """Propose a whole table of limits; a dry run shows what it would change, and for whom."""
    return sent(
        await handlers.propose_table(call.db, call.actor, call.key, command, call.state.matrix, call.language)
    )  # fmt: skip


@room.reads("/v1/authority-tables/{table_id}", TableOut, may="organisation.authority.read")
async def read_authority_table(table_id: UUID, call: Reads) -> Response:
    """One version of the limits, with what it changes against the one before it."""
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        row = await tx.find(AuthorityTableRow, table_id)
        return shown(await shapes.table_alone(tx, row, call.language), version=row.version)


@room.posts(
    "/v1/authority-tables/{table_id}/publications", PublicationOut, may="organisation.authority.publish", step_up=True
)
async def publish_table(table_id: UUID, command: PublishTable, call: Changes) -> Response:
    """Publish a table that another person proposed."""
    answer = await handlers.publish_table(
        call.db, call.actor, call.key, table_id, call.version, command, call.state.matrix
    )
    call.state.callers.forget(None)
    return sent(answer)


@room.reads("/v1/authority/explain", ExplanationOut, may="organisation.authority.explain")
async def explain(
    kind: Kind, line: Line, amount: Money, org_path: str, call: Reads, trigger: Annotated[list[str], Query()] = NONE
) -> Response:
    """Who decides this amount, who holds each step today, what lifts it, and what the caller may do about it."""
    if not covers(org_path, call.actor.scope):
        raise NotFound()
    asked = shapes.Question(kind, line, amount, org_path, frozenset(trigger))
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        told = await shapes.explained(tx, asked, call.state.matrix, call.state.deputies, call.language)
        return shown(told)


@room.reads("/v1/rule-sets/{kind}", Page[RuleSetItem], may="organisation.rule_set.read", free_query=True)
async def list_rule_sets(kind: str, request: Request, call: Reads) -> Response:
    """Every version of one kind, the latest first."""
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        days, listing = await _days_of(tx, kind), queries.rule_sets(kind, today(tx))
        asked = read_query(listing, request.query_params.multi_items(), {"00": "00"}.get)
        chosen = select(RuleSetRow).where(RuleSetRow.kind == kind)
        rows, cursor, total = await page(tx, listing, asked, call.state.secret, chosen)
        items = [shapes.rule_set_item(row, days, today(tx)) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.reads("/v1/rule-sets/{kind}/{rule_version}", RuleSetOut, may="organisation.rule_set.read")
async def read_rule_set(kind: str, rule_version: str, call: Reads) -> Response:
    """One version with its content."""
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        versions = {row.rule_version: row for row in await queries.versions_of(tx, kind)}
        if rule_version not in versions:
            raise NotFound()
        days = [row.effective_from for row in versions.values()]
        row = versions[rule_version]
        return shown(shapes.rule_set_alone(row, days, today(tx), call.actor, call.language), version=row.version)


@room.posts("/v1/rule-sets/{kind}", RuleSetOut, may="organisation.rule_set.publish", step_up=True)
async def publish_rule_set(kind: str, command: PublishRuleSet, call: Creates) -> Response:
    """Publish the next version of a kind."""
    return sent(await handlers.publish_rule_set(call.db, call.actor, call.key, kind, command, call.language))


async def _days_of(tx: Transaction, kind: str) -> list[date]:
    """The first days of a kind's versions. Raises `NotFound` for a kind that does not exist."""
    if kind not in queries.structures():
        raise NotFound()
    return [row.effective_from for row in await queries.versions_of(tx, kind)]


@room.reads("/v1/message-templates", RuleSetOut, may="organisation.rule_set.read")
async def read_message_templates(call: Reads) -> Response:
    """The messages to customers in force today."""
    async with call.db.transaction(call.actor) as tx:
        await tx.use_scope(HEAD_OFFICE)
        row = await queries.rule_set_in_force(tx, MESSAGES, today(tx))
        if row is None:
            raise NotFound()
        days = await _days_of(tx, MESSAGES)
        return shown(shapes.rule_set_alone(row, days, today(tx), call.actor, call.language), version=row.version)
