"""Six databases and seven roles: one owner for migrations, one application role per database, no right across.

Plain SQL over one superuser connection, the same on one machine and in a deployment. Everything may run again at any
time: what is missing is made, what differs is set right, data and granted table rights stay as they are.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping

import asyncpg

OWNER = "anlan_owner"
"""Owns the databases and everything in them; used by migrations only."""

DEPLOYABLES = ("gateway", "policy", "claims", "risk", "complaints", "crm")

APPLICATION_SETTINGS = {
    # a plan kept from another caller's scope would read the whole table
    "plan_cache_mode": "force_custom_plan",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "2s",
}

_LOCK = 0x616E6C616E  # two provisioners at once would both find the role missing
_ATTRIBUTES = "login nosuperuser nobypassrls nocreatedb nocreaterole noreplication"
_ITERATIONS = 4096
_TEXT = "encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'"
"""The same order of text on every server: no operating system's locale takes part."""


def database_of(deployable: str) -> str:
    """Name of the deployable's database: `anlan_claims`. Raises ValueError for a name that is no deployable's."""
    if not re.fullmatch(r"[a-z]+", deployable):
        raise ValueError(f"no name of a deployable: {deployable!r}")
    return f"anlan_{deployable}"


def role_of(deployable: str) -> str:
    """Name of the application role, the same as the database's."""
    return database_of(deployable)


async def provision(superuser_dsn: str, deployables: Iterable[str], passwords: Mapping[str, str]) -> None:
    """Make the roles and databases of these deployables, or set them right.

    `passwords`: role name → password (ASCII), for `anlan_owner` and each application role. They leave this process as
    SCRAM verifiers only, so no server log can hold one. Run it before the migrations: what the owner makes afterwards
    is usable by the application role; a table that may only be added to has to revoke more.
    Raises KeyError where a password is missing, asyncpg's errors where the caller is no superuser.
    """
    names = tuple(deployables)
    verifiers = {role: scram_verifier(passwords[role]) for role in (OWNER, *map(role_of, names))}
    connection = await asyncpg.connect(superuser_dsn, timeout=10)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        for role, verifier in verifiers.items():
            await _role(connection, role, verifier)
        for deployable in names:
            await _database(connection, deployable)
        # everybody may connect to these two unless told otherwise
        for database in ("postgres", "template1"):
            await connection.execute(f"revoke all on database {database} from public")
    finally:
        await connection.close()
    for deployable in names:
        await rights(superuser_dsn, database_of(deployable), role_of(deployable))


def grants(database: str, role: str) -> list[str]:
    """Who may connect to a database: its owner (by owning it) and the one application role."""
    return [f"revoke all on database {database} from public", f"grant connect on database {database} to {role}"]


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores instead of a password (RFC 5802, RFC 7677). The password must be ASCII and not empty."""
    if not password or not password.isascii() or not password.isprintable():
        raise ValueError("a database password consists of printable ASCII characters")
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"


async def _role(connection: asyncpg.Connection, role: str, verifier: str) -> None:
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f"create role {role}")
    await connection.execute(f"alter role {role} with {_ATTRIBUTES} password '{verifier}'")
    memberships = await connection.fetch(
        "select roleid::regrole::text as granted from pg_auth_members where member = $1::regrole", role
    )
    for membership in memberships:  # a member could become the owner, or any other role
        await connection.execute(f"revoke {membership['granted']} from {role}")
    if role != OWNER:
        for name, value in APPLICATION_SETTINGS.items():
            await connection.execute(f"alter role {role} set {name} = '{value}'")


async def _database(connection: asyncpg.Connection, deployable: str) -> None:
    database = database_of(deployable)
    if await connection.fetchval("select 1 from pg_database where datname = $1", database):
        await connection.execute(f"alter database {database} owner to {OWNER}")
    else:
        await connection.execute(f"create database {database} owner {OWNER} template template0 {_TEXT}")
    for statement in grants(database, role_of(deployable)):
        await connection.execute(statement)


async def rights(superuser_dsn: str, database: str, role: str) -> None:
    """Inside the database: the schema is the owner's, and what he makes there the application role may use."""
    default = f"alter default privileges for role {OWNER}"
    connection = await asyncpg.connect(superuser_dsn, database=database, timeout=10)
    try:
        async with connection.transaction():
            for statement in (
                "revoke all on schema public from public",
                f"grant usage on schema public to {role}",
                f"grant usage, create on schema public to {OWNER}",
                f"{default} in schema public grant select, insert, update, delete on tables to {role}",
                f"{default} in schema public grant usage, select on sequences to {role}",
                # without `in schema`: only so can the right that everybody has on a new function be taken away
                f"{default} revoke execute on functions from public",
                f"{default} in schema public grant execute on functions to {role}",
            ):
                await connection.execute(statement)
    finally:
        await connection.close()
