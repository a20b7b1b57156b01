"""The policy service over HTTP: `uvicorn services.policy.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.policy.application import handlers as application
from services.policy.application import routes as application_routes
from services.policy.application.shapes import plain_values as application_values
from services.policy.application.tables import Application
from services.policy.application_statistics import routes as application_statistics_routes
from services.policy.archive import handlers as archive
from services.policy.archive import routes as archive_routes
from services.policy.archive.tables import ArchiveVolume
from services.policy.cancellation import handlers as cancellation
from services.policy.cancellation import routes as cancellation_routes
from services.policy.cancellation_quote import handlers as cancellation_quote
from services.policy.confirmation import handlers as confirmation
from services.policy.confirmation import routes as confirmation_routes
from services.policy.controlled_document import routes as controlled_document_routes
from services.policy.controlled_document.tables import ControlledDocument
from services.policy.core import routes as core_routes
from services.policy.core.tables import ReconciliationItem
from services.policy.core_message import routes as core_message_routes
from services.policy.correspondence import routes as correspondence_routes
from services.policy.delivery import routes as delivery_routes
from services.policy.delivery.shapes import plain_values as delivery_values
from services.policy.delivery.tables import Delivery
from services.policy.disclosure import handlers as disclosure
from services.policy.disclosure import queries as disclosure_queries
from services.policy.disclosure import routes as disclosure_routes
from services.policy.endorsement import handlers as endorsement
from services.policy.endorsement import routes as endorsement_routes
from services.policy.insured_list import routes as insured_list_routes
from services.policy.issue import handlers as issue
from services.policy.issue import routes as issue_routes
from services.policy.lending import handlers as lending
from services.policy.lending import routes as lending_routes
from services.policy.mark import queries as marks
from services.policy.mark import routes as mark_routes
from services.policy.note import routes as note_routes
from services.policy.opening import routes as opening_routes
from services.policy.payment_order import routes as payment_order_routes
from services.policy.payment_order import shapes as payment_order_shapes
from services.policy.payment_order.tables import PaymentOrder
from services.policy.policy import routes as policy_routes
from services.policy.policy.shapes import plain_values
from services.policy.policy.tables import Policy
from services.policy.premium_receipt import handlers as premium_receipt
from services.policy.premium_receipt import routes as premium_receipt_routes
from services.policy.product import handlers as product
from services.policy.product import routes as product_routes
from services.policy.reconciliation import routes as reconciliation_routes
from services.policy.refund_quote import routes as refund_quote_routes
from services.policy.renewal import handlers as renewal
from services.policy.renewal import routes as renewal_routes
from services.policy.renewal.tables import Renewal
from services.policy.rescission import routes as rescission_routes
from services.policy.retention import handlers as retention
from services.policy.retention import routes as retention_routes
from services.policy.safety_demand import queries as safety_demand
from services.policy.safety_demand import routes as safety_demand_routes
from services.policy.safety_demand.tables import SafetyDemand
from services.policy.settings import PolicySettings
from services.policy.submission import handlers as submission
from services.policy.submission import routes as submission_routes
from services.policy.survey import handlers as survey
from services.policy.survey import queries as survey_queries
from services.policy.survey import routes as survey_routes
from services.policy.table_export.shapes import COLLECTIONS
from services.policy.underwriting import handlers as underwriting
from services.policy.underwriting import queries as underwriting_queries
from services.policy.underwriting import routes as underwriting_routes
from shared.assignees import assignee_routes
from shared.attachments import record_files
from shared.audit_routes import audit_routes
from shared.database import Database
from shared.export_routes import export_routes
from shared.job_routes import job_routes
from shared.records import record_routes
from shared.service import build_app
from shared.work_moves import work_item_routes

RULE_SETS = Path(__file__).parent / "rule_sets"

ROOMS = (
    product_routes.room,
    product_routes.history_room,
    application_statistics_routes.room,
    opening_routes.room,
    application_routes.room,
    disclosure_routes.room,
    survey_routes.room,
    submission_routes.room,
    underwriting_routes.room,
    confirmation_routes.room,
    premium_receipt_routes.room,
    core_routes.room,
    insured_list_routes.room,
    core_message_routes.room,
    reconciliation_routes.room,
    policy_routes.room,
    payment_order_routes.room,
    refund_quote_routes.room,
    issue_routes.room,
    endorsement_routes.room,
    cancellation_routes.room,
    rescission_routes.room,
    mark_routes.room,
    renewal_routes.room,
    safety_demand_routes.room,
    delivery_routes.room,
    correspondence_routes.room,
    correspondence_routes.forms_room,
    controlled_document_routes.room,
    archive_routes.room,
    lending_routes.room,
    retention_routes.room,
    note_routes.room,
)
"""The routes of each room; what every record has alike comes after them."""

ON_PAID = (issue.premium_paid, endorsement.premium_paid, cancellation.refund_paid)
"""What goes on when an order was collected or paid."""
ON_VERSION = (renewal.ended,)
"""What follows a version made here."""
ISSUE_GATES = (confirmation.bind_gate,)
"""What has to be met before a policy is issued, beside the rules of the issue itself."""

ON_SUBMITTED = (cancellation_quote.quote, underwriting.submitted)
ON_ACKNOWLEDGED = (confirmation.acknowledged,)
ON_ACCEPTED = (issue.accepted,)
"""What follows an application that was submitted, acknowledged further, accepted for good."""
FACT_SOURCES = (disclosure_queries.known, survey_queries.known, underwriting_queries.known)
"""What the rooms after it add to the facts of an application, in this order."""
APPLICATION_ACTIONS = (
    *application.ACTIONS,
    *disclosure.ACTIONS,
    *survey.ACTIONS,
    *submission.ACTIONS,
    *underwriting.ACTIONS,
    *confirmation.ACTIONS,
    *premium_receipt.ACTIONS,
)


VOLUME_ACTIONS = (*archive.ACTIONS, *lending.ACTIONS, *retention.ACTIONS)
"""What may be done with a volume."""


RECORDS = (
    record_routes(
        Application,
        application.PATH,
        read="policy.application.read",
        reveal="policy.policy.reveal",
        plain_values=application_values,
    ),
    record_files(Application, application.PATH, read="policy.attachment.read", write="policy.attachment.add"),
    record_routes(ReconciliationItem, "/v1/core/reconciliation-items", read="policy.reconciliation.read"),
    record_routes(
        Policy, "/v1/policies", read="policy.policy.read", reveal="policy.policy.reveal", plain_values=plain_values
    ),
    record_routes(
        PaymentOrder,
        "/v1/payment-orders",
        read="policy.payment_order.read",
        reveal="policy.policy.reveal",
        plain_values=payment_order_shapes.plain_values,
    ),
    record_routes(Renewal, "/v1/renewals", read="policy.renewal.read"),
    record_routes(SafetyDemand, "/v1/safety-demands", read="policy.safety_demand.read"),
    record_routes(
        Delivery,
        "/v1/deliveries",
        read="policy.delivery.read",
        reveal="policy.policy.reveal",
        plain_values=delivery_values,
    ),
    record_files(Policy, "/v1/policies", read="policy.attachment.read", write="policy.attachment.add"),
    record_routes(ControlledDocument, "/v1/controlled-documents", read="policy.controlled_document.read"),
    record_routes(ArchiveVolume, "/v1/archive-volumes", read="policy.archive_volume.read"),
    export_routes("policy", COLLECTIONS),
    job_routes("policy", read="policy.job.read", cancel="policy.job.cancel"),
    work_item_routes({}),
    assignee_routes({}),
    audit_routes("policy"),
)
"""What every record has alike: history, reveals, files, exports, jobs, work."""


def create_app(settings: PolicySettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or PolicySettings()  # type: ignore[call-arg]
    rooms = (*ROOMS, *RECORDS)

    async def prepare(app: FastAPI, db: Database) -> None:
        app.state.digest_key = chosen.digest_key()
        app.state.on_paid = ON_PAID
        app.state.on_version = ON_VERSION
        app.state.marks_of = marks.shown
        app.state.demanded_increase = safety_demand.demanded_increase
        app.state.issue_gates = ISSUE_GATES
        app.state.actions = APPLICATION_ACTIONS
        app.state.fact_sources = FACT_SOURCES
        app.state.on_submitted = ON_SUBMITTED
        app.state.on_acknowledged = ON_ACKNOWLEDGED
        app.state.on_accepted = ON_ACCEPTED
        app.state.volume_actions = VOLUME_ACTIONS
        await product.load_seeds(db)

    return build_app("policy", chosen, rooms, prepare=prepare)
