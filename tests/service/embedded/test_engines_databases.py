"""Roles and databases: nobody sees another deployable's data, and no application role owns anything."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import asyncpg
import pytest

from embedded import databases
from embedded.databases import DEPLOYABLES, OWNER, database_of, role_of
from embedded.engines.postgres import PostgresCluster
from tests.support.engines import EngineRun

PAIRS = [(role, database) for role, database in itertools.product(DEPLOYABLES, DEPLOYABLES) if role != database]


async def _connect(run: EngineRun, role: str, database: str) -> asyncpg.Connection:
    return await asyncpg.connect(run.url(role, database).replace("+asyncpg", ""), timeout=10)


async def _alone(run: EngineRun, role: str, database: str, statement: str) -> object:
    connection = await _connect(run, role, database)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture
async def superuser(engines: EngineRun):
    connection = await asyncpg.connect(engines.superuser_dsn(), timeout=10)
    yield connection
    await connection.close()


@pytest.fixture
async def ground(engines: EngineRun, superuser: asyncpg.Connection, worker: str):
    """A database like those of the claims service, with one table made by the owner after the provisioning."""
    name = f"ground_{worker}"
    await superuser.execute(f"create database {name} owner {OWNER}")
    for statement in databases.grants(name, role_of("claims")):
        await superuser.execute(statement)
    await databases.rights(engines.superuser_dsn(), name, role_of("claims"))
    await _alone(engines, OWNER, name, "create table things (id bigint generated always as identity, word text)")
    await _alone(engines, OWNER, name, "create function twice(n int) returns int language sql return n * 2")
    yield name
    await superuser.execute(f"drop database {name} with (force)")


@pytest.mark.parametrize(("role", "database"), PAIRS)
async def test_an_application_role_cannot_enter_another_database(engines: EngineRun, role: str, database: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await _connect(engines, role_of(role), database_of(database))


@pytest.mark.parametrize("deployable", DEPLOYABLES)
@pytest.mark.parametrize("database", ["postgres", "template1"])
async def test_an_application_role_cannot_enter_the_servers_own_databases(
    engines: EngineRun, deployable: str, database: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await _connect(engines, role_of(deployable), database)


async def test_no_role_of_ours_passes_row_security_or_makes_roles_and_databases(superuser: asyncpg.Connection) -> None:
    rows = await superuser.fetch(
        "select rolname, rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication as mighty"
        " from pg_roles where rolname like 'anlan%'"
    )
    assert {row["rolname"] for row in rows} == {OWNER, *map(role_of, DEPLOYABLES)}
    assert not any(row["mighty"] for row in rows)
    assert (
        await superuser.fetchval("select count(*) from pg_auth_members where member::regrole::text like 'anlan%'") == 0
    )


async def test_the_owner_owns_the_databases_and_an_application_role_owns_nothing(superuser: asyncpg.Connection) -> None:
    owners = await superuser.fetch(
        "select datname, datdba::regrole::text as owner from pg_database where datname = any($1)",
        list(map(database_of, DEPLOYABLES)),
    )
    assert {row["datname"]: row["owner"] for row in owners} == {database_of(name): OWNER for name in DEPLOYABLES}
    owning = await superuser.fetchval(
        "select count(*) from pg_shdepend join pg_roles on pg_roles.oid = refobjid"
        " where deptype = 'o' and rolname = any($1)",
        list(map(role_of, DEPLOYABLES)),
    )
    assert owning == 0


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_an_application_role_plans_for_its_scope_and_never_waits_long(
    engines: EngineRun, deployable: str
) -> None:
    connection = await _connect(engines, role_of(deployable), database_of(deployable))
    try:
        found = {name: await connection.fetchval(f"show {name}") for name in databases.APPLICATION_SETTINGS}
    finally:
        await connection.close()
    assert found == databases.APPLICATION_SETTINGS


async def test_what_the_owner_makes_later_the_application_role_may_use(engines: EngineRun, ground: str) -> None:
    connection = await _connect(engines, role_of("claims"), ground)
    try:
        await connection.execute("insert into things (word) values ('a'), ('b')")
        await connection.execute("update things set word = 'c' where word = 'b'")
        await connection.execute("delete from things where word = 'a'")
        assert await connection.fetchval("select string_agg(word, '') from things") == "c"
        assert await connection.fetchval("select twice(21)") == 42
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (id int)",
        "create temporary table mine (id int)",
        "create schema mine",
        "alter table things disable row level security",
        "drop table things",
        "truncate things",
        "create function public.mine() returns int language sql return 1",
        f"set role {OWNER}",
        "set session_replication_role = replica",
        "copy things to program 'cat'",
    ],
)
async def test_the_application_role_changes_no_structure(engines: EngineRun, ground: str, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _alone(engines, role_of("claims"), ground, statement)


async def test_a_strange_role_sees_neither_tables_nor_functions(
    engines: EngineRun, superuser: asyncpg.Connection, ground: str
) -> None:
    await superuser.execute(f"grant connect on database {ground} to {role_of('crm')}")
    for statement in ("select count(*) from things", "select public.twice(1)"):
        with pytest.raises(asyncpg.PostgresError, match=r"permission denied|does not exist"):
            await _alone(engines, role_of("crm"), ground, statement)
    inside = await asyncpg.connect(engines.superuser_dsn(ground), timeout=10)
    try:
        rights = await inside.fetchrow(
            "select has_schema_privilege($1, 'public', 'usage'), has_schema_privilege($1, 'public', 'create'),"
            " has_function_privilege($1, 'public.twice(int)', 'execute'), has_table_privilege($1, 'things', 'select')",
            role_of("crm"),
        )
    finally:
        await inside.close()
    assert rights is not None
    assert not any(rights)


async def test_provisioning_again_changes_nothing_and_keeps_the_data(
    engines: EngineRun, superuser: asyncpg.Connection
) -> None:
    async def state() -> list[tuple[object, ...]]:
        rows = await superuser.fetch(
            "select datname::text, datdba::text, datacl::text,"
            " (select array_agg(rolconfig::text order by rolname) from pg_roles where rolname like 'anlan%')::text"
            " from pg_database where datname = any($1) order by 1",
            [*map(database_of, DEPLOYABLES), "postgres", "template1"],
        )
        return [tuple(row) for row in rows]

    before = await state()
    await databases.provision(engines.superuser_dsn(), DEPLOYABLES, engines.passwords)
    assert await state() == before
    assert await _alone(engines, role_of("claims"), database_of("claims"), "select current_user") == role_of("claims")


async def test_provisioning_takes_back_what_was_given_by_hand(tmp_path: Path) -> None:
    cluster = PostgresCluster(tmp_path / "postgres", fast=True)  # its own: the roles of the others stay as they are
    cluster.start()
    try:
        passwords = {role: f"word-of-{role}" for role in (OWNER, role_of("risk"))}
        await databases.provision(cluster.dsn(), ["risk"], passwords)
        connection = await asyncpg.connect(cluster.dsn(), timeout=10)
        try:
            await connection.execute("alter role anlan_risk bypassrls createdb; grant anlan_owner to anlan_risk")
            await databases.provision(cluster.dsn(), ["risk"], passwords)
            flags = await connection.fetchrow(
                "select rolbypassrls, rolcreatedb, pg_has_role('anlan_risk', 'anlan_owner', 'member')"
                " from pg_roles where rolname = 'anlan_risk'"
            )
        finally:
            await connection.close()
        assert flags is not None
        assert tuple(flags) == (False, False, False)
        log = cluster.process.log.read_text(encoding="utf-8")
        assert not any(password in log for password in passwords.values())
    finally:
        cluster.stop()


async def test_a_verifier_of_ours_is_what_the_server_would_have_made(
    superuser: asyncpg.Connection, worker: str
) -> None:
    role = f"probe_{worker}"
    await superuser.execute(f"create role {role} password 'correct horse'")
    try:
        stored = str(await superuser.fetchval("select rolpassword from pg_authid where rolname = $1", role))
        salt = base64.b64decode(stored.split("$")[1].split(":")[1])
        assert databases.scram_verifier("correct horse", salt) == stored
        assert databases.scram_verifier("battery staple", salt) != stored
    finally:
        await superuser.execute(f"drop role {role}")


@pytest.mark.parametrize("password", ["", "密码", "line\nbreak"])
def test_a_password_that_two_programs_could_read_differently_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        databases.scram_verifier(password)


@pytest.mark.parametrize("name", ["claims; drop database x", "Claims", "", 'claims"'])
def test_only_plain_names_become_databases(name: str) -> None:
    with pytest.raises(ValueError, match="deployable"):
        database_of(name)


async def test_text_is_ordered_alike_on_every_machine(superuser: asyncpg.Connection) -> None:
    rows = await superuser.fetch(
        "select distinct datlocprovider::text, datlocale, datcollate from pg_database where datname = any($1)",
        list(map(database_of, DEPLOYABLES)),
    )
    assert [tuple(row) for row in rows] == [("b", "C.UTF-8", "C")]
