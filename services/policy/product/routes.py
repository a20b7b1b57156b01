"""Products over HTTP: what is sold, on which terms, since when."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from services.policy.product import handlers, queries, shapes
from services.policy.product.schemas import AddProduct, ProductItem, ProductOut, ProductVersionOut, PublishVersion
from services.policy.product.tables import Product, ProductVersion
from shared import directory
from shared.clock import legal_day
from shared.pagination import Filter, Listing, Page, page, read_query, shaped
from shared.records import record_routes
from shared.routing import Changes, Creates, Reads, Room, sent, shown

room = Room(tags=["products"])
PATH = "/v1/products"
PRODUCTS = Listing(
    model=Product,
    filters={"code": Filter(Product.code), "line": Filter(Product.line), "business": Filter(Product.business)},
    search=(Product.code,),
    sorts={"code": Product.code, "created_at": Product.created_at},
    default_sort="code",
)
history_room = record_routes(cast("Any", Product), PATH, read="policy.product.read")


@room.reads(PATH, Page[ProductItem], may="policy.product.read", free_query=True)
async def list_products(request: Request, call: Reads) -> Response:
    """Products with what is in force today."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(PRODUCTS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, PRODUCTS, asked, call.state.secret)
        found = await tx.scalars(select(ProductVersion).where(ProductVersion.product_id.in_([row.id for row in rows])))
        of = {row.id: [one for one in found if one.product_id == row.id] for row in rows}
        items = [shapes.item(row, of[row.id], legal_day(tx.now)) for row in rows]
        return shown(shaped(items, cursor, total), fields=asked.fields)


@room.posts(PATH, ProductVersionOut, may="policy.product.publish", max_bytes=4 * 1024 * 1024)
async def add_product(command: AddProduct, call: Creates) -> Response:
    """A new product with its first terms, from a later day than today."""
    return sent(await handlers.add_product(call.db, call.actor, call.key, command))


@room.reads(PATH + "/{product_id}", ProductOut, may="policy.product.read")
async def read_product(product_id: UUID, call: Reads) -> Response:
    """One product with every version of its terms."""
    async with call.db.transaction(call.actor) as tx:
        product = await queries.one(tx, product_id)
        versions = await queries.versions_of(tx, product.id)
        staff = await directory.staff_numbers(tx, [one.published_by for one in versions if one.published_by])
        out = shapes.alone(product, versions, legal_day(tx.now), call.actor, staff, call.language)
        return shown(out, version=product.version)


@room.posts(PATH + "/{product_id}/versions", ProductVersionOut, may="policy.product.publish", max_bytes=4 * 1024 * 1024)
async def publish_version(product_id: UUID, command: PublishVersion, call: Changes) -> Response:
    """The next complete version of the terms; what is in force is never edited."""
    return sent(await handlers.publish_version(call.db, call.actor, call.key, product_id, call.version, command))
