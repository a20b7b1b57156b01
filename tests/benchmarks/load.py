"""The load: requests over kept connections on the loopback, bounded in number and time.

A client of its own, because what drives the load computes on the same cores: it sends prepared bytes and reads a head
and a body of stated length, nothing else.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CONNECTIONS = 16
_ANSWER_S = 20.0

Make = Callable[[int], bytes]
"""The bytes of the n-th request."""


class WrongAnswer(RuntimeError):
    """An answer that makes the measurement worthless: the request itself was refused."""


class NotServed(RuntimeError):
    """An answer of 5xx: the machine has too much to do. Counted apart, and told."""


@dataclass
class Served:
    """What one round of load got."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    not_served: int = 0

    @property
    def count(self) -> int:
        return len(self.latencies_ms)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


def request(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    """The bytes of one request with a JSON body."""
    told = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    if body is not None:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


class Connection:
    """One connection to a port of this machine, kept over many requests."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, sent: bytes) -> bytes:
        """The body of the answer. Raises `WrongAnswer`, `NotServed` for any status but 200 and 201; `TimeoutError`."""
        async with asyncio.timeout(_ANSWER_S):
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
        status = head.split(b" ", 2)[1].decode()
        if status.startswith("5"):
            raise NotServed(status)
        if status not in ("200", "201"):
            raise WrongAnswer(f"{status} {body[:500].decode(errors='replace')}")
        return body

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def closed_loop(
    port: int, make: Make, *, seconds: float, most: int, keep: list[bytes] | None = None, connections: int = CONNECTIONS
) -> Served:
    """Each of 16 connections sends its next request when the last one is answered, until time or number is up."""
    served, numbers, began = Served(), iter(range(most)), time.perf_counter()

    async def worker() -> None:
        connection = Connection(port)
        try:
            for number in numbers:
                sent = make(number)
                start = time.perf_counter()
                try:
                    body = await connection.exchange(sent)
                except NotServed:
                    served.not_served += 1
                else:
                    served.latencies_ms.append((time.perf_counter() - start) * 1000)
                    if keep is not None:
                        keep.append(body)
                if time.perf_counter() - began > seconds:
                    return
        finally:
            await connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(worker())
    served.seconds = time.perf_counter() - began
    return served


async def open_loop(port: int, make: Make, *, per_second: float, seconds: float) -> Served:
    """Requests at moments fixed beforehand, whatever the answers take; latency counts from the intended moment."""
    served, began = Served(), time.perf_counter()
    opened = [Connection(port) for _ in range(64)]
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for one in opened:
        free.put_nowait(one)

    async def send(number: int, intended: float) -> None:
        connection = await free.get()
        try:
            await connection.exchange(make(number))
            served.latencies_ms.append((time.perf_counter() - intended) * 1000)
        except NotServed:
            served.not_served += 1
        finally:
            free.put_nowait(connection)

    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            intended = began + number / per_second
            await asyncio.sleep(max(0.0, intended - time.perf_counter()))
            group.create_task(send(number, intended))
    served.seconds = time.perf_counter() - began
    for one in opened:
        await one.close()
    return served
