"""Controlled documents over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.policy.controlled_document import handlers, queries, shapes
from services.policy.controlled_document.schemas import (
    AppointCustodian,
    CountDocuments,
    CountOut,
    CustodianOut,
    DocumentOut,
    MovementOut,
    MovementsOut,
    MoveRange,
    RegisterRange,
    VoidDocument,
)
from services.policy.controlled_document.tables import ControlledDocument
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Creates, Reads, Room, sent, shown

room = Room(tags=["controlled documents"])


@room.reads("/v1/controlled-documents", Page[DocumentOut], may="policy.controlled_document.read", free_query=True)
async def list_controlled_documents(request: Request, call: Reads) -> Response:
    """Documents by serial number, unit, state and what they were used for."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DOCUMENTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DOCUMENTS, asked, call.state.secret)
        items = [DocumentOut.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.reads("/v1/controlled-documents/{document_id}", DocumentOut, may="policy.controlled_document.read")
async def read_controlled_document(document_id: UUID, call: Reads) -> Response:
    """One document."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(ControlledDocument, document_id)
        return shown(DocumentOut.model_validate(row), version=row.version)


@room.reads("/v1/controlled-documents/{document_id}/movements", MovementsOut, may="policy.controlled_document.read")
async def list_document_movements(document_id: UUID, call: Reads) -> Response:
    """Every movement of a document, from its registration on."""
    async with call.db.transaction(call.actor) as tx:
        rows = await queries.movements_of(tx, await tx.find(ControlledDocument, document_id))
        return shown(MovementsOut(items=[shapes.movement(row) for row in rows]))


@room.posts("/v1/controlled-documents", MovementOut, may="policy.controlled_document.register")
async def register_controlled_documents(command: RegisterRange, call: Creates) -> Response:
    """Take a range of serial numbers into the stock of a unit."""
    return sent(await handlers.register(call.db, call.actor, call.key, command))


@room.posts("/v1/controlled-documents/movements", MovementOut, may="policy.controlled_document.move")
async def move_controlled_documents(command: MoveRange, call: Creates) -> Response:
    """Hand out, take back, transfer, use or lose a range."""
    return sent(await handlers.move(call.db, call.actor, call.key, command))


@room.posts("/v1/controlled-documents/voids", MovementOut, may="policy.controlled_document.void")
async def void_controlled_document(command: VoidDocument, call: Creates) -> Response:
    """Void one document with all its copies."""
    return sent(await handlers.void(call.db, call.actor, call.key, command))


@room.posts("/v1/controlled-documents/counts", CountOut, may="policy.controlled_document.count")
async def count_controlled_documents(command: CountDocuments, call: Creates) -> Response:
    """The monthly count of the own unit."""
    return sent(await handlers.count(call.db, call.actor, call.key, command))


@room.reads("/v1/custodians", Page[CustodianOut], may="policy.controlled_document.read", free_query=True)
async def list_custodians(request: Request, call: Reads) -> Response:
    """Who keeps and kept the documents of which unit."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.CUSTODIANS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.CUSTODIANS, asked, call.state.secret)
        items = [CustodianOut.model_validate(row) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.posts("/v1/custodians", CustodianOut, may="policy.custodian.appoint")
async def appoint_custodian(command: AppointCustodian, call: Creates) -> Response:
    """Name who keeps the documents of a unit from a day on."""
    return sent(await handlers.appoint(call.db, call.actor, call.key, command))
