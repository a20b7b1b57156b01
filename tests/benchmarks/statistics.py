"""`python -m tests.benchmarks.statistics [--claims N]`: how fast statistics answer over a million claims.

The rows are made by the database itself, with claims, decisions and payments over units, products and months; then
they are counted by the tick and asked for through the service, with everything counted and with changes outstanding.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from embedded import databases
from embedded.engines import secrets
from embedded.engines.postgres import PostgresCluster
from embedded.screen import say
from services.claims.statistics.handlers import TICKS
from shared.migrations import migrate
from shared.ticks import run_once
from tests.support.services import ServiceUnderTest, running
from tests.support.tokens import actor

CHANGED = 100
ROUNDS = 15

FILL = """
insert into claims (id, version, org_path, created_at, updated_at, claim_no, status, line, unit_code, channel, reporter,
  policy_match, product, accident_id, loss_at, notified_at, reported_at, injured_count, death_count, flags,
  reserve_amount, documents_received_at, determined_at, agreed_at, settled_at, closed_at, outcome)
select own, 1, path, at, at, 'C' || n, case when n % 10 < 8 then 'archived' else 'assessing' end,
  case when abs(hashtext(n::text)) % 12 < 4 then 'accident' else 'liability' end, code, 'phone', '{}', 'matched',
  'product_' || abs(hashtext(n::text)) % 12, own, at, at, at, 1, 0, '[]', n % 5000, at + interval '3 days',
  case when n % 10 < 8 then at + interval '1 day' * (4 + n % 30) end,
  case when n % 10 < 7 then at + interval '1 day' * (5 + n % 30) end,
  case when n % 10 < 8 then at + interval '1 day' * (9 + n % 30) end,
  case when n % 10 < 8 then at + interval '1 day' * (12 + n % 30) end,
  case when n % 10 = 7 then 'refused' when n % 10 < 7 then 'paid' end
from (select n, gen_random_uuid() as own, now() - interval '1 minute' * (n * 1.5)::int as at,
        (array(select path from directory_units where level = 'sub_branch' order by path))[1 + n % $2] as path
      from generate_series(1, $1) n) made
cross join lateral (select split_part(path, '.', 4) as code) unit
"""
DECISIONS = """
insert into approval_steps (id, org_path, created_at, claim_id, sheet_version, round, step, level, unit_code, kind,
  position, person_id, staff_no, appointment_id, outcome, amount, clause_ids, table_version)
select gen_random_uuid(), org_path, determined_at, id, 1, 0, 1, 'sub_branch', unit_code, 'decision', 'claims_approver',
  gen_random_uuid(), 'S', gen_random_uuid(), case when outcome = 'refused' then 'refuse' else 'approve' end, 1, '[]',
  '1'
from claims where determined_at is not null
"""
PAYMENTS = """
insert into payments (id, version, org_path, created_at, updated_at, claim_id, claim_no, unit_code, payable_no,
  sheet_version, approved_digest, amount, payee_kind, payee_name, payee_account, payee_digest, relation, status, due_on,
  ordered_by, sending_id, sent_at, paid_at)
select gen_random_uuid(), 1, org_path, agreed_at, agreed_at, id, claim_no, unit_code, 1, 1, 'd', 1000, 'insured', 'N',
  'A', 'D', 'self', 'paid', settled_at::date, gen_random_uuid(), gen_random_uuid(), agreed_at, settled_at
from claims where outcome = 'paid'
"""
MARK = """
insert into claim_statistic_changes (id, org_path, created_at, month)
select gen_random_uuid(), org_path, now(), month from (
  select distinct c.org_path, m as month
  from claims c cross join lateral (values (c.reported_at), (c.determined_at), (c.settled_at), (c.closed_at)) t(at)
  cross join lateral (select date_trunc('month', timezone('Asia/Shanghai', t.at))::date as m) k
  where t.at is not null) present
"""
QUERIES = {
    "all units": "",
    "units by month, 36 months": "group_by=unit,month&from=2023-12&to=2026-11",
    "branch by product and month, 36 months": "group_by=branch,product,month&from=2023-12&to=2026-11",
    "one unit by product": "unit_code=320102&group_by=product",
    "units ranked by days to settlement": "group_by=unit&rank_by=days_to_settlement",
}


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _fill(dsn: str, claims: int) -> None:
    """The rows without the triggers that stand over single changes; the tables are whole all the same."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    units = await connection.fetchval("select count(*) from directory_units where level = 'sub_branch'")
    for name, statement, given in (
        ("claims", FILL, (claims, units)), ("decisions", DECISIONS, ()), ("payments", PAYMENTS, ()),
        ("cells to count", MARK, ()),
    ):  # fmt: skip
        took = await timed(lambda statement=statement, given=given: connection.execute(statement, *given))
        say(f"{name}: filled in {took:.1f} s")
    await connection.execute("analyze")
    say(f"over {units} units")
    await connection.close()


async def _ask(service: ServiceUnderTest, query: str) -> Any:
    answer = await service.get(actor("department_head", "00"), f"/v1/claims/statistics?{query}")
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return answer.json()


async def _measure(service: ServiceUnderTest, title: str) -> None:
    say(title)
    for name, query in QUERIES.items():
        took = [await timed(lambda query=query: _ask(service, query)) for _ in range(ROUNDS)]
        groups = len((await _ask(service, query))["items"])
        middle, worst = statistics.median(took) * 1000, max(took) * 1000
        say(f"  {name}: median {middle:.0f} ms, worst {worst:.0f} ms, {groups} groups")


async def _change(dsn: str) -> float:
    """Changes of single claims, each as its own statement, with every trigger; seconds for each."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set anlan.scope = '00'")
    ids = [
        row["id"]
        for row in await connection.fetch("select id from claims where status = 'assessing' limit $1", CHANGED)
    ]
    began = time.perf_counter()
    for one in ids:
        await connection.execute("update claims set reserve_amount = reserve_amount + 1 where id = $1", one)
    took = (time.perf_counter() - began) / len(ids)
    await connection.close()
    return took


async def prepared(cluster: PostgresCluster, service: str) -> str:
    """The address of the service's empty database in a new cluster, for its application role."""
    passwords = {
        role: secrets.password(cluster.directory / "roles" / role)
        for role in (databases.OWNER, *map(databases.role_of, databases.DEPLOYABLES))
    }
    await databases.provision(cluster.dsn(), databases.DEPLOYABLES, passwords)
    name = databases.database_of(service)
    port = cluster.dsn().rpartition(":")[2].partition("/")[0]

    def url(role: str) -> str:
        return f"postgresql+asyncpg://{role}:{passwords[role]}@127.0.0.1:{port}/{name}"

    await asyncio.to_thread(migrate, service, url(databases.OWNER))
    return url(databases.role_of(service))


async def _run(cluster: PostgresCluster, claims: int, folder: Path) -> None:
    url, name = await prepared(cluster, "claims"), databases.database_of("claims")
    async with running("claims", url, folder) as service:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        await _fill(cluster.dsn(name), claims)
        took = await timed(lambda: run_once(service.db, TICKS[0]))
        say(f"every cell counted in {took:.1f} s")
        total = (await _ask(service, "group_by=branch&from=2017-01&to=2026-11"))["total"]["reported_count"]
        if total != claims:
            raise RuntimeError(f"{total} of {claims} claims are counted")
        await _measure(service, f"{claims} claims, everything counted")
        say(f"one change of a claim: {await _change(cluster.dsn(name)) * 1000:.2f} ms")
        await _measure(service, f"{claims} claims, {CHANGED} changes not yet counted")
        took = await timed(lambda: run_once(service.db, TICKS[0]))
        say(f"{CHANGED} changes counted in {took:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.statistics")
    parser.add_argument("--claims", type=int, default=1_000_000)
    claims = parser.parse_args().claims
    with tempfile.TemporaryDirectory(prefix="anlan-statistics-") as directory:
        cluster = PostgresCluster(Path(directory) / "postgres", fast=True)
        cluster.start()
        try:
            asyncio.run(_run(cluster, claims, Path(directory)))
        finally:
            cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
