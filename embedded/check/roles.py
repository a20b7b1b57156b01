"""The checker's own role: it sees every row of every database and may change none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import asyncpg

from embedded.databases import OWNER, scram_verifier

ROLE = "anlan_checker"
_ATTRIBUTES = "login nosuperuser bypassrls nocreatedb nocreaterole noreplication connection limit 40"
_SETTINGS = {"default_transaction_read_only": "on", "statement_timeout": "120s", "lock_timeout": "2s"}
_LOCK = 0x616E6C616E


async def admit(dsn_of: Callable[[str], str], databases: Iterable[str], password: str, role: str = ROLE) -> None:
    """Make the role, or set it right, and let it read these databases; safe to run again.

    `dsn_of`: the superuser's address of a database. The password leaves this process as a SCRAM verifier only.
    """
    names = tuple(databases)
    async with _superuser(dsn_of("postgres")) as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
            await connection.execute(f"create role {role}")
        await connection.execute(f"alter role {role} with {_ATTRIBUTES} password '{scram_verifier(password)}'")
        for setting, value in _SETTINGS.items():
            await connection.execute(f"alter role {role} set {setting} = '{value}'")
        await connection.execute(f"grant pg_read_all_stats to {role}")
        for name in names:
            await connection.execute(f"grant connect on database {name} to {role}")
    for name in names:
        async with _superuser(dsn_of(name)) as connection:
            for statement in (
                f"grant usage on schema public to {role}",
                f"grant select on all tables in schema public to {role}",
                f"alter default privileges for role {OWNER} in schema public grant select on tables to {role}",
            ):
                await connection.execute(statement)


async def dismiss(dsn_of: Callable[[str], str], databases: Iterable[str], role: str = ROLE) -> None:
    """Take the role and all its rights away."""
    for name in databases:
        async with _superuser(dsn_of(name)) as connection:
            await connection.execute(f"drop owned by {role}")
    async with _superuser(dsn_of("postgres")) as connection:
        await connection.execute(f"drop owned by {role}")
        await connection.execute(f"drop role {role}")


@asynccontextmanager
async def _superuser(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()
