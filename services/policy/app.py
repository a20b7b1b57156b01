"""The policy service over HTTP: `uvicorn services.policy.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.policy.core import routes as core_routes
from services.policy.core.tables import ReconciliationItem
from services.policy.core_message import routes as core_message_routes
from services.policy.insured_list import routes as insured_list_routes
from services.policy.policy import routes as policy_routes
from services.policy.policy.shapes import plain_values
from services.policy.policy.tables import Policy
from services.policy.product import handlers as product
from services.policy.product import routes as product_routes
from services.policy.reconciliation import routes as reconciliation_routes
from services.policy.settings import PolicySettings
from shared.assignees import assignee_routes
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

ROOMS = (
    product_routes.room,
    product_routes.history_room,
    core_routes.room,
    insured_list_routes.room,
    core_message_routes.room,
    reconciliation_routes.room,
    policy_routes.room,
)
"""The routes of each room; what every record has alike comes after them."""


def create_app(settings: PolicySettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or PolicySettings()  # type: ignore[call-arg]
    rooms = (
        *ROOMS,
        record_routes(ReconciliationItem, "/v1/core/reconciliation-items", read="policy.reconciliation.read"),
        record_routes(
            Policy, "/v1/policies", read="policy.policy.read", reveal="policy.policy.reveal", plain_values=plain_values
        ),
        job_routes("policy", read="policy.job.read", cancel="policy.job.cancel"),
        work_item_routes({}),
        assignee_routes({}),
        audit_routes("policy"),
    )

    async def prepare(app: FastAPI, db: Database) -> None:
        app.state.digest_key = chosen.digest_key()
        await product.load_seeds(db)

    return build_app("policy", chosen, rooms, prepare=prepare)
