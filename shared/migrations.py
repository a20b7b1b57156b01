"""Migrations: how a deployable's database is built, and the tables that all of them hold alike.

A deployable's `migrations/env.py` calls `run_env()`; its first revision calls `kernel_1()` (and `directory_1()` in a
service). A revision that has landed is never edited: a later change of the technical tables becomes `kernel_2()`.
Revisions are written for the owner role; row security is forced, so a data migration sets the scope `00` first.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.kernel_ddl import DIRECTORY_1, EXPORTS_1, KERNEL_1, KERNEL_2

ROOT = Path(__file__).resolve().parent.parent
DEPLOYABLES = ("gateway", "policy", "claims", "risk", "complaints", "crm")

UNIT_MOVES_1 = """
create table former_units (
  path text collate "C" primary key,
  code text not null,
  unit_code text not null,
  leads_to text collate "C",
  noted_at timestamptz not null
)
;;
create index former_units_of on former_units (unit_code)
;;
create table unit_references (
  table_name text not null,
  column_name text not null,
  holds text not null check (holds in ('path', 'code')),
  follows boolean not null,
  while_null text,
  primary key (table_name, column_name)
)
"""

EVENT_GAPS_1 = """
create table event_gaps (
  event_id uuid primary key,
  org_path text collate "C" not null,
  subject text not null,
  record_id uuid not null,
  record_version integer not null,
  found_at timestamptz not null,
  sent_again_at timestamptz
)
;;
create index event_gaps_found on event_gaps (found_at, event_id)
;;
create table stream_audits (stream text primary key, audited_at timestamptz not null, missing integer not null)
"""

PATH_CHECK = r"check (org_path ~ '^[0-9]{2}(\.[0-9]+){0,3}$')"


def folder(deployable: str) -> Path:
    """Where the deployable keeps its migrations."""
    home = ROOT / "gateway" if deployable == "gateway" else ROOT / "services" / deployable
    return home / "migrations"


def _config(deployable: str, owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder(deployable)))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    return config


def migrate(deployable: str, owner_url: str) -> None:
    """Bring the database at `owner_url` (owner role, `postgresql+asyncpg://…`) to the newest revision.

    Safe to run again after a crash: every revision is one transaction.
    """
    _in_own_thread(lambda: command.upgrade(_config(deployable, owner_url), "head"))


def head(deployable: str) -> str:
    """The newest revision this code knows."""
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(_config(deployable, "")).get_current_head()
    if found is None:
        raise LookupError(f"{deployable} has no migrations")
    return found


def _in_own_thread(work: Callable[[], Any]) -> None:
    """Alembic is synchronous and the driver is not: its loop must not meet the caller's."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=run, name="migrations")
    thread.start()
    thread.join()
    if faults:
        raise faults[0]


def run_env() -> None:
    """The whole of a deployable's `env.py`."""
    asyncio.run(_run_online(context.config.attributes["url"]))


async def _run_online(url: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        # A migration that waits for a lock blocks everybody behind it: give up early and run again.
        await connection.execute(text("set lock_timeout = '2s'"))
        await connection.execute(text("set statement_timeout = '60s'"))
        await connection.commit()
        await connection.run_sync(_run_in)
        await connection.commit()
    await engine.dispose()


def _run_in(connection: Any) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def _execute(script: str) -> None:
    for statement in script.split("\n;;\n"):
        if statement.strip():
            op.execute(text(statement.replace(":", r"\:")))


def kernel_1() -> None:
    """The technical tables of every deployable: outbox, inbox, answers, audit, history, work, files, jobs."""
    _execute(KERNEL_1)
    for table in ("outbox", "audit_entries", "history", "work_items", "attachments", "jobs"):
        scoped(table)
    append_only("audit_entries")
    append_only("history")


def kernel_2() -> None:
    """Letters and notices to customers: the tables of every service that writes to somebody."""
    _execute(KERNEL_2)
    for table in ("letters", "notices"):
        scoped(table)


def directory_1() -> None:
    """A service's copies of the tree, persons, appointments, authority tables and rule sets."""
    _execute(DIRECTORY_1)


def unit_moves_1() -> None:
    """What a database knows of units that moved, and of its technical tables which rows follow them."""
    _execute(UNIT_MOVES_1)
    keeps("outbox", "org_path")
    keeps("audit_entries", "org_path")
    keeps("history", "org_path", "unit_code")
    keeps("number_series", "unit_code")
    follows("work_items", "org_path", while_null="closed_at", index=False)
    follows("work_items", "unit_code", while_null="closed_at")
    follows("task_grants", "record_path", while_null="closed_at")
    follows("attachments", "org_path")
    follows("jobs", "org_path")


def event_gaps_1() -> None:
    """What the relay found missing between this database's outbox and its stream."""
    _execute(EVENT_GAPS_1)
    scoped("event_gaps")
    keeps("event_gaps", "org_path")


def exports_1() -> None:
    """Tables that leave the system: who asked for what, who agreed, and the file for as long as it is kept."""
    _execute(EXPORTS_1)
    scoped("exports")
    follows("exports", index=False)


def directory_2() -> None:
    """The service's copy knows mergers, and its appointments follow their unit."""
    op.execute("alter table directory_units add column merged_into text")
    follows("directory_appointments", "path")
    keeps("directory_appointments", "unit_code")


def follows(table: str, name: str = "org_path", *, while_null: str | None = None, index: bool = True) -> None:
    """Rows of `table` follow the unit that the column `name` holds (a code where it ends so, else a path), all of them
    or those where `while_null` is null. `index` False: one that begins with the column is there already.
    """
    _refer(table, name, True, while_null)
    if index:
        only = f" where {while_null} is null" if while_null else ""
        op.execute(text(f"create index {table}_{name}_followed on {table} ({name}){only}"))


def keeps(table: str, *names: str) -> None:
    """These columns of `table` say which unit it was at the time, and stay when the unit moves."""
    for name in names:
        _refer(table, name, False, None)


def _refer(table: str, name: str, follows: bool, while_null: str | None) -> None:
    holds = "code" if name.endswith(("unit_code", "_unit")) else "path"
    row = {"table": table, "name": name, "holds": holds, "follows": follows, "open": while_null}
    op.execute(text("insert into unit_references values (:table, :name, :holds, :follows, :open)").bindparams(**row))


def scoped(table: str) -> None:
    """Row scope for `table`, which has an `org_path text collate "C" not null`: read and write, owner included."""
    scope = "current_setting('anlan.scope', true)"
    within = f"org_path >= {scope} and org_path < {scope} || '/'"
    for statement in (
        f"alter table {table} add constraint {table}_org_path {PATH_CHECK}",
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy org_scope on {table} using ({within}) with check ({within})",
    ):
        op.execute(text(statement.replace(":", r"\:")))


def part_of(table: str, parent: str, column: str) -> None:
    """Row scope for a child table; triggers keep its `org_path` that of its parent row, also when that moves."""
    scoped(table)
    for statement in (
        f"create trigger follow_parent before insert or update of org_path, {column} on {table}"
        f" for each row execute function follow_parent('{parent}', '{column}')",
        f"create trigger carry_{table} after update of org_path on {parent}"
        " for each row when (old.org_path is distinct from new.org_path)"
        f" execute function carry_part('{table}', '{column}')",
    ):
        op.execute(text(statement))


def append_only(table: str) -> None:
    """Rows of `table` are never changed or removed, by whichever role."""
    refuse = "execute function refuse_change()"
    op.execute(text(f"create trigger append_only before update or delete on {table} for each row {refuse}"))
    op.execute(text(f"create trigger append_only_whole before truncate on {table} for each statement {refuse}"))
