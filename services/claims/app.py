"""The claims service over HTTP: `uvicorn services.claims.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.claims.adjustment import handlers as adjustment
from services.claims.adjustment import routes as adjustment_routes
from services.claims.adjustment import shapes as adjustment_shapes
from services.claims.advance import handlers as advance
from services.claims.advance import routes as advance_routes
from services.claims.agreement import handlers as agreement
from services.claims.agreement import queries as agreement_queries
from services.claims.agreement import routes as agreement_routes
from services.claims.approval import handlers as approval
from services.claims.approval import queries as approval_queries
from services.claims.approval import routes as approval_routes
from services.claims.approval import shapes as approval_shapes
from services.claims.archive import handlers as archive
from services.claims.archive import queries as archive_queries
from services.claims.archive import routes as archive_routes
from services.claims.claim import handlers as claim_handlers
from services.claims.claim import queries as claim_queries
from services.claims.claim import routes as claim_routes
from services.claims.claim import shapes as claim_shapes
from services.claims.claim.rules import Duty
from services.claims.claim.tables import Claim
from services.claims.consent import handlers as consent
from services.claims.consent import routes as consent_routes
from services.claims.correspondence import queries as correspondence_queries
from services.claims.correspondence import routes as correspondence_routes
from services.claims.cover import queries as cover_queries
from services.claims.deadlines import handlers as deadlines
from services.claims.deadlines import queries as deadline_queries
from services.claims.deadlines import routes as deadline_routes
from services.claims.documents import handlers as documents
from services.claims.documents import routes as documents_routes
from services.claims.documents import shapes as documents_shapes
from services.claims.duplicates import handlers as duplicates
from services.claims.duplicates import routes as duplicates_routes
from services.claims.duty import routes as duty_routes
from services.claims.duty.tables import DutyRoster
from services.claims.file_export import handlers as file_export
from services.claims.file_export import routes as file_export_routes
from services.claims.goodwill import handlers as goodwill
from services.claims.goodwill import routes as goodwill_routes
from services.claims.intake import routes as intake_routes
from services.claims.lending import handlers as lending
from services.claims.lending import routes as lending_routes
from services.claims.litigation import handlers as litigation
from services.claims.litigation import routes as litigation_routes
from services.claims.note import handlers as note
from services.claims.note import routes as note_routes
from services.claims.payment import handlers as payment
from services.claims.payment import queries as payment_queries
from services.claims.payment import routes as payment_routes
from services.claims.payment import shapes as payment_shapes
from services.claims.payment.tables import Payment
from services.claims.payout import handlers as payout
from services.claims.payout import routes as payout_routes
from services.claims.placement import handlers as placement
from services.claims.placement import routes as placement_routes
from services.claims.policy_search import routes as policy_search_routes
from services.claims.recovery import handlers as recovery
from services.claims.recovery import routes as recovery_routes
from services.claims.reopening import handlers as reopening
from services.claims.reopening import queries as reopening_queries
from services.claims.reopening import routes as reopening_routes
from services.claims.reserve import handlers as reserve
from services.claims.reserve import routes as reserve_routes
from services.claims.resurvey import handlers as resurvey
from services.claims.resurvey import routes as resurvey_routes
from services.claims.retention import handlers as retention
from services.claims.retention import routes as retention_routes
from services.claims.second_look import handlers as second_look
from services.claims.second_look import routes as second_look_routes
from services.claims.second_look.tables import QualityCheck
from services.claims.settings import ClaimsSettings
from services.claims.side import queries as side_queries
from services.claims.statistics import routes as statistics_routes
from services.claims.survey import handlers as survey
from services.claims.survey import queries as survey_queries
from services.claims.survey import routes as survey_routes
from services.claims.survey import shapes as survey_shapes
from services.claims.table_export.shapes import COLLECTIONS
from shared.assignees import assignee_routes
from shared.attachments import record_files, uploads_room
from shared.audit_routes import audit_routes
from shared.database import Database, Transaction
from shared.export_routes import export_routes
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import Move, work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

ROOMS = (
    policy_search_routes.room,
    intake_routes.room,
    # Their fixed words stand before the id of a claim.
    statistics_routes.room,
    retention_routes.room,
    claim_routes.room,
    duty_routes.room,
    placement_routes.room,
    duplicates_routes.room,
    survey_routes.room,
    resurvey_routes.room,
    documents_routes.room,
    consent_routes.room,
    deadline_routes.room,
    reserve_routes.room,
    adjustment_routes.room,
    approval_routes.room,
    agreement_routes.room,
    payment_routes.room,
    payout_routes.room,
    second_look_routes.room,
    advance_routes.room,
    goodwill_routes.room,
    recovery_routes.room,
    litigation_routes.room,
    reopening_routes.room,
    correspondence_routes.room,
    note_routes.room,
    archive_routes.room,
    lending_routes.room,
    file_export_routes.room,
)
"""The routes of each room; what every record has alike comes after them."""

ACTIONS = (
    *placement.ACTIONS,
    *duplicates.ACTIONS,
    *claim_handlers.ACTIONS,
    *survey.ACTIONS,
    *resurvey.ACTIONS,
    *documents.ACTIONS,
    *consent.ACTIONS,
    *deadlines.ACTIONS,
    *reserve.ACTIONS,
    *adjustment.ACTIONS,
    *approval.ACTIONS,
    *agreement.ACTIONS,
    *payment.ACTIONS,
    *advance.ACTIONS,
    *goodwill.ACTIONS,
    *recovery.ACTIONS,
    *litigation.ACTIONS,
    *reopening.ACTIONS,
    *note.ACTIONS,
    *archive.ACTIONS,
    *lending.ACTIONS,
    *retention.ACTIONS,
    *file_export.ACTIONS,
)
DUTIES = {
    ("claims", "survey"): survey_queries.who_may_survey,
    ("claims", "register"): claim_queries.who_may(Duty.REGISTRAR, "adjuster"),
    ("claims", "adjust"): claim_queries.who_may(Duty.ADJUSTER, "adjuster"),
    ("claims", "approve"): claim_queries.who_may(Duty.APPROVER, "claims_approver", "department_head"),
    ("claims", "pay"): claim_queries.who_may(Duty.CASHIER, "cashier"),
    ("claims", "archive"): claim_queries.who_may(Duty.ARCHIVIST, "archivist"),
}
"""What pickers ask about a claim, by the name of the duty."""
STEP = Move(claim_queries.who_may(Duty.APPROVER, "claims_approver", "department_head"), at_unit=True)
MOVES = {
    "survey": Move(survey_queries.who_may_survey, survey.send_another),
    "approve": STEP,
    "cosign": STEP,
    "pay": Move(payment_queries.who_may_pay),
    "resubmit": Move(payment_queries.who_may_pay),
    "adjuster": Move(claim_queries.who_may(Duty.ADJUSTER, anywhere=True)),
    "archivist": Move(claim_queries.who_may(Duty.ARCHIVIST, anywhere=True)),
}
"""How work is given to somebody else, by its kind or by the position that does it."""
FACT_SOURCES = (
    adjustment.known,
    approval_queries.known,
    agreement_queries.known,
    payment_queries.known,
    side_queries.known,
    reopening_queries.known,
    archive_queries.known,
    retention.known,
)
PART_SOURCES = (
    cover_queries.shown,
    deadline_queries.shown,
    survey_shapes.shown,
    claim_shapes.reserves,
    adjustment_shapes.parts,
    approval_shapes.parts,
)
TIMELINE_SOURCES = (
    survey_shapes.timeline,
    documents_shapes.timeline,
    agreement_queries.timeline,
    payment_queries.timeline,
    side_queries.timeline,
    correspondence_queries.timeline,
)
CLOSING_SOURCES = (side_queries.closing,)


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal of a claim can show: reporter, injured, participants of surveys, claimants."""
    return {
        **await claim_shapes.plain_values(tx, claim),
        **await survey_shapes.plain_values(tx, claim),
        **await adjustment_shapes.plain_values(tx, claim),
    }


def create_app(settings: ClaimsSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or ClaimsSettings()  # type: ignore[call-arg]
    rooms = (
        *ROOMS,
        record_routes(
            Claim, "/v1/claims", read="claims.claim.read", reveal="claims.claim.reveal", plain_values=plain_values
        ),
        record_routes(
            Payment,
            "/v1/payments",
            read="claims.payment.read",
            reveal="claims.payment.reveal",
            plain_values=payment_shapes.plain_values,
        ),
        record_routes(DutyRoster, "/v1/duty-rosters", read="claims.duty_roster.read"),
        record_routes(QualityCheck, "/v1/quality-checks", read="claims.quality_check.read"),
        record_files(Claim, "/v1/claims", read="claims.attachment.read", write="claims.attachment.add"),
        uploads_room("/v1/claims", may="claims.attachment.add"),
        export_routes("claims", COLLECTIONS),
        job_routes("claims", read="claims.job.read", cancel="claims.job.cancel"),
        work_item_routes(MOVES),
        assignee_routes(DUTIES),
        audit_routes("claims"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.digest_key = chosen.digest_key()
        app.state.actions = ACTIONS
        app.state.payment_actions = payout.PAYMENT_ACTIONS
        app.state.fact_sources = FACT_SOURCES
        app.state.on_decision = (second_look.draw,)
        app.state.part_sources = PART_SOURCES
        app.state.timeline_sources = TIMELINE_SOURCES
        app.state.closing_sources = CLOSING_SOURCES

    return build_app("claims", chosen, rooms, prepare=prepare)
