"""Identifiers: UUIDv7 for records, and the id of a customer from the core system, computed alike everywhere."""

from __future__ import annotations

import os
import time
import uuid
from typing import Annotated
from uuid import UUID

from pydantic import WithJsonSchema

CUSTOMERS = UUID("6f2a1c9e-5f0e-5d3b-9a57-1d3f0c7f2b11")
"""Namespace of customers from the core system."""

_last = 0
_held: list[bytes] = []


def _random() -> int:
    """80 random bits of the system's, fetched for many ids at a time: to ask costs more than the rest of the id."""
    try:
        return int.from_bytes(_held.pop(), "big")
    except IndexError:
        fetched = os.urandom(10 * 256)
        _held.extend(fetched[at : at + 10] for at in range(0, len(fetched), 10))
        return int.from_bytes(os.urandom(10), "big")


# no two processes may hold the same
os.register_at_fork(after_in_child=_held.clear)


def uuid7() -> UUID:
    """A time-ordered random id (RFC 9562 version 7), increasing within this process."""
    global _last
    moment = time.time_ns() // 1_000_000
    _last = moment = max(moment, _last)
    value = (moment << 80) | _random()
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def customer_id(core_no: str) -> UUID:
    """The id of the customer whom the core system knows as `core_no`; policy and crm compute the same one."""
    return uuid.uuid5(CUSTOMERS, core_no)


Id = Annotated[UUID, WithJsonSchema({"type": "string", "format": "uuid"})]
