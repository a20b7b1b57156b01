"""Asking for a survey, and what a signed one changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy import events
from services.policy.application import shapes as application_shapes
from services.policy.application.handlers import PATH
from services.policy.application.queries import ApplicationFacts, facts_of
from services.policy.application.rules import ApplicationKind, ApplicationStatus, refuse_unless
from services.policy.application.tables import Application
from services.policy.disclosure.rules import OnlyForProposals
from services.policy.survey import rules
from services.policy.survey.rules import Reason
from services.policy.survey.schemas import RequestSurvey, SurveyRequestOut
from services.policy.survey.tables import SurveyRequest
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7

_WAITING = frozenset({ApplicationStatus.SURVEYED, ApplicationStatus.IN_REVIEW, ApplicationStatus.REFERRED_UP})


def check_request(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether a survey may be asked for now."""
    row = facts.application
    if row.of_kind is not ApplicationKind.PROPOSAL:
        raise OnlyForProposals(kind=row.kind)
    refuse_unless(row.of_kind, row.state, rules.ASKED_IN)


async def request_survey(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: RequestSurvey,
    state: Any,
) -> Answer:  # fmt: skip
    """An underwriter wants somebody to look at the place, whatever the triggers say."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_request(actor, facts)
        before = {"status": row.status}
        asked = await ask(tx, facts, [Reason.ON_REQUEST, *facts.more["survey"].reasons], command.site)
        if row.state in _WAITING:
            row.advance(ApplicationStatus.SURVEY_REQUIRED)
        after = {"status": row.status, "reasons": asked.reasons}
        tx.note("request_survey", row, before=before, after=after, reason=command.reason)
        out = SurveyRequestOut(
            id=asked.id, created_at=asked.created_at, reasons=asked.reasons, site=asked.site,
            application=application_shapes.state(row),
        )  # fmt: skip
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


async def ask(
    tx: Transaction, facts: ApplicationFacts, reasons: Sequence[Reason], site: str | None = None
) -> SurveyRequest:
    """Ask risk for a survey, with all its reasons. Raises `SiteMissing`."""
    row = facts.application
    place = site or row.risk.get("site") or row.risk.get("project")
    if not place:
        raise rules.SiteMissing()
    asked = SurveyRequest(
        id=uuid7(), created_at=tx.now, application_id=row.id, org_path=row.org_path,
        reasons=[str(one) for one in dict.fromkeys(reasons)], site=place, requested_by=tx.actor.person_id,
    )  # fmt: skip
    tx.add(asked)
    tx.publish(
        events.SurveyRequested(
            application_id=row.id, customer_id=row.customer_id, site=asked.site, reasons=asked.reasons,
            unit_code=row.unit_code, line=row.line, seller_id=row.seller_id,
        ),
        row,
    )  # fmt: skip
    return asked


async def survey_signed(tx: Transaction, application_id: UUID | None) -> None:
    """An application that waited for its survey waits no longer."""
    if application_id is None:
        return
    statement = select(Application).where(Application.id == application_id).with_for_update()
    row = await tx.scalar(statement)
    if row is None or row.state is not ApplicationStatus.SURVEY_REQUIRED:
        return
    row.advance(ApplicationStatus.SURVEYED)
    row.version += 1
    row.updated_at = tx.now
    tx.note("survey_signed", row, before={"status": "survey_required"}, after={"status": row.status})


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action(
        "request_survey", "POST", PATH + "/{id}/survey-requests", "policy.application.request_survey", check_request
    ),
)
