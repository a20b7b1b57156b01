"""What a database refuses, as the answer it deserves; and the role that a process must not run under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import Conflict, NotFound, ServiceUnavailable
from shared.errors import Text as Words

if TYPE_CHECKING:
    from shared.database import Database


class ConcurrentChange(Conflict):
    code = "concurrent_change"
    title = Words("同时发生的更改", "Changed at the same moment")
    detail = Words(
        "另一个请求同时更改了同一内容，请重试。",
        "Another request changed the same thing at the same moment; try again.",
    )
    headers = {"Retry-After": "1"}


class Contended(ServiceUnavailable):
    """A deadlock or serialization failure: nothing happened, the whole use case may run again."""


class database_faults:
    """Turn what the database refuses into the answer it deserves, revealing nothing about hidden rows."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _trace: Any) -> None:
        if isinstance(fault, PoolTimeout):
            raise ServiceUnavailable() from fault
        if isinstance(fault, DBAPIError):
            state = getattr(fault.orig, "sqlstate", None)
            if state in ("40001", "40P01"):
                raise Contended() from fault
            if state == "42501":
                raise NotFound() from fault
            if state == "23505":
                raise ConcurrentChange() from fault
            if state in ("55P03", "57014", "57P01", "57P02", "57P03", "53300", "53100") or fault.connection_invalidated:
                raise ServiceUnavailable() from fault
            if isinstance(fault, (OperationalError, InterfaceError)) and state is None:
                raise ServiceUnavailable() from fault
        if type(fault).__module__.startswith("asyncpg."):
            # The driver itself: a connection that a cancelled request left in the middle of an exchange.
            raise ServiceUnavailable() from fault
        if isinstance(fault, (ConnectionError, OSError)) and not isinstance(fault, FileNotFoundError):
            raise ServiceUnavailable() from fault


_ROLE = text(
    "select r.rolsuper or r.rolbypassrls or exists"
    " (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and c.relowner = r.oid) as passes"
    " from pg_roles r where r.rolname = current_user"
)


class UnsafeRole(RuntimeError):
    """The database role could pass row-level security; the process must not start."""


async def refuse_unsafe_role(database: Database) -> None:
    """Raise `UnsafeRole` unless the role is neither superuser, nor BYPASSRLS, nor owner of a table."""
    async with database.connect() as connection:
        if (await connection.execute(_ROLE)).scalar_one():
            raise UnsafeRole(f"{database.service}: the database role owns tables or passes row-level security")
