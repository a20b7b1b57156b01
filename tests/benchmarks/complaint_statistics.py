"""`python -m tests.benchmarks.complaint_statistics [--complaints N]`: statistics of complaints over a million of them.

The rows are made by the database itself, over units, causes, channels, products, sellers and five years, each with the
triggers that a single change has; then they are asked for through the service by the head office, a branch and a
central branch, and by somebody who is kept out of thousands.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from embedded import databases
from embedded.engines.postgres import PostgresCluster
from embedded.screen import say
from shared.actor import Actor
from tests.benchmarks.statistics import prepared, timed
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import actor

ROUNDS = 30
CHANGED = 200

FILL = """
insert into complaints (id, version, org_path, created_at, updated_at, complaint_no, status, owner_path, unit_code,
  channel, complainant, representatives, lead, product, line, seller_id, named_persons, kept_out, cause, content,
  received_at, rule, stage, started_on, pauses, due_on, due_legal_on, due_at, deadline, outcome, decided_at,
  notified_at, breached_at, closed_at)
select gen_random_uuid(), 1, path, at, at, 'T' || n,
  case when n % 20 = 0 then 'withdrawn' when n % 25 = 0 then 'merged' when n % 10 < 8 then 'closed'
    else 'investigating' end,
  '00.32', code, (array['phone', 'web', 'letter', 'visit', 'app'])[1 + h % 5],
  '{"name": "N", "phone": "13800000000"}', '[]', false, 'product_' || h % 12, 'liability', sellers[1 + h % 3000], '[]',
  case when n % 100 = 0 then jsonb_build_array($3::text, sellers[1 + h % 3000]) else '[]' end,
  (array['mis_selling', 'survey_late', 'claim_delay', 'payment_late', 'amount_dispute', 'refusal_dispute', 'attitude',
    'other'])[1 + h % 8],
  repeat('c', 400), at, 'r2020', 'simple', at::date, '[]', at::date + 15, at::date + 15, at + interval '15 days', '{}',
  case when n % 10 < 8 then (array['justified', 'partly_justified', 'unfounded'])[1 + h % 3] end,
  case when n % 10 < 8 then at + interval '9 days' end, case when n % 10 < 8 then at + interval '10 days' end,
  case when n % 33 = 0 then at + interval '16 days' end, case when n % 10 < 8 then at + interval '12 days' end
from (select n, abs(hashtext(n::text)) as h, now() - interval '1 minute' * (n * 2.6)::int as at,
        (array(select path from directory_units where level = 'sub_branch' order by path))[1 + n % $2] as path
      from generate_series(1, $1) n) made
cross join lateral (select split_part(path, '.', 4) as code) unit
cross join (select array_agg(gen_random_uuid()) as sellers from generate_series(1, 3000)) sold
"""
POLICIES = """
insert into policy_references (policy_id, policy_no, customer_id, product, unit_code, policy_version)
select gen_random_uuid(), 'P' || n, gen_random_uuid(), 'product_' || n % 12,
  (array(select code from directory_units where level = 'sub_branch' order by path))[1 + n % $2], 1
from generate_series(1, $1) n
"""
QUERIES = {
    "units by month, three years": "group_by=unit&from=2023-12-01&to=2026-11-30",
    "branch and product by month": "group_by=branch,product",
    "cause and channel by month": "group_by=cause,channel",
    "stage and timeliness by month": "group_by=stage,timeliness",
    "outcome by day, one year": "group_by=outcome&period=day&from=2025-11-25&to=2026-11-24",
    "sellers, one month": "group_by=salesperson&from=2026-10-01&to=2026-10-31",
    "units by timeliness, one month": "group_by=unit,timeliness&from=2026-10-01&to=2026-10-31",
}
KEPT_OUT = actor("department_head", "00", name="kept-out")
ASKING = {
    "head office": actor("department_head", "00"),
    "branch": actor("department_head", "00.32"),
    "central branch": actor("department_head", "00.32.3201"),
    "head office, kept out of every hundredth": KEPT_OUT,
}


async def _fill(dsn: str, complaints: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set anlan.scope = '00'")
    units = await connection.fetchval("select count(*) from directory_units where level = 'sub_branch'")
    given = (complaints, units, str(KEPT_OUT.person_id))
    took = await timed(lambda: connection.execute(FILL, *given, timeout=3600))
    say(f"{complaints} complaints over {units} units, their figures written by trigger, in {took:.0f} s")
    await connection.execute(POLICIES, complaints, units, timeout=600)
    await connection.execute("vacuum analyze")
    sizes = await connection.fetchrow(
        "select pg_total_relation_size('complaints') / 1048576, pg_total_relation_size('complaint_figures') / 1048576"
    )
    say(f"complaints {sizes[0]} MB, figures {sizes[1]} MB")
    await connection.close()


async def _ask(service: ServiceUnderTest, who: Actor, query: str) -> Any:
    answer = await service.get(who, f"/v1/complaints/statistics?{query}")
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return answer.json()


async def _measure(service: ServiceUnderTest) -> float:
    """Every question by everybody; the worst 95th percentile in seconds."""
    worst = 0.0
    for place, who in ASKING.items():
        say(place)
        for name, query in QUERIES.items():
            took = sorted([await timed(lambda query=query, who=who: _ask(service, who, query)) for _ in range(ROUNDS)])
            p50, p95 = took[ROUNDS // 2], took[int(ROUNDS * 0.95) - 1]
            total = (await _ask(service, who, query))["total"]
            say(f"  {name}: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, over {total} complaints")
            worst = max(worst, p95)
    return worst


async def _change(dsn: str) -> float:
    """Seconds for one change that counts, with every trigger."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set anlan.scope = '00'")
    ids = [row["id"] for row in await connection.fetch("select id from complaints limit $1", CHANGED)]

    async def change() -> None:
        for one in ids:
            await connection.execute("update complaints set breached_at = now() where id = $1", one)

    took = await timed(change)
    await connection.close()
    return took / len(ids)


async def _run(cluster: PostgresCluster, complaints: int, folder: Path) -> float:
    url = await prepared(cluster, "complaints")
    dsn = cluster.dsn(databases.database_of("complaints"))
    async with running("complaints", url, folder) as service:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        await _fill(dsn, complaints)
        total = (await _ask(service, ASKING["head office"], "group_by=branch"))["total"]
        if total != complaints:
            raise RuntimeError(f"{total} of {complaints} complaints are counted")
        worst = await _measure(service)
        say(f"one change of a complaint: {await _change(dsn) * 1000:.2f} ms")
        return worst


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.complaint_statistics")
    parser.add_argument("--complaints", type=int, default=1_000_000)
    complaints = parser.parse_args().complaints
    with tempfile.TemporaryDirectory(prefix="anlan-statistics-") as directory:
        cluster = PostgresCluster(Path(directory) / "postgres", fast=True)
        cluster.start()
        try:
            worst = asyncio.run(_run(cluster, complaints, Path(directory)))
        finally:
            cluster.stop()
    say(f"worst p95: {worst * 1000:.0f} ms (1,000 ms allowed)")
    return 0 if worst <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
