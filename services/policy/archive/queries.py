"""Volumes, what is missing from them, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.policy.archive import rules
from services.policy.archive.rules import ItemKind, Kept, Periods
from services.policy.archive.tables import ArchiveVolume, VolumeDestruction, VolumeLoan, VolumePolicy
from services.policy.controlled_document.queries import last_month
from services.policy.controlled_document.tables import ControlledDocument, Custodian
from services.policy.delivery.queries import not_received
from services.policy.mark.tables import PolicyMark
from services.policy.policy.queries import losses_of
from services.policy.policy.rules import longer_than_one_year
from services.policy.policy.tables import Policy
from shared.calendar import BusinessCalendar
from shared.clock import legal_day
from shared.database import Transaction
from shared.deadline_registry import Unit
from shared.pagination import Filter, Listing
from shared.periods import counted
from shared.rule_sets import in_force
from shared.ticks import unclaimed

VOLUMES = Listing(
    model=ArchiveVolume,
    filters={
        "volume_no": Filter(ArchiveVolume.volume_no),
        "line": Filter(ArchiveVolume.line),
        "status": Filter(ArchiveVolume.status),
        "keep_until": Filter(ArchiveVolume.keep_until, date, ranged=True),
    },
    search=(ArchiveVolume.volume_no, ArchiveVolume.box, ArchiveVolume.shelf_place),
    sorts={"volume_no": ArchiveVolume.volume_no, "keep_until": ArchiveVolume.keep_until},
    conditions={
        "policy_no": lambda text: (
            select(VolumePolicy.id)
            .join(Policy, Policy.id == VolumePolicy.policy_id)
            .where(VolumePolicy.volume_id == ArchiveVolume.id, Policy.policy_no == text)
            .exists()
        )
    },
)


@dataclass(frozen=True)
class VolumeFacts:
    """What decides what may be done with a volume."""

    volume: ArchiveVolume
    today: date
    keep_until: date
    frozen_by: Sequence[str]
    missing: Sequence[str]
    waiting: UUID | None


async def facts_of(tx: Transaction, volume: ArchiveVolume) -> VolumeFacts:
    policies = await policies_of(tx, volume.id)
    until = await keep_until(tx, policies, volume.items)
    waiting = await open_request(tx, volume.id)
    lacks = await missing(tx, volume, policies) if volume.sealed_at is None else []
    frozen = await frozen_by(tx, policies)
    return VolumeFacts(volume, legal_day(tx.now), until, frozen, lacks, waiting and waiting.id)


async def by_numbers(tx: Transaction, numbers: Iterable[str]) -> dict[str, Policy]:
    """Policies in the caller's scope by their numbers."""
    rows = await tx.scalars(select(Policy).where(Policy.policy_no.in_(set(numbers))))
    return {row.policy_no: row for row in rows}


async def policies_of(tx: Transaction, volume_id: UUID) -> Sequence[Policy]:
    """The policies of a volume that was found for the caller, also those that moved to another unit since."""
    scope = tx.scope
    await tx.use_scope("00")
    held = select(Policy).join(VolumePolicy, VolumePolicy.policy_id == Policy.id)
    rows = await tx.scalars(held.where(VolumePolicy.volume_id == volume_id).order_by(Policy.policy_no))
    await tx.use_scope(scope)
    return rows


async def bound_in(tx: Transaction, policy_id: UUID, but: UUID | None) -> str | None:
    """The volume that has the policy itself, other than `but`."""
    held = select(ArchiveVolume).join(VolumePolicy, VolumePolicy.volume_id == ArchiveVolume.id)
    policy_no = select(Policy.policy_no).where(Policy.id == policy_id)
    number = await tx.scalar(policy_no)
    for row in await tx.scalars(held.where(VolumePolicy.policy_id == policy_id)):
        kinds = {one["kind"] for one in row.items if one["policy_no"] == number}
        if row.id != but and row.status != "destroyed" and ItemKind.POLICY in kinds:
            return row.volume_no
    return None


async def documents_by_serial(tx: Transaction, serials: Iterable[str]) -> dict[str, ControlledDocument]:
    """Controlled documents in the caller's scope by their serial numbers, locked."""
    row = ControlledDocument
    statement = select(row).where(row.serial.in_(set(serials))).order_by(row.id).with_for_update()
    return {one.serial: one for one in await tx.scalars(statement)}


async def missing(tx: Transaction, volume: ArchiveVolume, policies: Sequence[Policy]) -> list[str]:
    """What a volume still lacks: documents printed for its policies, and receipts of what was delivered."""
    row = ControlledDocument
    used = select(row.serial).where(
        row.used_for.in_([one.policy_no for one in policies]), row.volume_id.is_(None),
        row.status.in_(("used", "reconciled")),
    )  # fmt: skip
    found = [f"document:{one}" for one in await tx.scalars(used.order_by(row.serial))]
    for policy in policies:
        found += [f"receipt:{policy.policy_no}:{one}" for one in await not_received(tx, policy.id)]
    return found


async def periods(tx: Transaction) -> Periods:
    figures = (await in_force(tx, "policy_servicing")).content["archive"]
    return Periods(
        int(figures["years_term_up_to_one_year"]), int(figures["years_longer_term"]), int(figures["years_identity"])
    )


async def keep_until(tx: Transaction, policies: Sequence[Policy], items: Sequence[Mapping[str, Any]]) -> date:
    """The last day on which a volume with these policies must be kept."""
    identity = {one["policy_no"] for one in items if one["kind"] == ItemKind.IDENTITY}
    kept = [await _kept(tx, one, one.policy_no in identity) for one in policies]
    return rules.keep_until(kept, await periods(tx))


async def _kept(tx: Transaction, policy: Policy, identity: bool) -> Kept:
    end = min(policy.ends_at, policy.ended_at or policy.ends_at)
    closed = [legal_day(one.settled_at) for one in await losses_of(tx, policy.id) if one.settled_at is not None]
    longer = longer_than_one_year(policy.starts_at, policy.ends_at)
    return Kept(legal_day(end - timedelta(microseconds=1)), longer, tuple(closed), identity)


async def frozen_by(tx: Transaction, policies: Sequence[Policy]) -> list[str]:
    """What is pending on some policy of a volume and holds all of it: `claim`, or `matter` for anything else.

    Complaints are among the matters and are not named: whoever must stay out of one does not learn of it here.
    """
    mark = PolicyMark
    pending = select(mark.subject_id).where(
        mark.policy_id.in_([one.id for one in policies]), mark.kind.in_(("complaint", "mis_selling")), mark.is_open
    )
    found = ["claim"] if any(one.claims_open > 0 for one in policies) else []
    return found if await tx.scalar(pending.limit(1)) is None else [*found, "matter"]


async def loans_of(tx: Transaction, volume_id: UUID) -> Sequence[VolumeLoan]:
    """The loans of a volume, in order."""
    row = VolumeLoan
    return await tx.scalars(select(row).where(row.volume_id == volume_id).order_by(row.created_at, row.id))


async def requests_of(tx: Transaction, volume_id: UUID) -> Sequence[VolumeDestruction]:
    """Every request to destroy a volume, in order."""
    row = VolumeDestruction
    return await tx.scalars(select(row).where(row.volume_id == volume_id).order_by(row.created_at, row.id))


async def open_request(tx: Transaction, volume_id: UUID) -> VolumeDestruction | None:
    """The one that waits for its decision."""
    return next((row for row in await requests_of(tx, volume_id) if row.status == "requested"), None)


async def bind_by(tx: Transaction, month_end: date) -> date:
    """By when the papers of a month are on their shelf."""
    days = int((await in_force(tx, "policy_servicing")).content["archive"]["bind_working_days"])
    calendars = await in_force(tx, "calendars")
    return counted(Unit.WORKING_DAYS, days, month_end, calendars.parsed(BusinessCalendar.from_content))


async def unbound(tx: Transaction, limit: int) -> Sequence[tuple[UUID, date]]:
    """Custodians of units with policies issued here by the end of last month that are in no volume, once a month."""
    _, last = last_month(legal_day(tx.now))
    row, policy = Custodian, Policy
    bound = select(VolumePolicy.id).where(VolumePolicy.policy_id == policy.id).exists()
    loose = select(policy.id).where(
        policy.unit_code == row.unit_code, policy.made_here, policy.issued_on <= last, ~bound
    )
    due = select(row.id).where(row.to_on.is_(None), loose.exists(), unclaimed("bind_volumes", row.id, last))
    found = await tx.scalars(due.order_by(row.id).limit(limit))
    return [(one, last) for one in found]
