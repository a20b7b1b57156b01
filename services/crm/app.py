"""The crm service over HTTP: `uvicorn services.crm.app:create_app --factory`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.crm.article import routes as article_routes
from services.crm.article.tables import Article, QuickAnswer
from services.crm.assignment import handlers as assignment
from services.crm.assignment import routes as assignment_routes
from services.crm.batch import routes as batch_routes
from services.crm.completion import handlers as completion
from services.crm.completion import routes as completion_routes
from services.crm.consent import handlers as consent
from services.crm.consent import routes as consent_routes
from services.crm.conversion import handlers as conversion
from services.crm.conversion import routes as conversion_routes
from services.crm.core import routes as core_routes
from services.crm.customer import handlers as customer
from services.crm.customer import routes as customer_routes
from services.crm.customer.shapes import plain_values as customer_values
from services.crm.customer.tables import Customer
from services.crm.data_check import routes as data_check_routes
from services.crm.data_copy import handlers as data_copy
from services.crm.data_copy import routes as data_copy_routes
from services.crm.desk import routes as desk_routes
from services.crm.desk.tables import Desk
from services.crm.enquiry import handlers as enquiry
from services.crm.enquiry.shapes import plain_values as enquiry_values
from services.crm.enquiry.tables import Enquiry
from services.crm.enquiry_note import handlers as enquiry_note
from services.crm.enquiry_note import routes as enquiry_note_routes
from services.crm.finding import handlers as finding
from services.crm.finding import routes as finding_routes
from services.crm.improvement import handlers as improvement
from services.crm.improvement import routes as improvement_routes
from services.crm.key_account import routes as key_account_routes
from services.crm.key_account.shapes import plain_values as key_account_values
from services.crm.key_account.tables import KeyAccount
from services.crm.kpi import routes as kpi_routes
from services.crm.merging import handlers as merging
from services.crm.merging import routes as merging_routes
from services.crm.message import routes as message_routes
from services.crm.naming import handlers as naming
from services.crm.naming import routes as naming_routes
from services.crm.nomination import handlers as nomination
from services.crm.nomination import routes as nomination_routes
from services.crm.note import handlers as note
from services.crm.note import routes as note_routes
from services.crm.opinion import routes as opinion_routes
from services.crm.opinion.tables import Demand, Opinion
from services.crm.overview import routes as overview_routes
from services.crm.promise import handlers as promise
from services.crm.promise import routes as promise_routes
from services.crm.questionnaire import routes as questionnaire_routes
from services.crm.questionnaire.tables import Questionnaire
from services.crm.reception import routes as reception_routes
from services.crm.reply import handlers as reply
from services.crm.reply import routes as reply_routes
from services.crm.response import routes as response_routes
from services.crm.result import handlers as result
from services.crm.result import routes as result_routes
from services.crm.retention import handlers as retention
from services.crm.retention import routes as retention_routes
from services.crm.service_grant import handlers as service_grant
from services.crm.service_grant import routes as service_grant_routes
from services.crm.service_grant.tables import ServiceGrant
from services.crm.service_item import routes as service_item_routes
from services.crm.service_item.tables import ServiceItem
from services.crm.service_report import routes as service_report_routes
from services.crm.settings import CrmSettings
from services.crm.stewardship import handlers as stewardship
from services.crm.stewardship import routes as stewardship_routes
from services.crm.survey import handlers as survey
from services.crm.survey import routes as survey_routes
from services.crm.survey.tables import Survey, SurveyPlan
from services.crm.table_export.shapes import COLLECTIONS
from services.crm.timeline import routes as timeline_routes
from services.crm.transfer import handlers as transfer
from services.crm.transfer import routes as transfer_routes
from services.crm.visit import handlers as visit
from services.crm.visit import queries as visit_queries
from services.crm.visit import routes as visit_routes
from services.crm.visit.shapes import plain_values as visit_values
from services.crm.visit.tables import Finding, ReturnVisit
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

CUSTOMER_ACTIONS = (
    *customer.ACTIONS,
    *assignment.ACTIONS,
    *merging.ACTIONS,
    *consent.ACTIONS,
    *retention.ACTIONS,
    *data_copy.ACTIONS,
    *note.ACTIONS,
)
REVEAL = "crm.customer.reveal"

ENQUIRY_ACTIONS = (
    *reply.ACTIONS, *promise.ACTIONS, *transfer.ACTIONS, *conversion.ACTIONS, *enquiry_note.ACTIONS,
)  # fmt: skip

KEY_ACCOUNT_ACTIONS = (*nomination.ACTIONS, *naming.ACTIONS, *stewardship.ACTIONS)

MOVES = {
    "return_visit": Move(visit_queries.who_may_take_over),
    enquiry.ANSWER: Move(enquiry.who_may_take_over, enquiry.follow_handler),
}

ASSIGNEES = {
    ("return-visits", "visit"): visit_queries.who_may_visit,
    ("enquiries", "answer"): enquiry.who_may_take_over,
}

CUSTOMERS = (
    core_routes.room,
    customer_routes.room,
    timeline_routes.room,
    assignment_routes.room,
    merging_routes.room,
    consent_routes.room,
    overview_routes.room,
    kpi_routes.room,
    service_report_routes.room,
    retention_routes.room,
    data_copy_routes.room,
    note_routes.room,
    record_routes(Customer, "/v1/customers", read="crm.customer.read", reveal=REVEAL, plain_values=customer_values),
)

VISITS_AND_SURVEYS = (
    batch_routes.room,
    visit_routes.room,
    completion_routes.room,
    data_check_routes.room,
    questionnaire_routes.room,
    record_routes(Questionnaire, "/v1/questionnaires", read="crm.questionnaire.read"),
    message_routes.room,
    response_routes.room,
    survey_routes.room,
    result_routes.room,
    improvement_routes.room,
    record_routes(SurveyPlan, "/v1/survey-plans", read="crm.survey.read"),
    record_routes(Survey, "/v1/surveys", read="crm.survey.read"),
    opinion_routes.room,
    record_routes(Opinion, "/v1/opinions", read="crm.opinion.read"),
    record_routes(Demand, "/v1/demands", read="crm.demand.read"),
    record_routes(
        ReturnVisit, "/v1/return-visits", read="crm.return_visit.read", reveal=REVEAL, plain_values=visit_values
    ),
    finding_routes.room,
    record_routes(Finding, "/v1/findings", read="crm.finding.read"),
)

ENQUIRIES = (
    desk_routes.room,
    record_routes(Desk, "/v1/desks", read="crm.desk.read"),
    reception_routes.room,
    promise_routes.room,
    reply_routes.room,
    transfer_routes.room,
    conversion_routes.room,
    enquiry_note_routes.room,
    record_routes(Enquiry, "/v1/enquiries", read="crm.enquiry.read", reveal=REVEAL, plain_values=enquiry_values),
    record_files(Enquiry, "/v1/enquiries", read="crm.attachment.read", write="crm.attachment.add"),
    article_routes.room,
    record_routes(Article, "/v1/articles", read="crm.article.read"),
    record_routes(QuickAnswer, "/v1/quick-answers", read="crm.article.read"),
)

KEY_ACCOUNTS = (
    nomination_routes.room,
    key_account_routes.room,
    naming_routes.room,
    stewardship_routes.room,
    record_routes(
        KeyAccount, "/v1/key-accounts", read="crm.key_account.read", reveal=REVEAL, plain_values=key_account_values
    ),
    record_files(KeyAccount, "/v1/key-accounts", read="crm.attachment.read", write="crm.attachment.add"),
    service_item_routes.room,
    record_routes(ServiceItem, "/v1/service-items", read="crm.service_item.read"),
    service_grant_routes.room,
    record_routes(ServiceGrant, "/v1/service-grants", read="crm.service_grant.read"),
)


def create_app(settings: CrmSettings | None = None) -> FastAPI:
    """The application; without `settings` they come from the environment."""
    chosen = settings or CrmSettings()  # type: ignore[call-arg]
    rooms = (
        *CUSTOMERS,
        *VISITS_AND_SURVEYS,
        *ENQUIRIES,
        *KEY_ACCOUNTS,
        work_item_routes(MOVES),
        assignee_routes(ASSIGNEES),
        export_routes("crm", COLLECTIONS),
        job_routes("crm", read="crm.job.read", cancel="crm.job.cancel"),
        audit_routes("crm"),
    )

    async def prepare(app: FastAPI, _db: Database) -> None:
        app.state.blind_key = chosen.blind_key()
        app.state.customer_actions = CUSTOMER_ACTIONS
        app.state.visit_actions = (*visit.ACTIONS, *completion.ACTIONS)
        app.state.finding_actions = finding.ACTIONS
        app.state.survey_actions = (*survey.ACTIONS, *result.ACTIONS, *improvement.ACTIONS)
        app.state.enquiry_actions = ENQUIRY_ACTIONS
        app.state.key_account_actions = KEY_ACCOUNT_ACTIONS
        app.state.grant_actions = service_grant.ACTIONS

    return build_app("crm", chosen, rooms, prepare=prepare)
