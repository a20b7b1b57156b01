"""Brings a database back to what its migrations left: everything that a test wrote goes, seeds come back as they were.

The function `pristine.reset()` is written once into each template, so every clone has it. It runs as the superuser:
row scope would hide rows from everybody else, and append-only triggers would refuse.
"""

from __future__ import annotations

import asyncpg

_TABLES = """
select c.relname as name,
       (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute a
         where a.attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
 order by c.relname
"""


async def install(connection: asyncpg.Connection) -> None:
    """Remember the rows that the migrations left, and make `pristine.reset()`. Superuser, in the template."""
    async with connection.transaction():
        await connection.execute("create schema pristine")
        await connection.execute("create table pristine.seeds (name text primary key, rows jsonb not null)")
        await connection.execute("create table pristine.mark (xid bigint not null)")
        steps = [await _step(connection, table["name"], table["columns"]) for table in await connection.fetch(_TABLES)]
        # what has a later xmin than this was written after the cloning
        await connection.execute("insert into pristine.mark values (pg_current_xact_id()::text::bigint)")
        await connection.execute(_function(steps))


async def _step(connection: asyncpg.Connection, name: str, columns: str) -> str:
    table = f'public."{name}"'
    count = await connection.fetchval(f"select count(*) from {table}")
    if count == 0:
        return f"delete from {table};"
    await connection.execute(
        f"insert into pristine.seeds select $1, jsonb_agg(to_jsonb(kept)) from {table} as kept", name
    )
    return f"""
  if (select count(*) from {table}) <> {count}
     or exists (select from {table} where xmin::text::bigint > (select xid from pristine.mark)) then
    delete from {table};
    insert into {table} ({columns}) overriding system value
      select {columns} from jsonb_populate_recordset(
        null::{table}, (select rows from pristine.seeds where name = '{name}'));
    restored := true;
  end if;"""


def _function(steps: list[str]) -> str:
    # replica: neither triggers nor foreign keys speak, so the order of the tables does not matter
    return (
        "create function pristine.reset() returns void language plpgsql"
        " set session_replication_role = replica as $body$\n"
        "declare restored boolean := false;\nbegin\n"
        + "\n".join(steps)
        + "\nif restored then update pristine.mark set xid = pg_current_xact_id()::text::bigint; end if;\nend $body$"
    )
