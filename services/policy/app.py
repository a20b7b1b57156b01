"""The policy service over HTTP: `uvicorn services.policy.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.policy.core import routes as core_routes
from services.policy.policy import routes as policy_routes
from services.policy.policy.shapes import plain_values
from services.policy.policy.tables import Policy
from services.policy.settings import PolicySettings
from shared.assignees import assignee_routes
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"


def create_app(settings: PolicySettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or PolicySettings()  # type: ignore[call-arg]
    rooms = (
        core_routes.room,
        policy_routes.room,
        record_routes(
            Policy, "/v1/policies", read="policy.policy.read", reveal="policy.policy.reveal", plain_values=plain_values
        ),
        job_routes("policy", read="policy.job.read", cancel="policy.job.cancel"),
        work_item_routes({}),
        assignee_routes({}),
        audit_routes("policy"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.digest_key = chosen.digest_key()

    return build_app("policy", chosen, rooms, prepare=prepare)
