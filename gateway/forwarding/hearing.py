"""Whether the clients of requests under way are still there, asked only of those that wait for longer than a moment.

Most answers are there before, and to listen to a client costs a third of a forwarded request.
"""

from __future__ import annotations

import asyncio

from gateway.forwarding.request_body import RequestBody

WATCH_AFTER_S = 1.0
"""From when on a waiting client's hanging up is noticed."""


class Waiting:
    """One client that waits for its answer."""

    __slots__ = ("_body", "_listening", "gone", "since", "work")

    def __init__(self, body: RequestBody, work: asyncio.Task[object], since: float) -> None:
        self._body = body
        self._listening: asyncio.Task[None] | None = None
        self.work = work
        self.since = since
        self.gone = False
        """Whether `work` was cancelled because the client hung up."""

    def listen(self) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        await self._body.client_gone()
        self.gone = True
        self.work.cancel()

    def end(self) -> None:
        if self._listening is not None:
            self._listening.cancel()


class Hearing:
    """All that wait, the longest first; one timer for all of them."""

    def __init__(self) -> None:
        self._waiting: dict[Waiting, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self, body: RequestBody) -> Waiting:
        """From now on the current task is cancelled, with `gone` set, once its client has hung up."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        work = asyncio.current_task(loop)
        assert work is not None  # noqa: S101 - every coroutine runs in a task
        waiting = Waiting(body, work, loop.time())
        self._waiting[waiting] = None
        if self._timer is None:
            self._timer = loop.call_later(WATCH_AFTER_S, self._look)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """The request is over."""
        self._waiting.pop(waiting, None)
        waiting.end()

    def _look(self) -> None:
        """Listen to those that have waited long enough, and look again when the next one has."""
        loop = asyncio.get_running_loop()
        self._timer, now = None, loop.time()
        while self._waiting:
            first = next(iter(self._waiting))
            if now - first.since < WATCH_AFTER_S:
                self._timer = loop.call_at(first.since + WATCH_AFTER_S, self._look)
                return
            del self._waiting[first]
            first.listen()
