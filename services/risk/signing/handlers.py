"""Signing a report, and explaining what contradicts the claims."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.risk import events
from services.risk.inspection import queries
from services.risk.inspection.handlers import answered, close_if_complete
from services.risk.inspection.queries import InspectionFacts
from services.risk.inspection.tables import Inspection, InspectionSignature
from services.risk.signing import rules
from services.risk.signing.schemas import Explain, SignReport
from shared.actions import Action
from shared.actor import Actor
from shared.clock import rfc3339
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def sign(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: SignReport
) -> Answer:
    """Keep one side's signature; with both the report is complete, and is told to whoever waits for it."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        held = [one.side for one in await queries.signatures_of(tx, inspection.id)]
        rules.may_sign(inspection.state, inspection.warnings, inspection.explanation, held, command.side)
        told = (command.method, command.signer_name, command.signer_role)
        inspector = inspection.inspector_person_id
        rules.check_signature(command.side, actor.person_id, inspector, told, command.refused_reason)
        rules.check_time(command.signed_at, inspection.inspected_at, tx.now)
        files = [command.attachment_id] if command.attachment_id else []
        await queries.refuse_foreign_files(tx, inspection, files, "#/attachment_id")
        row = InspectionSignature(
            id=uuid7(), org_path=inspection.org_path, inspection_id=inspection.id, person_id=actor.person_id,
            **command.model_dump(),
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        before = inspection.status
        if {*held, command.side} == set(rules.Side):
            inspection.signed_at = tx.now
            await _complete(tx, inspection)
            close_if_complete(tx, inspection)
        after = {"status": inspection.status, "side": command.side, "refused": command.refused_reason is not None}
        tx.note("sign", inspection, before={"status": before}, after=after)
        signed_at = inspection.signed_at
        shown = {"side": command.side} | ({} if signed_at is None else {"signed_at": rfc3339(signed_at)})
        return answered(tx, inspection, "sign", shown)


async def _complete(tx: Transaction, inspection: Inspection) -> None:
    counts, worst = await queries.hazards_of(tx, inspection.id)
    told = {
        "inspection_id": inspection.id, "application_id": inspection.application_id,
        "policy_id": inspection.policy_id, "customer_id": inspection.customer_id, "kind": inspection.kind,
        "risk_level": inspection.risk_level or "medium", "hazards": counts, "probable_maximum_loss": worst,
        "inspector_id": inspection.inspector_person_id, "inspected_at": inspection.inspected_at, "signed_at": tx.now,
    }  # fmt: skip
    tx.publish(events.InspectionCompleted.model_validate(told), inspection)


async def explain(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, version: int | None, command: Explain
) -> Answer:
    """Say why the report tells of no accidents although the claims know some."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find_for_change(Inspection, inspection_id, version)
        rules.may_explain(inspection.state, inspection.warnings, inspection.explanation)
        inspection.explanation = command.text
        tx.note("explain", inspection, after={"warnings": inspection.warnings})
        return answered(tx, inspection, "explain", {"warnings": inspection.warnings})


async def plain_values(tx: Transaction, inspection: Inspection) -> Mapping[str, str | None]:
    """The names below the report, for a reveal."""
    return {f"{one.side}_signer_name": one.signer_name for one in await queries.signatures_of(tx, inspection.id)}


def _sign(_actor: Actor, facts: InspectionFacts) -> None:
    one = facts.inspection
    rules.may_sign(one.state, one.warnings, one.explanation, ())


def _explain(_actor: Actor, facts: InspectionFacts) -> None:
    one = facts.inspection
    rules.may_explain(one.state, one.warnings, one.explanation)


ACTIONS: tuple[Action[InspectionFacts], ...] = (
    Action("explain", "POST", "/v1/inspections/{id}/explanations", "risk.inspection.report", _explain),
    Action("sign", "POST", "/v1/inspections/{id}/signatures", "risk.inspection.sign", _sign),
)
