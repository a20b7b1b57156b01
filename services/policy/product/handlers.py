"""Publishing products and versions of their terms; loading those that come with the software."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import text

from services.policy.product import queries, rules, schemas, shapes
from services.policy.product.tables import Product, ProductVersion
from shared.actor import Actor, machine
from shared.clock import legal_day
from shared.database import Database, Record, Transaction
from shared.errors import Fault, Text, ValidationFailed, VersionStale
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.rule_sets import RuleSet, RuleSetChanged, read_files

SEEDS = Path(__file__).resolve().parent.parent / "rule_sets" / "products"
_ONE_LOADER = text("select pg_advisory_xact_lock(hashtextextended('policy.products', 0))")


def digest_of(content: dict[str, Any]) -> str:
    """The digest by which the same terms are recognised."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


async def load_seeds(db: Database, folder: Path = SEEDS) -> int:
    """Bring the products that come with the software into the database; how many versions were new.

    Raises `RuleSetChanged` where a file says something else than the version that was loaded from it.
    """
    new = 0
    async with db.transaction(machine(db.service)) as tx:
        await tx.execute(_ONE_LOADER)
        for seed in read_files(folder):
            new += await _load(tx, seed)
    return new


async def _load(tx: Transaction, seed: RuleSet) -> int:
    digest = digest_of(seed.content)
    product = await queries.by_code(tx, seed.name)
    versions = [] if product is None else await queries.versions_of(tx, product.id)
    held = next((one for one in versions if one.name == seed.version), None)
    if held is not None:
        if held.digest != digest:
            raise RuleSetChanged(f"product {seed.name} {seed.version}: give changed terms a new version")
        return 0
    if product is None:
        product = Product(id=uuid7(), code=seed.name, line=seed.content["line"], business=seed.content["business"])
        tx.add(product)
        await tx.flush()
    row = _version(product, len(versions) + 1, seed.version, seed.effective_from, seed.content, None)
    rules.check_terms(queries.terms_of(row))
    tx.add(row)
    await tx.flush()
    return 1


def _version(product: Product, number: int, name: str, day: Any, content: dict[str, Any], by: UUID | None):
    return ProductVersion(
        id=uuid7(), product_id=product.id, code=product.code, number=number, name=name, effective_from=day,
        content=content, digest=digest_of(content), published_by=by,
    )  # fmt: skip


def _content(told: schemas.ProductContent) -> dict[str, Any]:
    return told.model_dump(mode="json", exclude_none=True)


async def add_product(db: Database, actor: Actor, key: RequestKey, command: schemas.AddProduct) -> Answer:
    """A product that did not exist, sold from a later day than today."""
    async with db.transaction(actor, key) as tx:
        await tx.execute(_ONE_LOADER)
        if await queries.by_code(tx, command.code) is not None:
            raise rules.ProductCodeTaken()
        rules.may_begin(command.effective_from, legal_day(tx.now), None)
        told = command.content
        product = Product(id=uuid7(), version=1, code=command.code, line=told.line, business=told.business)
        row = _version(product, 1, command.name, command.effective_from, _content(told), actor.person_id)
        rules.check_terms(queries.terms_of(row))
        tx.add(product)
        await tx.flush()
        return await _published(tx, product, row, [row], None)


async def publish_version(
    db: Database, actor: Actor, key: RequestKey, product_id: UUID, version: int | None, command: schemas.PublishVersion
) -> Answer:
    """The next version of the terms, from a later day than today; what is in force stays as it is."""
    async with db.transaction(actor, key) as tx:
        product = await queries.one(tx, product_id, lock=True)
        if product.version != version:
            raise VersionStale(current_version=product.version)
        versions = list(await queries.versions_of(tx, product.id))
        newest = max(versions, key=lambda one: one.effective_from)
        rules.may_begin(command.effective_from, legal_day(tx.now), (newest.name, newest.effective_from))
        _refuse_other_product(product, command, {one.name for one in versions})
        content = _content(command.content)
        row = _version(product, len(versions) + 1, command.name, command.effective_from, content, actor.person_id)
        rules.check_terms(queries.terms_of(row))
        product.version += 1
        product.updated_at = tx.now
        return await _published(tx, product, row, [*versions, row], command.reason)


def _refuse_other_product(product: Product, command: schemas.PublishVersion, names: set[str]) -> None:
    """A version keeps the line and the business of its product, and has a name of its own."""
    faults = []
    for name in ("line", "business"):
        if getattr(command.content, name) != getattr(product, name):
            words = Text("产品的险种类别与业务类型不变。", "Line and business of a product stay.")
            faults.append(Fault("product_changed", words, pointer=f"#/content/{name}"))
    if command.name in names:
        words = Text("版本名称已使用。", "The name is taken by another version.")
        faults.append(Fault("version_name_taken", words, pointer="#/name"))
    if faults:
        raise ValidationFailed(*faults)


async def _published(
    tx: Transaction, product: Product, row: ProductVersion, versions: list[ProductVersion], reason: str | None
) -> Answer:
    tx.add(row)
    await tx.use_scope("00")  # the product is the company's, whichever unit the rules manager belongs to
    after = {"version": row.name, "effective_from": str(row.effective_from), "digest": row.digest}
    tx.note("publish", cast("Record", product), after=after, reason=reason)
    out = shapes.version(row, versions, legal_day(tx.now), {tx.actor.person_id: tx.actor.staff_no})
    out.product = {"id": str(product.id), "version": product.version, "code": product.code}
    return tx.answer(out, location=f"/v1/products/{product.id}", version=product.version)
