"""Lists of a policy, and putting one together from its lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, delete, exists, func, insert, literal, select

from services.policy.insured_list.tables import InsuredListLine, InsuredListRun
from services.policy.policy.tables import InsuredPerson
from shared.database import Transaction
from shared.jobs import jobs

PIECE = 500
_COPIED = (
    "ref", "name", "id_type", "id_no", "id_digest", "occupation_class", "covered_from", "covered_to", "sum_insured",
    "beneficiaries",
)  # fmt: skip


async def numbers_with_list(tx: Transaction, policy_id: UUID) -> set[int]:
    """The versions of a policy that brought a list."""
    return set(await tx.scalars(select(InsuredPerson.number).where(InsuredPerson.policy_id == policy_id).distinct()))


async def is_listed(tx: Transaction, policy_id: UUID, number: int, ref: str) -> bool:
    """Whether somebody with this reference is on the list of a version."""
    row = InsuredPerson
    found = select(row.id).where(row.policy_id == policy_id, row.number == number, row.ref == ref)
    return await tx.scalar(found) is not None


async def ended_runs(tx: Transaction, limit: int) -> Sequence[UUID]:
    """Lists of which every line was taken, or whose job was given up; in the order in which they came."""
    run = InsuredListRun
    ended = jobs.c.payload["list_id"].astext == cast(run.id, String)
    over = select(jobs.c.id).where(ended, jobs.c.expires_at.is_not(None))
    waiting = select(run.id).where(run.status == "taking", over.exists())
    return await tx.scalars(waiting.order_by(run.created_at, run.id).limit(limit))


async def job_of(tx: Transaction, run_id: UUID) -> Any:
    """The job of a list."""
    return (await tx.execute(select(jobs).where(jobs.c.payload["list_id"].astext == str(run_id)))).mappings().one()


async def lines_of(tx: Transaction, run_id: UUID) -> AsyncIterator[Sequence[InsuredListLine]]:
    """The persons that a run adds, in pieces, by reference."""
    line, after = InsuredListLine, ""
    while True:
        wanted = select(line).where(line.run_id == run_id, line.op == "add", line.ref > after)
        rows = await tx.scalars(wanted.order_by(line.ref).limit(PIECE))
        if not rows:
            return
        after = rows[-1].ref
        yield rows
        for row in rows:
            tx.session.expunge(row)


async def carry_over(tx: Transaction, run: InsuredListRun, base: int) -> None:
    """The list of an earlier version as that of the run's, without whom the run's lines name."""
    row, line = InsuredPerson.__table__.c, InsuredListLine.__table__.c
    named = exists().where(and_(line.run_id == run.id, line.ref == row.ref))
    copied = select(
        func.gen_random_uuid(), row.org_path, literal(tx.now), row.policy_id, literal(run.number),
        *(row[name] for name in _COPIED),
    ).where(row.policy_id == run.policy_id, row.number == base, ~named)  # fmt: skip
    columns = ["id", "org_path", "created_at", "policy_id", "number", *_COPIED]
    await tx.execute(insert(InsuredPerson).from_select(columns, copied, include_defaults=False))


async def listed(tx: Transaction, policy_id: UUID, number: int) -> AsyncIterator[Sequence[Any]]:
    """The rows of one list in pieces, by reference."""
    row, after = InsuredPerson.__table__.c, ""
    while True:
        wanted = select(*row).where(row.policy_id == policy_id, row.number == number, row.ref > after)
        rows = (await tx.execute(wanted.order_by(row.ref).limit(PIECE))).all()
        if not rows:
            return
        after = rows[-1].ref
        yield rows


async def count_of(tx: Transaction, policy_id: UUID, number: int) -> int:
    """How many persons one list has."""
    row = InsuredPerson
    return await tx.scalar(select(func.count()).where(row.policy_id == policy_id, row.number == number)) or 0


async def clear(tx: Transaction, run_id: UUID) -> None:
    """The lines of a run that is over."""
    await tx.execute(delete(InsuredListLine).where(InsuredListLine.run_id == run_id))
