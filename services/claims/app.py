"""The claims service over HTTP: `uvicorn services.claims.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.claims.adjustment import handlers as adjustment
from services.claims.adjustment import routes as adjustment_routes
from services.claims.adjustment import shapes as adjustment_shapes
from services.claims.approval import handlers as approval
from services.claims.approval import queries as approval_queries
from services.claims.approval import routes as approval_routes
from services.claims.approval import shapes as approval_shapes
from services.claims.claim import routes as claim_routes
from services.claims.claim import shapes as claim_shapes
from services.claims.claim.tables import Claim
from services.claims.intake import routes as intake_routes
from services.claims.settings import ClaimsSettings
from shared.database import Database, Transaction
from shared.records import record_routes
from shared.service import build_app
from shared.work_items import work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

ACTIONS = (*adjustment.ACTIONS, *approval.ACTIONS)
FACT_SOURCES = (adjustment.known, approval_queries.known)
PART_SOURCES = (adjustment_shapes.parts, approval_shapes.parts)


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal of a claim can show: reporter and injured as reported, claimants as assessed."""
    return {**await claim_shapes.plain_values(tx, claim), **await adjustment_shapes.plain_values(tx, claim)}


def create_app(settings: ClaimsSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or ClaimsSettings()  # type: ignore[call-arg]
    rooms = (
        intake_routes.room,
        claim_routes.room,
        adjustment_routes.room,
        approval_routes.room,
        record_routes(
            Claim, "/v1/claims", read="claims.claim.read", reveal="claims.claim.reveal", plain_values=plain_values
        ),
        work_item_routes("claims"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.digest_key = chosen.digest_key()
        app.state.actions = ACTIONS
        app.state.fact_sources = FACT_SOURCES
        app.state.part_sources = PART_SOURCES

    return build_app("claims", chosen, rooms, prepare=prepare)
