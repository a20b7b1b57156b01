"""Connections of a pool that may have died while nobody used them.

The pool's own check asks the server before every transaction, in three exchanges. Here a connection whose end the
driver has seen is dropped for nothing, and only one that has been idle for a while is asked.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

IDLE_S = 0.5
_LEFT = "left_at"


def ask_idle_connections(engine: AsyncEngine) -> None:
    """From now on nobody gets a connection that is known to be closed, or that does not answer after a pause."""
    faults = engine.dialect.loaded_dbapi.Error

    @event.listens_for(engine.sync_engine, "checkin")
    def left(_connection: Any, record: Any) -> None:
        record.info[_LEFT] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        left_at = record.info.get(_LEFT)
        if left_at is None or time.monotonic() - left_at < IDLE_S:
            return  # made just now, or used just now
        try:
            connection.ping()
        except faults:
            raise InvalidatePoolError from None
