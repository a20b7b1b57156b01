"""The streams: their names, their limits, what goes into them, and which server may hold them."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OLDEST_SERVER = (2, 12, 3)
"""Older ones lose acknowledged messages in ways since repaired, or refuse `sync_interval: always`."""

DUPLICATE_WINDOW_S = 600
ACK_WAIT_S = 30
MAX_UNACKNOWLEDGED = 1_000
RETENTION_S = 30 * 86_400
STREAMS: Mapping[str, float] = {
    "POLICY": RETENTION_S,
    "CLAIMS": RETENTION_S,
    "RISK": RETENTION_S,
    "COMPLAINTS": RETENTION_S,
    "CRM": RETENTION_S,
    "ORGANISATION": 0,
}
"""Stream and its age limit in seconds; 0: none, since every new service needs the whole tree."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    subject: str
    body: bytes
    message_id: str
    """`Nats-Msg-Id`: the event id; a new one where the same event is sent again on purpose."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    stream: str
    sequence: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    waiting: int
    """Not yet delivered."""
    unacknowledged: int
    redelivered: int


class BusUnreachable(Exception):
    """No connection to the server at this moment, or no answer in time."""


class StreamMissing(LookupError):
    """The bootstrap user has not declared the stream (yet)."""


class DurableMissing(LookupError):
    """The durable is gone; declare it again."""


class ServerTooOld(RuntimeError):
    """The process must not work with this server."""


class WritesNotSynced(RuntimeError):
    """The server acknowledges before its disk does: acknowledged events would be lost with the power."""


def limits_of(name: str, age: float, max_bytes: int) -> dict[str, Any]:
    """How the stream is declared: on file, for `age` seconds, closed to deletion; full means refused, not dropped."""
    return {
        "name": name,
        "subjects": [f"{name.lower()}.>"],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": age,
        "max_bytes": max_bytes,
        "duplicate_window": DUPLICATE_WINDOW_S,
        "deny_delete": True,
        "deny_purge": True,
    }


def durable_of(name: str, subjects: Sequence[str]) -> dict[str, Any]:
    """How a deployable declares its durable: from the first message, delivered until acknowledged.

    Always by name and with the list of subjects: the server's permission allows no other form.
    """
    return {
        "name": name,
        "durable_name": name,
        "filter_subjects": list(subjects),
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": ACK_WAIT_S,
        "max_deliver": -1,
        "max_ack_pending": MAX_UNACKNOWLEDGED,
    }


def stream_of(subject: str) -> str:
    """The stream that holds `subject`."""
    return subject.partition(".")[0].upper()


def own_stream(deployable: str) -> str:
    """The stream that `deployable` publishes to."""
    return "ORGANISATION" if deployable == "gateway" else deployable.upper()


def refuse_old_server(version: str) -> None:
    """Raise `ServerTooOld` below 2.12.3. `version` as the server says it, such as `2.15.1`."""
    plain = version.removeprefix("<nats server v").removesuffix(">").partition("-")[0]
    known = tuple(int(one) if one.isdigit() else 0 for one in plain.split("."))
    if known < OLDEST_SERVER:
        raise ServerTooOld(f"nats-server {plain} is older than {'.'.join(str(one) for one in OLDEST_SERVER)}")


async def refuse_unsynced_server(monitoring_url: str) -> None:
    """Raise `WritesNotSynced` unless the server syncs every write, `ServerTooOld` if it is too old.

    No client may read that setting, only the monitoring page says it. So whoever starts the server (the launcher, the
    bootstrap job in compose) asks here before the streams are declared; `monitoring_url` such as `http://127.0.0.1:8222`.
    """
    page = await asyncio.to_thread(_read_page, f"{monitoring_url.rstrip('/')}/varz")
    refuse_old_server(page.get("version", ""))
    if not page.get("jetstream", {}).get("config", {}).get("sync_always", False):
        raise WritesNotSynced("set sync_interval: always")


def _read_page(url: str) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise ValueError("the monitoring page is read over HTTP")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=5) as answer:
        return json.load(answer)
