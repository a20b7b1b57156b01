"""One connection of a client without a network: an application before it, what was written behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.forwarding.client_connection import ClientConnection

App = Callable[[Scope, Receive, Send], Awaitable[None]]
GET = b"GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n"
SECOND = GET.replace(b"/one", b"/two")


class Writes:
    """The transport as the connection sees it: what was written, piece by piece."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = self.paused = False
        self.news = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.news.set()

    def close(self) -> None:
        self.closed = True
        self.news.set()

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_extra_info(self, name: str) -> Any:
        return {"peername": ("192.0.2.1", 5), "sockname": ("127.0.0.1", 80)}.get(name)

    @property
    def all(self) -> bytes:
        return b"".join(self.written)


class Line:
    """One connection before `app`, and the server's books."""

    def __init__(self, app: App, patience: int = 30) -> None:
        config = Config(app, lifespan="off", log_config=None, timeout_keep_alive=patience, ws="none")
        config.load()
        self.books, self.transport = ServerState(), Writes()
        self.connection = ClientConnection(config, self.books, {})
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]

    def sends(self, data: bytes) -> None:
        self.connection.data_received(data)

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(2):
            while not met():
                self.transport.news.clear()
                await asyncio.wait_for(self.transport.news.wait(), 1)

    async def quiet(self) -> None:
        """Until all that can run without more from outside has run."""
        for _ in range(10):
            await asyncio.sleep(0)


@asynccontextmanager
async def gate() -> AsyncIterator[tuple[App, asyncio.Event, list[str]]]:
    """An application that answers with the path once the event is set, and the paths that it was asked for."""
    opened, asked = asyncio.Event(), list[str]()

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await opened.wait()
        await answer(send, scope["path"].encode())

    yield app, opened, asked
    opened.set()


async def answer(send: Send, body: bytes, *fields: tuple[bytes, bytes], status: int = 200) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*fields, length]})
    await send({"type": "http.response.body", "body": body})


def saying(*messages: Message) -> App:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def begun(*fields: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(fields)}


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


LENGTH_3 = (b"content-length", b"3")
