"""Numbers that people read, gapless per kind, year and unit: a counter row, because a sequence leaves gaps on rollback.

The row stays locked until the commit, so it is taken as late in the transaction as the use case allows.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import insert

from shared.database import Transaction
from shared.kernel import kernel

number_series = Table(
    "number_series",
    kernel,
    Column("kind", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("unit_code", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)


async def next_number(tx: Transaction, kind: str, year: int, unit_code: str) -> int:
    """The next number of the series, counted up in the running transaction."""
    row = insert(number_series).values(kind=kind, year=year, unit_code=unit_code, last=1)
    counted = row.on_conflict_do_update(
        index_elements=["kind", "year", "unit_code"], set_={"last": number_series.c.last + 1}
    ).returning(number_series.c.last)
    return int(await tx.scalar(counted))


async def next_case_number(tx: Transaction, letter: str, branch: str) -> str:
    """`C2026-32-000317`: letter, year of the transaction, branch, six digits."""
    year = tx.now.year
    return f"{letter}{year}-{branch}-{await next_number(tx, letter, year, branch):06d}"


def branch_of(org_path: str) -> str:
    """The branch code in a path, or `00` for the head office itself: the series a case number belongs to."""
    steps = org_path.split(".")
    return steps[1] if len(steps) > 1 else steps[0]
