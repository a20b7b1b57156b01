"""The engines of the test run itself: shared by all workers, clean between tests, gone at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import pytest

from embedded import databases
from embedded.databases import OWNER
from embedded.engines.process import start_time
from tests.support import engines as support
from tests.support import pristine
from tests.support.engines import EngineRun, NatsCredentials
from tests.support.nats_visitor import permission_complaint

ROOT = Path(__file__).resolve().parents[3]

SCHEMA = """
create table parents (id int primary key, org_path text collate "C" not null);
create table children (id bigint generated always as identity primary key, parent int not null references parents);
create table seeds (code text primary key, amount numeric(12,2) not null, content jsonb not null,
                    twice numeric generated always as (amount * 2) stored, day date not null, raw bytea);
create table entries (id bigint generated always as identity, word text not null);
insert into seeds (code, amount, content, day, raw) values
  ('a', 12.30, '{"zh": "安澜"}', '2026-11-24', '\\x00ff'), ('b', 0.10, '[]', '2027-02-28', null);
alter table parents enable row level security;
alter table parents force row level security;
create policy nobody on parents using (false) with check (true);
create function refuse() returns trigger language plpgsql as $$ begin raise 'append only'; end $$;
create trigger append_only before update or delete on entries for each row execute function refuse();
"""


@pytest.fixture
async def migrated(engines: EngineRun, worker: str) -> AsyncIterator[asyncpg.Connection]:
    """A database as migrations leave one, with seeds, forced row scope and an append-only table; as superuser."""
    name = f"pristine_{worker}"
    server = await asyncpg.connect(engines.superuser_dsn(), timeout=10)
    await server.execute(f"create database {name} owner {OWNER}")
    owner = await asyncpg.connect(engines.url(OWNER, name).replace("+asyncpg", ""), timeout=10)
    await owner.execute(SCHEMA)
    await owner.close()
    connection = await asyncpg.connect(engines.superuser_dsn(name), timeout=10)
    await pristine.install(connection)
    yield connection
    await connection.close()
    await server.execute(f"drop database {name} with (force)")
    await server.close()


async def _seeds(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await connection.fetch("select * from seeds order by code")]


async def test_a_reset_takes_away_what_scope_hides_and_triggers_keep(migrated: asyncpg.Connection) -> None:
    await migrated.execute("insert into parents select n, '00' from generate_series(1, 50) as n")
    await migrated.execute("insert into children (parent) select id from parents")
    await migrated.execute("insert into entries (word) values ('kept for ever')")
    with pytest.raises(asyncpg.RaiseError, match="append only"):
        await migrated.execute("delete from entries")
    await migrated.execute("select pristine.reset()")
    for table in ("parents", "children", "entries"):
        assert await migrated.fetchval(f"select count(*) from {table}") == 0
    await migrated.execute("insert into entries (word) values ('again')")
    with pytest.raises(asyncpg.RaiseError, match="append only"):
        await migrated.execute("delete from entries")


@pytest.mark.parametrize(
    "change",
    [
        "delete from seeds",
        "delete from seeds where code = 'b'",
        "update seeds set amount = 99",
        "insert into seeds (code, amount, content, day) values ('c', 1, '{}', '2026-01-01')",
        "with gone as (delete from seeds where code = 'a')"
        " insert into seeds (code, amount, content, day) values ('c', 1, '{}', '2026-01-01')",
    ],
)
async def test_a_reset_brings_seeds_back_as_the_migrations_left_them(migrated: asyncpg.Connection, change: str) -> None:
    before = await _seeds(migrated)
    for _ in range(2):  # the second time the rows are ours, no longer the template's
        await migrated.execute(change)
        assert await _seeds(migrated) != before
        await migrated.execute("select pristine.reset()")
        assert await _seeds(migrated) == before


async def test_seeds_that_nobody_touched_are_not_written_again(migrated: asyncpg.Connection) -> None:
    where = "select array_agg(xmin::text || ctid::text order by code) from seeds"
    before = await migrated.fetchval(where)
    await migrated.execute("insert into entries (word) values ('x')")
    await migrated.execute("select pristine.reset()")
    assert await migrated.fetchval(where) == before

    await migrated.execute("update seeds set amount = 99")
    await migrated.execute("select pristine.reset()")
    restored = await migrated.fetchval(where)
    await migrated.execute("select pristine.reset()")
    assert before != restored == await migrated.fetchval(where)


async def test_every_worker_has_its_own_databases_for_the_roles_of_production(
    database_urls: Mapping[str, str], owner_urls: Mapping[str, str], worker: str
) -> None:
    assert list(database_urls) == list(databases.DEPLOYABLES)
    for urls, role in ((database_urls, databases.role_of("claims")), (owner_urls, OWNER)):
        connection = await asyncpg.connect(urls["claims"].replace("+asyncpg", ""), timeout=10)
        try:
            found = await connection.fetchrow("select current_user::text, current_database()::text")
        finally:
            await connection.close()
        assert found is not None
        assert tuple(found) == (role, f"anlan_claims_{worker}")
    with pytest.raises(KeyError):
        database_urls["nobody"]


async def test_a_clone_is_closed_to_the_other_deployables_as_its_template_is(
    engines: EngineRun, database_urls: Mapping[str, str], worker: str
) -> None:
    assert database_urls["claims"]
    stranger = engines.url(databases.role_of("crm"), f"anlan_claims_{worker}").replace("+asyncpg", "")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(stranger, timeout=10)


async def test_what_one_test_wrote_the_next_does_not_see(clean_databases: support.Clones) -> None:
    connection = await asyncpg.connect(clean_databases.superuser_dsn("claims"), timeout=10)
    try:
        insert = "insert into outbox select (jsonb_populate_record(null::outbox, $1::jsonb)).*"
        row = await _filled_row(connection, "outbox")
        await connection.execute("set session_replication_role = replica")
        await connection.execute(insert.replace("outbox select", "outbox overriding system value select"), row)
        assert await connection.fetchval("select count(*) from outbox") == 1
        await clean_databases.reset("claims")
        assert await connection.fetchval("select count(*) from outbox") == 0
        assert await connection.fetchval("select count(*) from alembic_version") == 1
    finally:
        await connection.close()


async def _filled_row(connection: asyncpg.Connection, table: str) -> str:
    """Some value for every column, as JSON."""
    samples = {"uuid": "'00000000-0000-7000-8000-000000000000'", "text": "'00'", "bigint": "1", "integer": "1"}
    samples |= {"jsonb": "'{}'", "timestamp with time zone": "'2026-11-24T00:00:00Z'", "boolean": "true"}
    columns = await connection.fetch(
        "select column_name as name, data_type as type from information_schema.columns"
        " where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'",
        table,
    )
    pairs = ", ".join(f"'{column['name']}', {samples[column['type']]}::{column['type']}" for column in columns)
    return str(await connection.fetchval(f"select jsonb_build_object({pairs})::text"))


async def test_the_workers_account_on_the_bus_is_its_own(nats_credentials: NatsCredentials, worker: str) -> None:
    assert nats_credentials.account == worker
    said = await permission_complaint(
        nats_credentials.url, nats_credentials.seed("crm"), "crm", "claims.claim.reported.v1"
    )
    assert "permissions violation" in said.lower()


def test_joining_twice_finds_the_same_engines_and_leaving_leaves_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="anlan-run-") as home:
        directory = Path(home) / "run"
        first = support.join(directory, os.getpid(), ["main"])
        second = support.join(directory, os.getpid(), ["main"])
        assert first == second
        assert start_time(first.host_pid) == first.host_born
        assert directory.stat().st_mode & 0o777 == 0o700
        support.leave(directory)
        assert start_time(first.host_pid) != first.host_born
        assert not directory.exists()
        support.leave(directory)


def test_two_workers_share_the_engines_and_nothing_is_left_of_them(tmp_path: Path) -> None:
    """A whole run with xdist in a process of its own, with this folder's own conftest."""
    probe = """
        import asyncpg, json, os, pytest
        from pathlib import Path

        @pytest.mark.parametrize("turn", range(6))
        async def test_probe(turn, engines, worker, nats_credentials):
            row = {"worker": worker, "host": [engines.host_pid, engines.host_born], "folder": str(engines.directory),
                   "port": engines.postgres_port, "seed": nats_credentials.bootstrap_seed}
            Path(os.environ["PROBE_OUT"], f"{worker}-{turn}.json").write_text(json.dumps(row))
    """
    (tmp_path / "conftest.py").write_text("from tests.conftest import *  # noqa\n", encoding="utf-8")
    (tmp_path / "test_probe.py").write_text(textwrap.dedent(probe), encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-c", str(ROOT / "pyproject.toml"), str(tmp_path)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "ANLAN_TEST"))}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, "PROBE_OUT": str(out)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in out.iterdir()]
    assert {row["worker"] for row in rows} == {"gw0", "gw1"}
    assert len({(*row["host"], row["port"], row["folder"]) for row in rows}) == 1
    assert len({row["seed"] for row in rows}) == 2
    pid, born = rows[0]["host"]
    assert start_time(pid) != born
    assert not Path(rows[0]["folder"]).exists()
