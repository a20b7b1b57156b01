"""What is still open on a claim, its file, and how long that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.claims.agreement import queries as agreement
from services.claims.agreement.rules import CLOSE_ITEM, NOTICE_ITEM, explanation_due
from services.claims.archive import rules
from services.claims.archive.rules import RetentionPeriods, Unfinished
from services.claims.archive.tables import ClaimFile, FileLoan, FileSupplement
from services.claims.claim import queries as spine
from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus, Outcome
from services.claims.claim.tables import Claim
from services.claims.cover.tables import CoverVersion
from services.claims.payment import queries as payments
from services.claims.payment.rules import PaymentStatus
from services.claims.side import queries as sides
from services.claims.side.rules import SideKind
from services.claims.side.tables import SideDecision
from shared import directory
from shared.attachments import attachments
from shared.clock import SHANGHAI, legal_day
from shared.database import Transaction
from shared.money import ZERO
from shared.work_items import work_items

RETURN_ITEM, RETURN_OVERDUE_ITEM = "return_file", "return_file_overdue"
TOLD_OTHERWISE = (CLOSE_ITEM, NOTICE_ITEM)
"""Work items that are closing itself, or that closing names by what is missing."""


@dataclass(frozen=True)
class ClosingFacts:
    """What is still open on a claim, and its file if it has one."""

    unfinished: Unfinished = field(default_factory=Unfinished)
    file: ClaimFile | None = None
    supplements: int = 0

    @property
    def volume_no(self) -> str | None:
        return None if self.file is None else self.file.volume_no


async def known(tx: Transaction, claim: Claim, state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    undecided = claim.state in BEFORE_DECISION
    if undecided and claim.reopened_count == 0:
        return {}
    file = await file_of(tx, claim.id)
    present = len(await supplements_of(tx, claim.id)) if file else 0
    more = Unfinished() if undecided else await unfinished(tx, claim, state)
    return {"closing": ClosingFacts(more, file, present)}


async def unfinished(tx: Transaction, claim: Claim, state: Any) -> Unfinished:
    """Everything that stands in the way of closing.

    Rooms of side decisions name theirs through the application's `closing_sources`: `source(tx, claim)` gives the
    fields of `Unfinished` that are theirs.
    """
    outcome = None if claim.outcome is None else Outcome(claim.outcome)
    waiting = claim.supplement_served_at is not None and claim.supplements_received_at is None
    more: dict[str, Any] = {}
    for source in getattr(state, "closing_sources", ()):
        more |= await source(tx, claim)
    return Unfinished(
        notices_served=frozenset(str(kind) for kind in await agreement.served(tx, claim)),
        explanation_due=explanation_due(outcome) and not await agreement.explained(tx, claim),
        open_tasks=await open_tasks(tx, claim.id), open_payments=await open_payments(tx, claim),
        open_supplements=["supplement_notice"] if waiting else [], **more,
    )  # fmt: skip


async def open_tasks(tx: Transaction, claim_id: UUID) -> list[str]:
    """Kinds of the open work that asks for an act; what is only to be read holds nothing."""
    items = work_items.c
    statement = select(items.kind).where(
        items.record_id == claim_id, items.closed_at.is_(None), items.action_method != "GET",
        items.kind.not_in(TOLD_OTHERWISE),
    )  # fmt: skip
    return list(await tx.scalars(statement.order_by(items.kind)))


async def open_payments(tx: Transaction, claim: Claim) -> list[str]:
    """Payments of the sheet in force that are under way, and those that failed as long as money is owed."""
    every = await payments.payments_of(tx, claim.id)
    granted = [one for one in every if one.side_id is not None and one.state is not PaymentStatus.PAID]
    rows = [one for one in every if one.side_id is None and one.sheet_version == claim.sheet_version]
    paid = sum((one.amount for one in rows if one.state is PaymentStatus.PAID), ZERO)
    owed = paid < (claim.payable_amount or ZERO)
    done = {PaymentStatus.PAID} if owed else {PaymentStatus.PAID, PaymentStatus.FAILED, PaymentStatus.RETURNED}
    return [str(one.id) for one in (*granted, *(one for one in rows if one.state not in done))]


async def file_of(tx: Transaction, claim_id: UUID, *, lock: bool = False) -> ClaimFile | None:
    """The volume of a claim."""
    statement = select(ClaimFile).where(ClaimFile.claim_id == claim_id)
    return await tx.scalar(statement.with_for_update() if lock else statement)


async def supplements_of(tx: Transaction, claim_id: UUID) -> Sequence[FileSupplement]:
    """The supplements of the volume, in order."""
    statement = select(FileSupplement).where(FileSupplement.claim_id == claim_id)
    return await tx.scalars(statement.order_by(FileSupplement.supplement_no))


async def loans_of(tx: Transaction, claim_id: UUID) -> Sequence[FileLoan]:
    """The loans of the volume, in order."""
    statement = select(FileLoan).where(FileLoan.claim_id == claim_id)
    return await tx.scalars(statement.order_by(FileLoan.created_at, FileLoan.id))


async def papers_of(tx: Transaction, claim_id: UUID) -> dict[str, str]:
    """SHA-256 (hex) of every file on the claim, by its id, also of before it moved to another unit."""
    files, scope = attachments.c, tx.scope
    await tx.use_scope("00")
    rows = await tx.execute(select(files.id, files.sha256).where(files.record_id == claim_id))
    await tx.use_scope(scope)
    return {str(row.id): bytes(row.sha256).hex() for row in rows}


async def is_archivist(tx: Transaction, claim: Claim, person_id: UUID) -> bool:
    """Whether the person is an archivist of the claim's unit or of a unit above it."""
    held = await directory.appointments(tx, position="archivist", person_id=person_id)
    return any(claim.org_path == one["path"] or claim.org_path.startswith(one["path"] + ".") for one in held)


async def is_staff(tx: Transaction, person_id: UUID) -> bool:
    """Whether the person is known as staff."""
    return bool(await directory.staff_numbers(tx, [person_id]))


async def keep_until(tx: Transaction, claim: Claim, shelved_on: date) -> date:
    """The last day on which the file must be kept: by the end of the contract, of the claim, and of every dispute."""
    periods = RetentionPeriods(**(await spine.figures(tx, claim)).content["retention"])
    closed_on = closing_day(claim, shelved_on)
    ended, longer = await contract(tx, claim)
    disputes = [legal_day(claim.dispute_ended_at)] if claim.dispute_ended_at is not None else []
    disputes += [legal_day(row.decided_at) for row in await _lawsuits(tx, claim.id) if row.decided_at is not None]
    return rules.keep_until(
        periods, contract_ended_on=ended or closed_on, longer_than_one_year=longer, closed_on=closed_on,
        disputes_ended_on=disputes,
    )  # fmt: skip


def closing_day(claim: Claim, shelved_on: date) -> date:
    """The day on which the claim was closed; of one that is open again, the day on which its file was shelved."""
    return legal_day(claim.closed_at) if claim.closed_at is not None else shelved_on


async def _lawsuits(tx: Transaction, claim_id: UUID) -> Sequence[SideDecision]:
    return await sides.sides_of(tx, claim_id, SideKind.LITIGATION)


async def contract(tx: Transaction, claim: Claim) -> tuple[date | None, bool]:
    """The last day of the contract by its newest version known here, and whether its term is longer than one year."""
    statement = select(CoverVersion).where(CoverVersion.policy_id == claim.policy_id)
    row = await tx.scalar(statement.order_by(CoverVersion.policy_version.desc()).limit(1))
    if row is None:
        return None, False
    begun = row.starts_at.astimezone(SHANGHAI)
    day = 28 if (begun.month, begun.day) == (2, 29) else begun.day
    end = min(row.ends_at, row.ended_at or row.ends_at)
    return legal_day(end - timedelta(microseconds=1)), row.ends_at > begun.replace(year=begun.year + 1, day=day)


async def frozen_by(tx: Transaction, claim: Claim) -> list[str]:
    """What keeps the file beyond its day: a claim that is open again, a complaint, a recovery, a lawsuit, a request."""
    shut = claim.state in (ClaimStatus.CLOSED, ClaimStatus.ARCHIVED)
    own = [*([] if shut else ["claim"]), *(["complaint"] if claim.complaints_open > 0 else [])]
    return [*own, *sorted(set(await sides.pending(tx, claim)))]


def listed(pages: Iterable[Mapping[str, Any]]) -> set[str]:
    """The files that a list of pages names."""
    return {one["attachment_id"] for one in pages if one.get("attachment_id")}
