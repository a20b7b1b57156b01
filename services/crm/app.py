"""The crm service over HTTP: `uvicorn services.crm.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.crm.assignment import handlers as assignment
from services.crm.assignment import routes as assignment_routes
from services.crm.core import routes as core_routes
from services.crm.customer import handlers as customer
from services.crm.customer import routes as customer_routes
from services.crm.customer.shapes import plain_values as customer_values
from services.crm.customer.tables import Customer
from services.crm.finding import handlers as finding
from services.crm.finding import routes as finding_routes
from services.crm.merging import handlers as merging
from services.crm.merging import routes as merging_routes
from services.crm.settings import CrmSettings
from services.crm.timeline import routes as timeline_routes
from services.crm.visit import handlers as visit
from services.crm.visit import queries as visit_queries
from services.crm.visit import routes as visit_routes
from services.crm.visit.shapes import plain_values as visit_values
from services.crm.visit.tables import Finding, ReturnVisit
from shared.assignees import assignee_routes
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

CUSTOMER_ACTIONS = (*customer.ACTIONS, *assignment.ACTIONS, *merging.ACTIONS)
REVEAL = "crm.customer.reveal"

MOVES = {"return_visit": Move(visit_queries.who_may_take_over)}


def create_app(settings: CrmSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or CrmSettings()  # type: ignore[call-arg]
    rooms = (
        core_routes.room,
        customer_routes.room,
        timeline_routes.room,
        assignment_routes.room,
        merging_routes.room,
        record_routes(Customer, "/v1/customers", read="crm.customer.read", reveal=REVEAL, plain_values=customer_values),
        visit_routes.room,
        record_routes(
            ReturnVisit, "/v1/return-visits", read="crm.return_visit.read", reveal=REVEAL, plain_values=visit_values
        ),
        finding_routes.room,
        record_routes(Finding, "/v1/findings", read="crm.finding.read"),
        work_item_routes(MOVES),
        assignee_routes({("return-visits", "visit"): visit_queries.who_may_visit}),
        audit_routes("crm"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.blind_key = chosen.blind_key()
        app.state.customer_actions = CUSTOMER_ACTIONS
        app.state.visit_actions = visit.ACTIONS
        app.state.finding_actions = finding.ACTIONS

    return build_app("crm", chosen, rooms, prepare=prepare)
