"""The claims service over HTTP: `uvicorn services.claims.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.claims.claim import routes as claim_routes
from services.claims.claim.shapes import plain_values
from services.claims.claim.tables import Claim
from services.claims.intake import routes as intake_routes
from services.claims.settings import ClaimsSettings
from shared.database import Database
from shared.records import record_routes
from shared.service import build_app
from shared.work_items import work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

ACTIONS = ()


def create_app(settings: ClaimsSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or ClaimsSettings()  # type: ignore[call-arg]
    rooms = (
        intake_routes.room,
        claim_routes.room,
        record_routes(
            Claim, "/v1/claims", read="claims.claim.read", reveal="claims.claim.reveal", plain_values=plain_values
        ),
        work_item_routes("claims"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.digest_key = chosen.digest_key()
        app.state.actions = ACTIONS

    return build_app("claims", chosen, rooms, prepare=prepare)
