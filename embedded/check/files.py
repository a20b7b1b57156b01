"""Numbers without gaps, files with their rows, keys with one body, and nothing that stands half done."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from embedded.check.invariants import Found, Invariant, Look, sql
from embedded.check.stores import DEPLOYABLES, Stores

_PART_LIVES_S = 3600
_CHUNK = 1 << 20
BUDGET = timedelta(minutes=15)
"""How long anything may stand half done. Work that is at rest has nothing half done at all."""

NUMBERED = {
    "C": ("claims", "claims", "claim_no", "C{year}-{unit}-"),
    "T": ("complaints", "complaints", "complaint_no", "T{year}-{unit}-"),
    "I": ("risk", "inspections", "inspection_no", "I{year}-{unit}-"),
    "volume.LI": ("claims", "claim_files", "volume_no", "{year}-{unit}-LI-"),
    "volume.PA": ("claims", "claim_files", "volume_no", "{year}-{unit}-PA-"),
}
"""Kind of series → database, table, column, and what stands before the six digits."""


async def _gapless(stores: Stores) -> Found:
    found = Found()
    for database in DEPLOYABLES:
        counted: set[str] = set()
        for row in await stores.rows(database, "select kind, year, unit_code, last from number_series"):
            known = NUMBERED.get(row["kind"])
            if known is None or known[0] != database:
                found.differences.append(f"{database}: no table is known for the numbers {row['kind']}")
                continue
            prefix = known[3].format(year=row["year"], unit=row["unit_code"])
            numbers = await _numbers(stores, known, prefix)
            counted |= {f"{prefix}{one}" for one in numbers}
            found.rows += len(numbers)
            wanted = [f"{n:06d}" for n in range(1, row["last"] + 1)]
            if numbers != wanted:
                apart = sorted(set(numbers) ^ set(wanted)) or ["a number twice"]
                found.differences.append(f"{prefix}: {len(numbers)} numbers of {row['last']}, first {apart[0]}")
        found.differences += await _without_series(stores, database, counted)
    return found


async def _numbers(stores: Stores, known: tuple[str, str, str, str], prefix: str) -> list[str]:
    database, table, column, _ = known
    query = f"select substr({column}, length($1) + 1) as n from {table} where starts_with({column}, $1) order by 1"  # noqa: S608
    return [row["n"] for row in await stores.rows(database, query, prefix)]


async def _without_series(stores: Stores, database: str, counted: set[str]) -> list[str]:
    tables = {known[1:3] for known in NUMBERED.values() if known[0] == database}
    found = []
    for table, column in sorted(tables):
        rows = await stores.rows(database, f"select {column} as n from {table}")  # noqa: S608
        found += [f"{database}: {row['n']} belongs to no series" for row in rows if row["n"] not in counted]
    return found


async def _files(stores: Stores) -> Found:
    found = Found()
    for database in DEPLOYABLES:
        folder = stores.attachments[database]
        rows = await stores.rows(database, "select id, size, sha256 from attachments")
        found.rows += len(rows)
        for row in rows:
            fault = await asyncio.to_thread(_fault_of, _path_of(folder, row["id"]), row["size"], row["sha256"])
            found.differences += [f"{database}: the file {row['id']} {fault}"] if fault else []
        known = {str(row["id"]) for row in rows}
        on_disk = await asyncio.to_thread(_strays, folder, known, stores.now.timestamp())
        found.differences += [f"{database}: {one}" for one in on_disk]
    return found


def _path_of(folder: Path, file_id: UUID) -> Path:
    return folder / file_id.hex[:6] / str(file_id)


def _fault_of(path: Path, size: int, sha256: bytes) -> str | None:
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != size:
        return f"has {path.stat().st_size} bytes, not {size}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
    return None if digest.digest() == sha256 else "has another content"


def _strays(folder: Path, known: set[str], now: float) -> list[str]:
    """Files without a row, and drafts that broke off more than an hour ago."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_dir():
            continue
        if path.suffix == ".part":
            if now - path.stat().st_mtime > _PART_LIVES_S:
                found.append(f"the draft {path.name} is left over")
        elif path.name not in known:
            found.append(f"the file {path.name} has no row")
    return found


_TWO_BODIES = """
    select format('key %s of %s has %s bodies', key, route, count(distinct body_hash)) from stored_answers
    group by caller, route, key having count(*) > 1
    union all
    select 'nothing keeps a key from being used twice' where not exists (
        select from pg_constraint where conrelid = 'stored_answers'::regclass and contype in ('p', 'u')
            and array_length(conkey, 1) <= 3)"""


def _stuck(what: str, table: str, where: str, since: str) -> Look:
    async def look(stores: Stores) -> Found:
        found = Found()
        for database in DEPLOYABLES:
            found.rows += await stores.value(database, f"select count(*) from {table}")  # noqa: S608
            query = f"select count(*) from {table} where {where} and {since} < $1"  # noqa: S608
            late: Any = await stores.value(database, query, stores.now - BUDGET)
            found.differences += [f"{database}: {late} {what}"] if late else []
        return found

    return look


INVARIANTS = (
    Invariant("I17", "case and volume numbers run from 1 without gap in each series", (_gapless,)),
    Invariant("I18", "every file has its row and every row its file, byte for byte", (_files,)),
    Invariant(
        "I19", "a key belongs to one request body",
        (sql(DEPLOYABLES, "select count(*) from stored_answers", _TWO_BODIES),),
    ),
    Invariant(
        "I20", "nothing stands half done: no job, no file unscanned, no event half failed",
        (
            _stuck("jobs do not end", "jobs", "state in ('queued', 'running')", "updated_at"),
            _stuck("files wait for their scan", "attachments", "scan_state = 'pending'", "created_at"),
            _stuck("events fail and are not given up", "handler_failures", "true", "last_at"),
        ),
    ),
)  # fmt: skip
