"""The checker's own role: it sees every row of every database and may change none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import asyncpg

from embedded.databases import OWNER, scram_verifier

ROLE = "anlan_checker"
_ATTRIBUTES = "login nosuperuser bypassrls nocreatedb nocreaterole noreplication connection limit 40"
_SETTINGS = {"default_transaction_read_only": "on", "statement_timeout": "120s", "lock_timeout": "2s"}
_LOCK = 0x616E6C616E


async def admit(dsn_of: Callable[[str], str], databases: Iterable[str], password: str) -> None:
    """Make the role, or set it right, and let it read these databases; safe to run again.

    `dsn_of`: the superuser's address of a database. The password leaves this process as a SCRAM verifier only.
    """
    names = tuple(databases)
    connection = await asyncpg.connect(dsn_of("postgres"), timeout=10)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", ROLE):
            await connection.execute(f"create role {ROLE}")
        await connection.execute(f"alter role {ROLE} with {_ATTRIBUTES} password '{scram_verifier(password)}'")
        for setting, value in _SETTINGS.items():
            await connection.execute(f"alter role {ROLE} set {setting} = '{value}'")
        await connection.execute(f"grant pg_read_all_stats to {ROLE}")
        for name in names:
            await connection.execute(f"grant connect on database {name} to {ROLE}")
    finally:
        await connection.close()
    for name in names:
        await _may_read(dsn_of(name))


async def _may_read(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        for statement in (
            f"grant usage on schema public to {ROLE}",
            f"grant select on all tables in schema public to {ROLE}",
            f"alter default privileges for role {OWNER} in schema public grant select on tables to {ROLE}",
        ):
            await connection.execute(statement)
    finally:
        await connection.close()


async def drop(dsn_of: Callable[[str], str], databases: Iterable[str]) -> None:
    """Take the role and all its rights away."""
    for name in databases:
        connection = await asyncpg.connect(dsn_of(name), timeout=10)
        try:
            await connection.execute(f"drop owned by {ROLE}")
        finally:
            await connection.close()
    connection = await asyncpg.connect(dsn_of("postgres"), timeout=10)
    try:
        await connection.execute(f"drop owned by {ROLE}")
        await connection.execute(f"drop role {ROLE}")
    finally:
        await connection.close()
