"""Policies read: one, many, their versions, their limits, their losses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime
from starlette.responses import Response

from services.policy.policy import queries, schemas, shapes
from services.policy.policy.tables import Policy
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Reads, Room, shown

room = Room(tags=["policies"])


@room.reads("/v1/policies", Page[schemas.PolicyItem], may="policy.policy.read", free_query=True)
async def list_policies(request: Request, call: Reads) -> Response:
    """Policies in the caller's scope."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.POLICIES, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.POLICIES, asked, call.state.secret)
        return shown(shaped([shapes.item(row, tx.now) for row in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/policies/{policy_id}", schemas.PolicyOut, may="policy.policy.read")
async def read_policy(policy_id: UUID, call: Reads) -> Response:
    """One policy as its newest version states it."""
    async with call.db.transaction(call.actor) as tx:
        policy = await tx.find(Policy, policy_id)
        marks = await call.state.marks_of(tx, policy)
        return shown(shapes.alone(policy, tx.now, marks), version=policy.version)


@room.reads("/v1/policies/{policy_id}/versions", schemas.VersionsOut, may="policy.policy.read")
async def read_versions(
    policy_id: UUID, call: Reads, on: date | None = None, at: AwareDatetime | None = None
) -> Response:
    """Every version; with `on` the one that holds at the end of that day, with `at` the one at that instant."""
    async with call.db.transaction(call.actor) as tx:
        await tx.find(Policy, policy_id)
        if on is None and at is None:
            found = await queries.versions_of(tx, policy_id)
        else:
            found = [await queries.version_then(tx, policy_id, on, at)]
        return shown(schemas.VersionsOut(items=[schemas.PolicyVersionOut.model_validate(row) for row in found]))


@room.reads("/v1/policies/{policy_id}/remaining-limits", schemas.RemainingLimitsOut, may="policy.policy.read")
async def read_remaining_limits(policy_id: UUID, call: Reads) -> Response:
    """What settled claims left; the ledger is kept by the claims service."""
    async with call.db.transaction(call.actor) as tx:
        policy = await tx.find(Policy, policy_id)
        return shown(shapes.limits(policy, await queries.remaining_limits(tx, policy)))


@room.reads("/v1/policies/{policy_id}/loss-history", schemas.LossHistoryOut, may="policy.policy.read")
async def read_loss_history(policy_id: UUID, call: Reads) -> Response:
    """Claims on the policy, the newest loss first."""
    async with call.db.transaction(call.actor) as tx:
        await tx.find(Policy, policy_id)
        losses = [schemas.LossOut.model_validate(row) for row in await queries.losses_of(tx, policy_id)]
        return shown(schemas.LossHistoryOut(items=losses))


@room.reads("/v1/policies/{policy_id}/insured-persons", schemas.InsuredPersonsOut, may="policy.policy.read")
async def read_insured_persons(policy_id: UUID, call: Reads) -> Response:
    """The insured list of the newest version that has one, masked."""
    async with call.db.transaction(call.actor) as tx:
        policy = await tx.find(Policy, policy_id)
        rows = await queries.insured_persons(tx, policy)
        return shown(schemas.InsuredPersonsOut(items=[shapes.person(row) for row in rows]))


@room.posts("/v1/policies/searches", schemas.PolicyHitsOut, may="policy.policy.read", status=200)
async def search_policies(criteria: schemas.SearchPolicies, call: Reads) -> Response:
    """Policies by number, insured name or identity number, in force on a day; hits are masked."""
    async with call.db.transaction(call.actor) as tx:
        found = await queries.matching(tx, criteria, call.state.digest_key)
        return shown(schemas.PolicyHitsOut(items=[shapes.hit(policy, row, tx.now) for policy, row in found]))
