"""The complaints service over HTTP: `uvicorn services.complaints.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.complaints.assignment import handlers as assignment
from services.complaints.assignment import queries as assignment_queries
from services.complaints.assignment import routes as assignment_routes
from services.complaints.cause import routes as cause_routes
from services.complaints.cause import shapes as cause_shapes
from services.complaints.compensation import queries as compensation_queries
from services.complaints.compensation import routes as compensation_routes
from services.complaints.complaint.shapes import plain_values
from services.complaints.complaint.tables import Complaint
from services.complaints.correspondence import queries as correspondence_queries
from services.complaints.correspondence.handlers import served
from services.complaints.decision import queries as decision_queries
from services.complaints.decision import routes as decision_routes
from services.complaints.investigation import routes as investigation_routes
from services.complaints.mis_selling import routes as mis_selling_routes
from services.complaints.mis_selling.tables import MisSellingCase
from services.complaints.note import routes as note_routes
from services.complaints.officer import routes as officer_routes
from services.complaints.officer.tables import ComplaintOfficer
from services.complaints.registration import routes as registration_routes
from services.complaints.report import routes as report_routes
from services.complaints.review import queries as review_queries
from services.complaints.review import routes as review_routes
from services.complaints.settings import ComplaintsSettings
from services.complaints.statistics import routes as statistics_routes
from services.complaints.table_export.shapes import COLLECTIONS
from shared.assignees import assignee_routes
from shared.attachments import record_files, uploads_room
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.export_routes import export_routes
from shared.job_routes import job_routes
from shared.letter_routes import letter_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"
PATH = "/v1/complaints"

MOVES = {
    "handle_complaint": Move(assignment_queries.who_may_handle, assignment.hand_over, ("complaint_officer",)),
    "notify_complainant": Move(assignment_queries.who_may_handle, None, ("complaint_officer",)),
}

ACTIONS = (
    *decision_queries.ACTIONS,
    *compensation_queries.ACTIONS,
    *review_queries.ACTIONS,
    *correspondence_queries.ACTIONS,
)


def create_app(settings: ComplaintsSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or ComplaintsSettings()  # type: ignore[call-arg]
    rooms = (
        statistics_routes.room,
        report_routes.room,
        uploads_room(PATH, may="complaints.attachment.add"),
        registration_routes.room,
        assignment_routes.room,
        investigation_routes.room,
        compensation_routes.room,
        cause_routes.room,
        decision_routes.room,
        review_routes.room,
        mis_selling_routes.room,
        officer_routes.room,
        note_routes.room,
        record_routes(
            Complaint, PATH, read="complaints.complaint.read", reveal="complaints.complaint.reveal",
            plain_values=plain_values,
        ),
        record_routes(MisSellingCase, mis_selling_routes.PATH, read="complaints.mis_selling.read"),
        record_routes(ComplaintOfficer, officer_routes.PATH, read="complaints.office.read"),
        letter_routes(
            Complaint, PATH, issue="complaints.letter.issue", serve="complaints.letter.serve",
            read="complaints.attachment.read", data=correspondence_queries.data_of, served=served,
        ),
        record_files(Complaint, PATH, read="complaints.attachment.read", write="complaints.attachment.add"),
        work_item_routes(MOVES),
        assignee_routes({("complaints", "handle"): assignment_queries.who_may_handle}),
        export_routes("complaints", COLLECTIONS),
        job_routes("complaints", read="complaints.job.read", cancel="complaints.job.cancel"),
        audit_routes("complaints"),
    )  # fmt: skip

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.actions = ACTIONS
        app.state.part_sources = (cause_shapes.part,)

    return build_app("complaints", chosen, rooms, prepare=prepare)
