"""Reads that a first notice needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, extract, func, or_, select

from services.claims.claim.tables import Claim, InjuredPerson
from services.claims.duplicates.rules import Seen
from services.claims.intake.rules import Unit
from services.claims.intake.schemas import ReportClaim
from shared import directory
from shared.database import Transaction
from shared.masking import keyed_digest, normalised

NEAR = timedelta(days=7)
COMPARED = 60


async def unit(tx: Transaction, code: str | None) -> Unit | None:
    """The unit with this code as the intake rules see it; None where it is unknown."""
    found = None if code is None else await directory.unit_by_code(tx, code)
    return None if found is None else Unit(found.code, found.path, found.level)


async def ask_for_units(tx: Transaction, *codes: str | None) -> None:
    """Every unit that may handle the report, in one question."""
    wanted = (*codes, tx.actor.unit_code, "00", *tx.actor.scope.split("."))
    await directory.units_by_code(tx, [one for one in wanted if one])


async def callers_branch(tx: Transaction) -> Unit | None:
    """The branch above (or at) the caller's unit."""
    for found in await directory.units_on_path(tx, tx.actor.scope):
        if found.level == "branch":
            return Unit(found.code, found.path, found.level)
    return None


def seen(command: ReportClaim) -> Seen:
    """The report as it is compared with earlier ones."""
    people = {normalised(value) for one in command.injured for value in (one.name, one.id_no, one.insured_ref) if value}
    return Seen(None, command.policy_no, command.loss_at, command.place or "", command.area_code, frozenset(people))


def told_of(command: ReportClaim) -> dict[str, list[str | None]]:
    """What a report tells beside the number of its policy, for the search of policies."""
    return {
        "insured_name": [one.name for one in command.injured], "phone": [command.reporter.phone],
        "id_no": [one.id_no for one in command.injured], "plate_no": [command.plate_no], "project": [command.project],
    }  # fmt: skip


def _hurts_one_of(command: ReportClaim) -> ColumnElement[bool]:
    """Claims with an injured person of this name or number; what was not told is not the same."""
    names = [one.name for one in command.injured if one.name]
    numbers = [one.id_no for one in command.injured if one.id_no]
    known = or_(InjuredPerson.name.in_(names), InjuredPerson.id_no.in_(numbers))
    return Claim.id.in_(select(InjuredPerson.claim_id).where(known))


@dataclass(frozen=True)
class Earlier:
    """As much of an earlier report as its likeness is judged and shown by."""

    id: UUID
    claim_no: str
    org_path: str
    seen: Seen


async def earlier_reports(tx: Transaction, command: ReportClaim) -> list[Earlier]:
    """Claims in the current scope that may tell of the same loss: near in time, same policy, place or person.

    The nearest in time are enough; on a busy day one place has hundreds, and the reporter waits.
    """
    near = (Claim.loss_at >= command.loss_at - NEAR) & (Claim.loss_at <= command.loss_at + NEAR)
    told = {Claim.policy_no: command.policy_no, Claim.area_code: command.area_code, Claim.place: command.place}
    same = or_(*(column == value for column, value in told.items() if value), _hurts_one_of(command))
    apart = func.abs(extract("epoch", Claim.loss_at - command.loss_at))
    columns = (Claim.id, Claim.claim_no, Claim.org_path, Claim.policy_no, Claim.loss_at, Claim.place, Claim.area_code)
    found = select(*columns).where(near, same, Claim.status != "cancelled").order_by(apart, Claim.id).limit(COMPARED)
    claims = (await tx.execute(found)).all()
    people: dict[UUID, set[str]] = {}
    names = select(InjuredPerson.claim_id, InjuredPerson.name, InjuredPerson.id_no, InjuredPerson.insured_ref)
    for claim_id, *told_of in await tx.execute(names.where(InjuredPerson.claim_id.in_([one.id for one in claims]))):
        people.setdefault(claim_id, set()).update(normalised(value) for value in told_of if value)
    return [
        Earlier(
            one.id, one.claim_no, one.org_path,
            Seen(one.id, one.policy_no, one.loss_at, one.place or "", one.area_code, frozenset(people.get(one.id, ()))),
        )
        for one in claims
    ]  # fmt: skip


async def staff_behind(tx: Transaction, command: ReportClaim, digest_key: bytes) -> bool:
    """Whether the reporter or an injured person is staff, or declared as a relative by staff."""
    numbers = {one.id_no for one in command.injured if one.id_no} | {command.reporter.phone}
    return bool(await directory.declared(tx, {keyed_digest(digest_key, number) for number in numbers}))
