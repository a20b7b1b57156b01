"""Customers read: one, many, searched for; and entered, changed, given a contact."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.customer import handlers, queries, shapes
from services.crm.customer.schemas import (
    ChangeCustomer,
    ContactFactOut,
    ContactIn,
    CustomerItem,
    CustomerOut,
    RegisterCustomer,
    SearchCustomers,
)
from services.crm.customer.tables import Customer
from shared import directory
from shared.errors import UnsupportedMediaType
from shared.pagination import Asked, Page, page, read_query, shaped
from shared.routing import Changes, Creates, Edits, Reads, Room, sent, shown

room = Room(tags=["customers"])

MERGE_PATCH = "application/merge-patch+json"


@room.reads("/v1/customers", Page[CustomerItem], may="crm.customer.read", free_query=True)
async def list_customers(request: Request, call: Reads) -> Response:
    """Customers in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CUSTOMERS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CUSTOMERS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total), fields=asked.fields)


@room.posts("/v1/customers", CustomerOut, may="crm.customer.register")
async def register_customer(command: RegisterCustomer, call: Creates) -> Response:
    """Enter a customer whom the core system does not know."""
    reader = shapes.For(call.state.customer_actions, call.language)
    answer = await handlers.register_customer(call.db, call.actor, call.key, command, call.state.blind_key, reader)
    return sent(answer)


@room.posts("/v1/customers/searches", Page[CustomerItem], may="crm.customer.read", status=200)
async def search_customers(command: SearchCustomers, call: Reads) -> Response:
    """Customers by what must not stand in an address: names, numbers, phones."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, command.unit_code)
        asked = _with_person(read_query(queries.CUSTOMERS, command.plain(), paths.get), command, call.state.blind_key)
        rows, cursor, total = await page(tx, queries.CUSTOMERS, asked, call.state.secret)
        return shown(shaped([shapes.item(row) for row in rows], cursor, total))


def _with_person(asked: Asked, command: SearchCustomers, blind_key: bytes) -> Asked:
    """The same question with its personal criteria; a cursor of another person does not fit."""
    wanted = command.personal()
    told = hashlib.sha256(json.dumps([asked.fingerprint, sorted(wanted.items())]).encode()).hexdigest()[:16]
    conditions = queries.personal_conditions(wanted, blind_key)
    return replace(asked, condition=[*asked.condition, *conditions], fingerprint=told)


@room.reads("/v1/customers/{customer_id}", CustomerOut, may="crm.customer.read")
async def read_customer(customer_id: UUID, call: Reads) -> Response:
    """One customer, masked, and what the caller may do with him."""
    async with call.db.transaction(call.actor) as tx:
        customer = await tx.find(Customer, customer_id)
        out = await shapes.alone(tx, customer, shapes.For(call.state.customer_actions, call.language))
        return shown(out, version=customer.version)


@room.patches("/v1/customers/{customer_id}", CustomerOut, may="crm.customer.change")
async def change_customer(customer_id: UUID, patch: ChangeCustomer, call: Edits, request: Request) -> Response:
    """A merge patch: what is named changes, null removes."""
    _check_media_type(request)
    reader = shapes.For(call.state.customer_actions, call.language)
    answer = await handlers.change_customer(
        call.db, call.actor, call.key, customer_id, call.version, patch, call.state.blind_key, reader
    )
    return sent(answer)


def _check_media_type(request: Request) -> None:
    """RFC 5789: a patch names its format, and whoever sends another one is told which is taken."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MERGE_PATCH:
        refusal = UnsupportedMediaType()
        refusal.response_headers = lambda: {"Accept-Patch": MERGE_PATCH}  # type: ignore[method-assign]
        raise refusal


@room.posts("/v1/customers/{customer_id}/contacts", ContactFactOut, may="crm.customer.add_contact")
async def add_contact(customer_id: UUID, command: ContactIn, call: Changes) -> Response:
    """Somebody to speak to at the customer."""
    return sent(await handlers.add_contact(call.db, call.actor, call.key, customer_id, call.version, command))
