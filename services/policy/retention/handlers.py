"""Ask for the destruction of a volume, and decide it by another person."""

from __future__ import annotations

from uuid import UUID

from services.policy.archive import queries as archive
from services.policy.archive.handlers import follow_volume
from services.policy.archive.queries import VolumeFacts
from services.policy.archive.rules import VolumeStatus
from services.policy.archive.tables import ArchiveVolume, VolumeDestruction
from services.policy.retention import rules, shapes
from services.policy.retention.schemas import DecideVolumeDestruction, RequestVolumeDestruction
from shared.actions import Action
from shared.actor import Actor
from shared.database import Database, Transaction
from shared.errors import NotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of
from shared.work_items import close_items, open_item

DESTROY_ITEM = "confirm_destruction"


def check_request(_actor: Actor, facts: VolumeFacts) -> None:
    """Whether the volume may be put up for destruction now."""
    row = facts.volume
    rules.may_request(row.state, facts.today, facts.keep_until, facts.frozen_by, facts.waiting)


ACTIONS = (
    Action(
        "request_destruction", "POST", "/v1/archive-volumes/{id}/destructions", "policy.archive_volume.destroy",
        check_request,
    ),
)  # fmt: skip


async def request_destruction(
    db: Database, actor: Actor, key: RequestKey, volume_id: UUID, version: int | None,
    command: RequestVolumeDestruction,
) -> Answer:  # fmt: skip
    """Put a volume whose days are over up for destruction; another person decides."""
    async with db.transaction(actor, key) as tx:
        volume = await tx.find_for_change(ArchiveVolume, volume_id, version)
        facts = await archive.facts_of(tx, volume)
        check_request(actor, facts)
        row = VolumeDestruction(
            id=uuid7(), created_at=tx.now, volume_id=volume.id, org_path=volume.org_path, keep_until=facts.keep_until,
            reason=command.reason, requested_by=actor.person_id, status="requested",
        )  # fmt: skip
        tx.add(row)
        href = f"/v1/archive-volumes/{volume.id}/destructions"
        await open_item(
            tx, DESTROY_ITEM, volume, Text("确认销毁案卷", "Confirm the destruction of the volume"),
            number=volume.volume_no, unit_code=branch_of(volume.org_path), position="archivist",
            href=f"{href}/{row.id}/decisions", basis="retention",
        )  # fmt: skip
        tx.note("request_destruction", volume, after={"keep_until": row.keep_until}, reason=command.reason)
        return tx.answer(shapes.destruction(row, volume), location=href, version=volume.version)


async def decide_destruction(
    db: Database, actor: Actor, key: RequestKey, volume_id: UUID, destruction_id: UUID, version: int | None,
    command: DecideVolumeDestruction,
) -> Answer:  # fmt: skip
    """Confirm or reject what another person asked for; the days and what is pending are looked at again."""
    async with db.transaction(actor, key) as tx:
        volume = await tx.find_for_change(ArchiveVolume, volume_id, version)
        row = await _request(tx, volume, destruction_id)
        rules.may_decide(row.status, row.requested_by, _persons(actor))
        facts = await archive.facts_of(tx, volume)
        confirmed = command.outcome == "confirm"
        if confirmed:
            rules.may_request(volume.state, facts.today, facts.keep_until, facts.frozen_by, None)
            volume.status = str(VolumeStatus.DESTROYED)
            await follow_volume(tx, volume)
        else:
            rules.check_reason(command.reason)
        row.status = "confirmed" if confirmed else "rejected"
        row.decided_by, row.decided_at, row.decision_reason = actor.person_id, tx.now, command.reason
        await close_items(tx, volume.id, DESTROY_ITEM)
        tx.note(f"{command.outcome}_destruction", volume, after={"status": volume.status}, reason=command.reason)
        href = f"/v1/archive-volumes/{volume.id}/destructions"
        return tx.answer(shapes.destruction(row, volume), location=href, version=volume.version)


async def _request(tx: Transaction, volume: ArchiveVolume, destruction_id: UUID) -> VolumeDestruction:
    for row in await archive.requests_of(tx, volume.id):
        if row.id == destruction_id:
            return row
    raise NotFound()


def _persons(actor: Actor) -> set[UUID]:
    return {actor.person_id} if actor.on_behalf_of is None else {actor.person_id, actor.on_behalf_of}
