"""Many planned visits, a few of them due, and what was told of them."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass

import asyncpg

from tests.support.tokens import ROOT

FILL = """
insert into inspections (id, version, org_path, created_at, updated_at, inspection_no, kind, status, policy_id,
  policy_no, customer_id, unit_code, due_on, sections, participants, warnings, feedback)
select gen_random_uuid(), 1, path, now(), now(), 'I' || n, 'periodic', 'planned', gen_random_uuid(), 'P' || n,
  gen_random_uuid(), split_part(path, '.', 4),
  (now() at time zone 'Asia/Shanghai')::date + case when n <= $2 then 1 + n % 15 else 16 + n % 1000 end,
  '{}', '[]', '[]', '{}'
from (select n, units[1 + n % cardinality(units)] as path from generate_series(1, $1) n
  cross join (select array_agg(path order by path) as units from directory_units where level = 'sub_branch') u) made
"""
TOLD = """
select count(*) as events, count(distinct event->'data'->>'inspection_id') as visits,
  count(*) filter (where event->'data'->>'stage' <> 't_15') as others
from outbox where subject = 'risk.inspection.due.v1'
"""
CLAIMED = "select count(*) from tick_claims where rule = 'inspection_due'"
MARKED = "select count(*) from inspections where stage is not null"
WORK = "select count(*) from work_items where kind = 'inspect'"


@dataclass(frozen=True)
class Told:
    """What the database says after the ticks: events, the visits that they are about, claims, marks, work items."""

    events: int
    visits: int
    others: int
    claimed: int
    marked: int
    work: int

    def exactly(self, due: int) -> bool:
        """Whether each due visit, and no other, was told once, with its claim, its mark and its work."""
        same = {self.events, self.visits, self.claimed, self.marked, self.work}
        return same == {due} and self.others == 0


async def fill(dsn: str, planned: int, due: int) -> None:
    """`planned` visits over all sub-branches, the first `due` of them within the next 15 days."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set anlan.scope = '00'")
    await connection.execute(FILL, planned, due, timeout=3600)
    await connection.execute("analyze inspections")
    await connection.close()


async def told(dsn: str) -> Told:
    """The counts now."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set anlan.scope = '00'")
    row = await connection.fetchrow(TOLD)
    claimed, marked, work = [await connection.fetchval(one) for one in (CLAIMED, MARKED, WORK)]
    await connection.close()
    return Told(row["events"], row["visits"], row["others"], claimed, marked, work)


async def ticking(url: str, crashpoint: str = "") -> asyncio.subprocess.Process:
    """A process of its own that tells what is due."""
    environment = {**os.environ, "CRASHPOINT": crashpoint}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.due_worker", url, env=environment, cwd=ROOT
    )
