"""Waiting until every service knows the units and the people: they hear of both by events, after their own start."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from embedded.databases import database_of
from embedded.engines.postgres import PostgresCluster
from embedded.home import SERVICES

BOUND_S = 90.0
_LOOK_EVERY_S = 0.3
_KNOWN = {
    "units": "directory_units",
    "people": "directory_persons",
    "appointments": "directory_appointments",
    "authority_tables": "directory_authority_tables",
}
"""Table of the gateway → the copy that each service has of it."""


async def acquainted(postgres: PostgresCluster) -> int:
    """Wait until no service misses anybody; the number of people. Raises `TimeoutError` after the bound."""
    deadline = time.monotonic() + BOUND_S
    wanted = await _counts(postgres, "gateway", tuple(_KNOWN))
    for service in SERVICES:
        while any(have < want for have, want in zip(await _copies(postgres, service), wanted, strict=True)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} has not heard of all units and people within {BOUND_S:g} s")
            await asyncio.sleep(_LOOK_EVERY_S)
    return wanted[1]


async def _copies(postgres: PostgresCluster, service: str) -> list[int]:
    return await _counts(postgres, service, tuple(_KNOWN.values()))


async def _counts(postgres: PostgresCluster, deployable: str, tables: tuple[str, ...]) -> list[int]:
    """As the superuser, for whom no scope hides a row."""
    connection = await asyncpg.connect(postgres.dsn(database_of(deployable)), timeout=10)
    try:
        # the names are those above
        return [await connection.fetchval(f"select count(*) from {table}") for table in tables]  # noqa: S608
    finally:
        await connection.close()
