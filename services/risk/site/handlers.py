"""Registering and changing sites; the plan of their policy follows."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from services.risk.exposure import queries as exposure
from services.risk.exposure.tables import PolicySeen, Site
from services.risk.plan.handlers import plan_for
from services.risk.site import queries, rules
from services.risk.site.schemas import ChangeSite, Position, RegisterSite
from services.risk.site.shapes import alone
from shared import directory
from shared.actor import Actor
from shared.authority import covers
from shared.database import Database, Transaction
from shared.errors import Fault, ReferenceNotFound
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

_ONE_PLACE = text("select pg_advisory_xact_lock(hashtextextended('risk.site.' || cast(:name as text), 0))")


async def register(db: Database, actor: Actor, key: RequestKey, command: RegisterSite, language: str) -> Answer:
    """Register a site; where its policy is known, its visits are planned."""
    async with db.transaction(actor, key) as tx:
        policy = None if command.policy_no is None else await exposure.policy_in_scope(tx, actor, command.policy_no)
        customer_id = command.customer_id if policy is None else policy.customer_id
        if customer_id is None:
            raise ReferenceNotFound.at("#/customer_id")
        rules.refuse_other_customer(command.customer_id, customer_id)
        path, unit_code = await _place(tx, actor, command.unit_code, policy)
        row = Site(
            id=uuid7(), version=1, org_path=path, unit_code=unit_code, customer_id=customer_id,
            policy_id=policy and policy.policy_id, policy_no=command.policy_no, status=str(rules.SiteStatus.ACTIVE),
            address_key=rules.address_key(command.address),
            **command.model_dump(include={"name", "address", "area_code", "insured_count", "industry"}),
        )  # fmt: skip
        _move(row, command.position)
        await _refuse_known(tx, row)
        tx.add(row)
        await tx.flush()
        tx.note("register", row, after={"area_code": row.area_code, "insured_count": row.insured_count})
        await _replan(tx, row)
        return tx.answer(alone(row, actor, language), location=f"/v1/sites/{row.id}", version=1)


async def _place(tx: Transaction, actor: Actor, unit_code: str | None, policy: PolicySeen | None) -> tuple[str, str]:
    """Path and unit that the site lies at. Refuses (422) a unit outside the caller's area."""
    if unit_code is None:
        return (actor.scope, actor.unit_code) if policy is None else (policy.path, policy.unit_code)
    unit = await directory.unit_by_code(tx, unit_code)
    if unit is None or not covers(unit.path, actor.scope):
        raise rules.UnitOutside(Fault(rules.UnitOutside.code, rules.UnitOutside.detail, pointer="#/unit_code"))
    return unit.path, unit.code


def _move(row: Site, position: Position | None) -> None:
    if position is not None:
        rules.check_position(position.lon, position.lat)
        row.longitude, row.latitude = position.lon, position.lat


async def _refuse_known(tx: Transaction, row: Site) -> None:
    """Two at once: the second waits for the first, and finds its site."""
    await tx.execute(_ONE_PLACE, {"name": f"{row.policy_id or row.customer_id}/{row.address_key}"})
    held = await queries.same_place(tx, row.policy_id, row.customer_id, row.address_key)
    if held is not None and held.id != row.id:
        raise rules.SiteKnown(site_id=str(held.id))


async def change(
    db: Database, actor: Actor, key: RequestKey, site_id: UUID, version: int | None, command: ChangeSite, language: str
) -> Answer:
    """Change what is given; a site that has ended is visited no more."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Site, site_id, version)
        given = command.model_dump(exclude={"position", "reason"}, exclude_none=True)
        before = {name: getattr(row, name) for name in given if name not in ("name", "address")}
        for name, value in given.items():
            setattr(row, name, value)
        row.address_key = rules.address_key(row.address)
        _move(row, command.position)
        if row.status == rules.SiteStatus.ACTIVE and {"address", "status"} & set(given):
            await _refuse_known(tx, row)
        await tx.flush()
        after = {name: given[name] for name in before} | {"changed": sorted(command.model_fields_set - {"reason"})}
        tx.note("change", row, before=before, after=after, reason=command.reason)
        if "status" in given:
            await _replan(tx, row)
        return tx.answer(alone(row, actor, language), status=200, version=row.version)


async def _replan(tx: Transaction, row: Site) -> None:
    """The visits of the policy follow its sites, wherever the plan lies."""
    policy = await exposure.policy(tx, row.policy_id)
    if policy is not None:
        scope = tx.scope
        await tx.use_scope("00")
        await plan_for(tx, policy)
        await tx.use_scope(scope)
