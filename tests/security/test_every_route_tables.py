"""Every table with a place in the tree is closed by the database itself, and no role passes: from the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from embedded import databases
from embedded.databases import DEPLOYABLES
from tests.support import engines

FLOOR = {"gateway": 4, "policy": 4, "claims": 15, "risk": 5, "complaints": 4, "crm": 5}
_TABLES = """
select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
       array(select p.polcmd::text from pg_policy p
              where p.polrelid = c.oid and p.polpermissive and p.polqual is not null
                and (p.polcmd <> '*' or p.polwithcheck is not null or p.polqual is not null)) as policies,
       array(select pg_get_expr(p.polqual, p.polrelid) from pg_policy p
              where p.polrelid = c.oid and p.polpermissive) as conditions
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_path' and not a.attisdropped)
"""
_ROLE = """
select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as too_much,
       exists (select from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace) as owns,
       exists (select from pg_auth_members m where m.member = r.oid) as member
  from pg_roles r where rolname = $1
"""
_WAYS_AROUND = """
select 'view ' || c.relname from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
   and not coalesce('security_invoker=true' = any(c.reloptions), false)
union all
select 'function ' || p.proname from pg_proc p
 where p.pronamespace = 'public'::regnamespace and p.prosecdef
"""


async def unguarded(connection: asyncpg.Connection) -> list[str]:
    """One sentence for each table with a place in the tree that somebody outside could read or write."""
    found = []
    for row in await connection.fetch(_TABLES):
        if not (row["enabled"] and row["forced"]):
            found.append(f"{row['name']}: row-level security is not enabled and forced")
        if "*" not in row["policies"] and not {"r", "a", "w", "d"} <= set(row["policies"]):
            found.append(f"{row['name']}: no policy for reading and writing")
        if not all("anlan.scope" in one for one in row["conditions"]):
            found.append(f"{row['name']}: a policy that does not ask for the scope")
    return found


@pytest.fixture(params=DEPLOYABLES)
async def catalogue(request: pytest.FixtureRequest, clones: engines.Clones) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(clones.superuser_dsn(request.param), timeout=10)
    yield connection
    await connection.close()


async def test_every_table_with_a_place_in_the_tree_is_closed_by_the_database(
    catalogue: asyncpg.Connection, request: pytest.FixtureRequest
) -> None:
    assert await unguarded(catalogue) == []
    name = request.node.callspec.params["catalogue"]
    assert len(await catalogue.fetch(_TABLES)) >= FLOOR[name]


async def test_no_view_or_function_of_a_stronger_role_leads_past_the_policies(catalogue: asyncpg.Connection) -> None:
    assert [row[0] for row in await catalogue.fetch(_WAYS_AROUND)] == []


async def test_the_applications_role_owns_nothing_and_passes_no_policy(
    catalogue: asyncpg.Connection, request: pytest.FixtureRequest
) -> None:
    role = databases.role_of(request.node.callspec.params["catalogue"])
    row = await catalogue.fetchrow(_ROLE, role)
    assert row is not None
    assert (row["too_much"], row["owns"], row["member"]) == (False, False, False)


@pytest.mark.parametrize(
    "hole",
    [
        'alter table "{}" no force row level security',
        'alter table "{}" disable row level security',
        "do $$ declare p text; begin for p in select polname from pg_policy where polrelid = '\"{0}\"'::regclass loop"
        " execute format('drop policy %I on \"{0}\"', p); end loop; end $$",
        'create policy open_door on "{}" using (true)',
    ],
    ids=["force", "enable", "policies", "another_policy"],
)
async def test_a_hole_in_any_one_table_is_named(clones: engines.Clones, hole: str) -> None:
    connection = await asyncpg.connect(clones.superuser_dsn("claims"), timeout=10)
    try:
        await connection.execute("set lock_timeout = '5s'")
        for row in await connection.fetch(_TABLES):
            change = connection.transaction()
            await change.start()
            await connection.execute(hole.format(row["name"]))
            assert {one.partition(":")[0] for one in await unguarded(connection)} == {row["name"]}
            await change.rollback()
    finally:
        await connection.close()
