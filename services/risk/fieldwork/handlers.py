"""Taking in sections from the field."""

from __future__ import annotations

from uuid import UUID

from services.risk.checklist.rules import Section, answer_faults
from services.risk.fieldwork import rules
from services.risk.fieldwork.schemas import PutSection, SectionOut
from services.risk.inspection import queries
from services.risk.inspection.rules import InspectionStatus
from services.risk.inspection.schemas import RecordState
from services.risk.inspection.tables import Inspection
from shared.actor import Actor
from shared.clock import rfc3339
from shared.database import Database, Transaction
from shared.errors import Fault, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey


async def put_section(
    db: Database, actor: Actor, key: RequestKey, inspection_id: UUID, name: str, command: PutSection
) -> Answer:
    """Keep a section until the report; the same one again, or one written earlier, changes nothing."""
    async with db.transaction(actor, key) as tx:
        inspection = await tx.find(Inspection, inspection_id, lock=True)
        queries.may_report(actor, await queries.facts_of(tx, inspection))
        section = rules.section_of(name)
        rules.check_written(command.written_at, tx.now)
        stored = queries.parts_of(inspection).get(section)
        news = rules.is_news(stored, command.client_id, command.written_at)
        if news:
            content = command.model_dump(mode="json", exclude={"client_id", "written_at"}, exclude_none=True)
            await queries.refuse_unknown_photos(tx, inspection, {str(section): content})
            await _refuse_wrong_answers(tx, inspection, section, command)
            _keep(tx, inspection, section, command, content)
        return tx.answer(_out(inspection, section, command, news), status=200, version=inspection.version)


def _keep(
    tx: Transaction, inspection: Inspection, section: Section, command: PutSection, content: dict[str, object]
) -> None:
    written = {"client_id": command.client_id, "written_at": rfc3339(command.written_at), "content": content}
    before = inspection.status
    inspection.sections = {**inspection.sections, str(section): written}
    if inspection.state is not InspectionStatus.IN_PROGRESS:
        inspection.advance(InspectionStatus.IN_PROGRESS)
    inspection.version += 1
    inspection.updated_at = tx.now
    tx.note(
        "write_section", inspection, before={"status": before}, after={"status": inspection.status, "section": section}
    )


async def _refuse_wrong_answers(tx: Transaction, inspection: Inspection, section: Section, command: PutSection) -> None:
    """Refuse (422) answers that the list does not know, and counts below zero; what is missing may come later."""
    items = await queries.items_of(tx, inspection)
    faults = [one for one in answer_faults(items, {section: command.answers or {}}) if one.code != "answer_missing"]
    words = Text("数量不能为负。", "A count cannot be negative.")
    negative = (label for label, count in (command.counts or {}).items() if count < 0)
    faults += [Fault("count_negative", words, pointer=f"#/counts/{label}") for label in negative]
    if faults:
        raise ValidationFailed(*faults)


def _out(inspection: Inspection, section: Section, command: PutSection, news: bool) -> SectionOut:
    state = RecordState(id=inspection.id, version=inspection.version, status=inspection.status)
    held = queries.parts_of(inspection)[str(section)]
    return SectionOut.model_validate(
        {"section": section, "client_id": held["client_id"], "written_at": held["written_at"], "kept": news}
        | {"inspection": state}
    )
