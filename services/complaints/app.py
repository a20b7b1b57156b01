"""The complaints service over HTTP: `uvicorn services.complaints.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.complaints.assignment import handlers as assignment
from services.complaints.assignment import queries as assignment_queries
from services.complaints.assignment import routes as assignment_routes
from services.complaints.complaint.shapes import plain_values
from services.complaints.complaint.tables import Complaint
from services.complaints.decision import routes as decision_routes
from services.complaints.decision.queries import ACTIONS
from services.complaints.investigation import routes as investigation_routes
from services.complaints.registration import routes as registration_routes
from services.complaints.settings import ComplaintsSettings
from services.complaints.statistics import routes as statistics_routes
from shared.assignees import assignee_routes
from shared.attachments import record_files, uploads_room
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"
PATH = "/v1/complaints"

MOVES = {
    "handle_complaint": Move(assignment_queries.who_may_handle, assignment.hand_over, ("complaint_officer",)),
    "notify_complainant": Move(assignment_queries.who_may_handle, None, ("complaint_officer",)),
}


def create_app(settings: ComplaintsSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or ComplaintsSettings()  # type: ignore[call-arg]
    rooms = (
        statistics_routes.room,
        uploads_room(PATH, may="complaints.attachment.add"),
        registration_routes.room,
        assignment_routes.room,
        investigation_routes.room,
        decision_routes.room,
        record_routes(
            Complaint, PATH, read="complaints.complaint.read", reveal="complaints.complaint.reveal",
            plain_values=plain_values,
        ),
        record_files(Complaint, PATH, read="complaints.attachment.read", write="complaints.attachment.add"),
        work_item_routes(MOVES),
        assignee_routes({("complaints", "handle"): assignment_queries.who_may_handle}),
        audit_routes("complaints"),
    )  # fmt: skip

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.actions = ACTIONS

    return build_app("complaints", chosen, rooms, prepare=prepare)
