"""Opinions and demands over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.crm.opinion import handlers, queries, shapes
from services.crm.opinion.schemas import (
    AnswerOpinion,
    DemandItem,
    DemandOut,
    DemandReviewOut,
    OpinionAnswerOut,
    OpinionItem,
    OpinionOut,
    ReviewDemand,
)
from services.crm.opinion.tables import Demand, Opinion
from shared import directory
from shared.pagination import Page, page, read_query, shaped
from shared.routing import Changes, Reads, Room, sent, shown

room = Room(tags=["opinions"])


@room.reads("/v1/opinions", Page[OpinionItem], may="crm.opinion.read", free_query=True)
async def list_opinions(request: Request, call: Reads) -> Response:
    """Opinions in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.OPINIONS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.OPINIONS, asked, call.state.secret)
        return shown(shaped([shapes.opinion(one) for one in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/opinions/{opinion_id}", OpinionOut, may="crm.opinion.read")
async def read_opinion(opinion_id: UUID, call: Reads) -> Response:
    """One opinion with its answer."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Opinion, opinion_id)
        out = await shapes.opinion_alone(tx, row, handlers.OPINION_ACTIONS, call.language)
        return shown(out, version=row.version)


@room.posts("/v1/opinions/{opinion_id}/answers", OpinionAnswerOut, may="crm.opinion.answer")
async def answer_opinion(opinion_id: UUID, command: AnswerOpinion, call: Changes) -> Response:
    """Answer the customer; the answer is sent to him."""
    return sent(await handlers.answer_opinion(call.db, call.actor, call.key, opinion_id, call.version, command))


@room.reads("/v1/demands", Page[DemandItem], may="crm.demand.read", free_query=True)
async def list_demands(request: Request, call: Reads) -> Response:
    """Demands in the caller's scope, the newest first."""
    async with call.db.transaction(call.actor) as tx:
        paths = await directory.paths_of(tx, request.query_params.getlist("unit_code"))
        asked = read_query(queries.DEMANDS, request.query_params.multi_items(), paths.get)
        rows, cursor, total = await page(tx, queries.DEMANDS, asked, call.state.secret)
        return shown(shaped([shapes.demand(one) for one in rows], cursor, total), fields=asked.fields)


@room.reads("/v1/demands/{demand_id}", DemandOut, may="crm.demand.read")
async def read_demand(demand_id: UUID, call: Reads) -> Response:
    """One demand with its review."""
    async with call.db.transaction(call.actor) as tx:
        row = await tx.find(Demand, demand_id)
        out = await shapes.demand_alone(tx, row, handlers.DEMAND_ACTIONS, call.language)
        return shown(out, version=row.version)


@room.posts("/v1/demands/{demand_id}/reviews", DemandReviewOut, may="crm.demand.review")
async def review_demand(demand_id: UUID, command: ReviewDemand, call: Changes) -> Response:
    """Say what becomes of a demand: reviewed, adopted or rejected."""
    return sent(await handlers.review_demand(call.db, call.actor, call.key, demand_id, call.version, command))
