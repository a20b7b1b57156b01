"""The risk service over HTTP: `uvicorn services.risk.app:create_app --factory`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
from shared.database import Database, Record
from shared.export_routes import export_routes
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.routing import Room
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

FILES, WRITES = "risk.attachment.read", "risk.attachment.add"
RECORDS: tuple[tuple[type[Record], str, str], ...] = (
    (InspectionPlan, "/v1/inspection-plans", "risk.inspection.read"),
    (Site, "/v1/sites", "risk.site.read"),
    (PreventionPlan, "/v1/prevention-plans", "risk.inspection.read"),
    (RiskAssessment, "/v1/risk-assessments", "risk.assessment.read"),
    (Checklist, "/v1/checklists", "risk.checklist.read"),
    (Inspection, "/v1/inspections", "risk.inspection.read"),
    (Hazard, "/v1/hazards", "risk.hazard.read"),
    (RectificationNotice, rectification_routes.PATH, "risk.rectification.read"),
    (KeyRiskFile, "/v1/key-risk-files", "risk.key_risk_file.read"),
    (ContactLog, contact_routes.PATH, "risk.contact_log.read"),
)
"""Every record: where it lies, and what it takes to read it."""
REVEALS: dict[type[Record], dict[str, Any]] = {
    Inspection: {"reveal": "risk.site.reveal", "plain_values": signing.plain_values},
}
WITH_FILES = (Inspection, PreventionPlan, RiskAssessment, Hazard, RectificationNotice)
NOTED = (Inspection, InspectionPlan, Hazard, RectificationNotice, KeyRiskFile, RiskAssessment, PreventionPlan, Site)

MOVES = {
    "inspect": Move(inspection_queries.who_may_inspect),
    "report_inspection": Move(inspection_queries.who_may_inspect, inspection.send_another, ("risk_engineer",)),
}


ROOMS = (
    inspection_routes.room,
    fieldwork_routes.room,
    signing_routes.room,
    signing_routes.letters_room,
    checklist_routes.room,
    prevention_routes.room,
    site_routes.room,
    calendar_routes.room,
    comparison_routes.room,
    assessment_routes.room,
    assessment_routes.letters_room,
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
)


def _of_records() -> Iterator[Room]:
    """What holds for records of every kind: history and reveals, files, notes."""
    for kind, path, read in RECORDS:
        yield record_routes(kind, path, read=read, **REVEALS.get(kind, {}))
        if kind in WITH_FILES:
            yield record_files(kind, path, read=FILES, write=WRITES)
        if kind in NOTED:
            yield note_routes(kind, path, read=read)


def create_app(settings: RiskSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or RiskSettings()  # type: ignore[call-arg]
    rooms = (
        *ROOMS,
        *_of_records(),
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
