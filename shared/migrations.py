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

from shared.kernel_ddl import DIRECTORY_1, KERNEL_1, KERNEL_2

ROOT = Path(__file__).resolve().parent.parent
DEPLOYABLES = ("gateway", "policy", "claims", "risk", "complaints", "crm")

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
