"""The risk service over HTTP: `uvicorn services.risk.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.risk.accumulation import routes as accumulation_routes
from services.risk.assessment import routes as assessment_routes
from services.risk.assessment.tables import RiskAssessment
from services.risk.calendar import routes as calendar_routes
from services.risk.checklist import routes as checklist_routes
from services.risk.checklist.tables import Checklist
from services.risk.comparison import routes as comparison_routes
from services.risk.contact import routes as contact_routes
from services.risk.correction import routes as correction_routes
from services.risk.exposure.tables import Site
from services.risk.fieldwork import routes as fieldwork_routes
from services.risk.follow_up import queries as follow_up_queries
from services.risk.follow_up import routes as follow_up_routes
from services.risk.hazard import routes as hazard_routes
from services.risk.inspection import handlers as inspection
from services.risk.inspection import queries as inspection_queries
from services.risk.inspection import routes as inspection_routes
from services.risk.inspection.queries import ACTIONS, PLAN_ACTIONS
from services.risk.inspection.tables import Hazard, Inspection, InspectionPlan
from services.risk.key_risk import routes as key_risk_routes
from services.risk.key_risk.tables import ContactLog, KeyRiskFile
from services.risk.note.routes import note_routes
from services.risk.prevention import routes as prevention_routes
from services.risk.prevention.tables import PreventionPlan
from services.risk.rectification import routes as rectification_routes
from services.risk.rectification.tables import RectificationNotice
from services.risk.report import routes as report_routes
from services.risk.settings import RiskSettings
from services.risk.signing import handlers as signing
from services.risk.signing import routes as signing_routes
from services.risk.site import routes as site_routes
from services.risk.statistics import routes as statistics_routes
from services.risk.table_export.shapes import COLLECTIONS
from shared.assignees import assignee_routes
from shared.attachments import record_files
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.export_routes import export_routes
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

NOTED = (
    (Inspection, "/v1/inspections", "inspection"),
    (InspectionPlan, "/v1/inspection-plans", "inspection"),
    (Hazard, "/v1/hazards", "hazard"),
    (RectificationNotice, rectification_routes.PATH, "rectification"),
    (KeyRiskFile, "/v1/key-risk-files", "key_risk_file"),
    (RiskAssessment, "/v1/risk-assessments", "assessment"),
    (PreventionPlan, "/v1/prevention-plans", "inspection"),
    (Site, "/v1/sites", "site"),
)
"""Records that colleagues write notes on, and what it takes to read them."""

MOVES = {
    "inspect": Move(inspection_queries.who_may_inspect),
    "report_inspection": Move(inspection_queries.who_may_inspect, inspection.send_another, ("risk_engineer",)),
}


def create_app(settings: RiskSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or RiskSettings()  # type: ignore[call-arg]
    rooms = (
        inspection_routes.room,
        fieldwork_routes.room,
        signing_routes.room,
        checklist_routes.room,
        prevention_routes.room,
        site_routes.room,
        calendar_routes.room,
        comparison_routes.room,
        assessment_routes.room,
        hazard_routes.room,
        rectification_routes.room,
        rectification_routes.letters_room,
        follow_up_routes.room,
        key_risk_routes.room,
        contact_routes.room,
        correction_routes.room,
        accumulation_routes.room,
        statistics_routes.room,
        report_routes.room,
        record_routes(InspectionPlan, "/v1/inspection-plans", read="risk.inspection.read"),
        record_routes(Site, "/v1/sites", read="risk.site.read"),
        record_routes(PreventionPlan, "/v1/prevention-plans", read="risk.inspection.read"),
        record_routes(RiskAssessment, "/v1/risk-assessments", read="risk.assessment.read"),
        record_routes(Checklist, "/v1/checklists", read="risk.checklist.read"),
        record_routes(
            Inspection,
            "/v1/inspections",
            read="risk.inspection.read",
            reveal="risk.site.reveal",
            plain_values=signing.plain_values,
        ),
        record_routes(Hazard, "/v1/hazards", read="risk.hazard.read"),
        record_routes(RectificationNotice, rectification_routes.PATH, read="risk.rectification.read"),
        record_routes(KeyRiskFile, "/v1/key-risk-files", read="risk.key_risk_file.read"),
        record_routes(ContactLog, contact_routes.PATH, read="risk.contact_log.read"),
        record_files(Inspection, "/v1/inspections", read="risk.attachment.read", write="risk.attachment.add"),
        record_files(PreventionPlan, "/v1/prevention-plans", read="risk.attachment.read", write="risk.attachment.add"),
        record_files(RiskAssessment, "/v1/risk-assessments", read="risk.attachment.read", write="risk.attachment.add"),
        record_files(Hazard, "/v1/hazards", read="risk.attachment.read", write="risk.attachment.add"),
        record_files(
            RectificationNotice, rectification_routes.PATH, read="risk.attachment.read", write="risk.attachment.add"
        ),
        *(note_routes(kind, path, read=f"risk.{read}.read") for kind, path, read in NOTED),
        export_routes("risk", COLLECTIONS),
        job_routes("risk", read="risk.job.read", cancel="risk.job.cancel"),
        work_item_routes(MOVES),
        assignee_routes({("inspections", "inspect"): inspection_queries.who_may_inspect}),
        audit_routes("risk"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.actions = (*ACTIONS, *signing.ACTIONS)
        app.state.plan_actions = PLAN_ACTIONS
        app.state.hazard_actions = follow_up_queries.ACTIONS

    return build_app("risk", chosen, rooms, prepare=prepare)
