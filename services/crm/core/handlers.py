"""Upserts from the core: ordered by version, none overwritten, what is unknown is named and not refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, text

from services.crm.assignment.handlers import assign
from services.crm.core import queries, rules
from services.crm.core.rules import Applied
from services.crm.core.schemas import CoreCustomer, PendingReferenceOut, UpsertOut
from services.crm.customer.handlers import heard_of, set_digests, tell, told_of
from services.crm.customer.queries import Serving, serving
from services.crm.customer.rules import CORE_FIELDS
from services.crm.customer.tables import Customer, CustomerContact, CustomerVersion
from services.crm.merging.handlers import merge
from services.crm.merging.rules import refuse_same
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Transaction
from shared.errors import NotFound, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import customer_id

_ONE_NUMBER = text("select pg_advisory_xact_lock(hashtextextended('crm.core.' || cast(:core_no as text), 0))")
_SERVED_BY = ("unit_code", "team_code", "manager_staff_no")


@dataclass(frozen=True)
class Told:
    """One version as it came, with what it refers to."""

    core_no: str
    body: CoreCustomer
    content: dict[str, Any]
    serving: Serving
    path: str
    unit_pending: bool
    pending: list[PendingReferenceOut]


async def upsert_customer(
    db: Database, actor: Actor, key: RequestKey, core_no: str, body: CoreCustomer, blind_key: bytes
) -> Answer:
    """Store one version as the core system states it; the answer says what became of it."""
    async with db.transaction(actor, key) as tx:
        own_id = customer_id(core_no)
        if body.merged_into_core_no is not None:
            refuse_same(customer_id(body.merged_into_core_no), own_id)
        await tx.execute(_ONE_NUMBER, {"core_no": core_no})
        # Place holders lie where they were heard of; whether this caller may have them is judged here.
        await tx.use_scope("00")
        customer = await queries.locked(tx, own_id)
        if customer is not None and not covers(customer.org_path, actor.scope):
            raise NotFound()
        told = await _look(tx, core_no, body)
        stored = {} if customer is None else await queries.versions_of(tx, own_id)
        applied = rules.applied(stored, body.core_version)
        if customer is None:
            customer = await heard_of(tx, own_id, told.path)
        if applied is not Applied.IGNORED:
            await _store(tx, customer, told, applied, stored, blind_key)
        out = UpsertOut(
            id=own_id, core_version=body.core_version, applied=str(applied), pending_references=told.pending
        )
        return tx.answer(out, status=200)


async def _look(tx: Transaction, core_no: str, body: CoreCustomer) -> Told:
    found = await serving(tx, body.unit_code, body.team_code, body.manager_staff_no)
    seen = found.unit is not None and covers(found.unit.path, tx.actor.scope)
    pending = list(found.pending)
    if found.unit is not None and not seen:
        pending.insert(0, ("unit", body.unit_code))
    return Told(
        core_no=core_no, body=body, content=body.model_dump(mode="json"), serving=found,
        path=found.unit.path if found.unit is not None and seen else tx.actor.scope, unit_pending=not seen,
        pending=[PendingReferenceOut(kind=kind, value=value) for kind, value in pending],
    )  # fmt: skip


async def _store(
    tx: Transaction, customer: Customer, told: Told, applied: Applied, stored: Mapping[int, Mapping[str, Any]],
    blind_key: bytes,
) -> None:  # fmt: skip
    version = told.body.core_version
    after = {"core_version": version, "applied": str(applied), "unit_code": told.body.unit_code}
    tx.add(
        CustomerVersion(
            customer_id=customer.id, org_path=customer.org_path, core_version=version, content=told.content,
            applied=str(applied),
        )
    )  # fmt: skip
    if applied is Applied.HISTORY:
        tx.note("synchronise", customer, after=after)
        return
    before = told_of(customer) if customer.known else None
    stated_before = stored.get(customer.core_version)
    _state(customer, told, blind_key)
    await _serve(tx, customer, told, stated_before)
    await _contacts(tx, customer, told)
    customer.version += 1 if before is not None else 0
    customer.updated_at = tx.now
    await tx.flush()
    tell(tx, customer, before)
    action = "register" if before is None else "synchronise"
    tx.note(action, customer, before=None if before is None else _shown(before), after=after)
    await _merge(tx, customer, told)


def _shown(told: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("unit_code", "team_code", "core_no", "kind"), told, strict=True))


def _state(customer: Customer, told: Told, blind_key: bytes) -> None:
    """Make the row say what this version says; what was agreed with the customer here stays."""
    customer.known, customer.core_no, customer.core_version = True, told.core_no, told.body.core_version
    for name in sorted(CORE_FIELDS):
        setattr(customer, name, told.content[name])
    if not customer.channel_set_here:
        customer.preferred_channel = told.body.preferred_channel
    set_digests(customer, blind_key)


async def _serve(tx: Transaction, customer: Customer, told: Told, before: Mapping[str, Any] | None) -> None:
    """Unit, team and manager follow the core system where it states others than before: a version about a new phone
    does not take back what was assigned here.
    """
    same = before is not None and all(before[name] == told.content[name] for name in _SERVED_BY)
    if same and not customer.unit_pending:
        return
    customer.unit_pending = told.unit_pending
    await assign(
        tx, customer, told.body.unit_code, told.path, told.body.team_code, told.body.manager_staff_no,
        told.serving.manager_id, source="core",
    )  # fmt: skip


async def _contacts(tx: Transaction, customer: Customer, told: Told) -> None:
    """The core system's contacts are replaced, those entered here stay."""
    old = delete(CustomerContact).where(CustomerContact.customer_id == customer.id, CustomerContact.source == "core")
    await tx.execute(old)
    for n, one in enumerate(told.body.contacts or ()):
        tx.add(
            CustomerContact(
                customer_id=customer.id, org_path=customer.org_path, source="core", position=n, **one.model_dump()
            )
        )


async def _merge(tx: Transaction, customer: Customer, told: Told) -> None:
    """The core system found two to be one. A merge is not taken back by a later version that does not repeat it."""
    kept_no = told.body.merged_into_core_no
    if kept_no is None or customer.merged_into is not None:
        return
    kept = await heard_of(tx, customer_id(kept_no), customer.org_path)
    if not covers(kept.org_path, tx.actor.scope):
        raise ReferenceNotFound.at("#/merged_into_core_no")
    refuse_same(kept.id, customer.id)
    await merge(tx, kept, customer, None)
