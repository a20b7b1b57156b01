"""A real browser without a window, told what to do over its own pipe: no driver, no package.

Only what a person with a keyboard does is done here: open an address, press keys, read what stands there, look.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-extensions", "--remote-debugging-pipe", "--no-proxy-server",
    "--disable-component-update",
)  # fmt: skip
_KEYS = {
    "Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), " ": ("Space", 32, " "), "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
}  # fmt: skip


@dataclass
class Page:
    """One page of the size of a phone."""

    browser: Browser
    session: str

    async def open(self, address: str, language: str) -> None:
        """Open an address as a browser that prefers `language`; back when it is there."""
        agent = {"userAgent": "phone", "acceptLanguage": language}
        await self.browser.ask("Emulation.setUserAgentOverride", agent, self.session)
        await self._navigated("Page.navigate", {"url": address})

    async def _navigated(self, method: str, params: dict[str, Any]) -> None:
        loaded = self.browser.expect("Page.loadEventFired", self.session)
        await self.browser.ask(method, params, self.session)
        await asyncio.wait_for(loaded, 15)

    async def press(self, key: str, times: int = 1) -> None:
        """A key goes down and up, so many times."""
        code, number, text = _KEYS[key]
        named = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        for _ in range(times):
            await self.browser.ask("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **named}, self.session)
            await self.browser.ask("Input.dispatchKeyEvent", {"type": "keyUp", **named}, self.session)

    async def submit(self) -> None:
        """Press Enter on what has the focus, and wait for the page that comes."""
        loaded = self.browser.expect("Page.loadEventFired", self.session)
        await self.press("Enter")
        await asyncio.wait_for(loaded, 15)

    async def write(self, text: str) -> None:
        """Write words where the cursor is, as an input method does."""
        await self.browser.ask("Input.insertText", {"text": text}, self.session)

    async def look_at(self, expression: str) -> Any:
        """What stands in the page. The page itself runs no script; this asks from outside of it."""
        asked = {"expression": expression, "returnByValue": True}
        told = await self.browser.ask("Runtime.evaluate", asked, self.session)
        return told["result"].get("value")

    async def tab_to(self, condition: str, at_most: int = 40) -> None:
        """Press Tab until the element with the focus, `e`, is as wanted."""
        for _ in range(at_most):
            await self.press("Tab")
            if await self.look_at(f"(e => {condition})(document.activeElement)"):
                return
        raise AssertionError(f"the keyboard does not reach {condition}")

    async def photograph(self, file: Path) -> None:
        told = await self.browser.ask("Page.captureScreenshot", {"captureBeyondViewport": True}, self.session)
        await asyncio.to_thread(file.write_bytes, base64.b64decode(told["data"]))


@dataclass
class Browser:
    """The process behind its two pipes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    awaited: dict[tuple[str, str], asyncio.Future[Any]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    """What a page tried and its policy did not let it do, and faults that it reported."""
    requests: list[str] = field(default_factory=list)
    _last: int = 0

    async def ask(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> Any:
        self._last += 1
        number = self._last
        told = {"id": number, "method": method, "params": params or {}} | ({"sessionId": session} if session else {})
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        self.writer.write(json.dumps(told).encode() + b"\0")
        await self.writer.drain()
        return await asyncio.wait_for(answer, 15)

    def expect(self, event: str, session: str) -> asyncio.Future[Any]:
        self.awaited[session, event] = waiting = asyncio.get_running_loop().create_future()
        return waiting

    async def listen(self) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                self._hear(json.loads((await self.reader.readuntil(b"\0"))[:-1]))

    def _hear(self, told: dict[str, Any]) -> None:
        if "id" in told:
            answer = self.answers.pop(told["id"])
            if "error" in told:
                answer.set_exception(AssertionError(told["error"]))
            else:
                answer.set_result(told["result"])
            return
        if told["method"] == "Network.requestWillBeSent":
            self.requests.append(told["params"]["request"]["url"])
        if told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
            self.violations.append(told["params"]["entry"]["text"])
        waiting = self.awaited.pop((told.get("sessionId", ""), told["method"]), None)
        if waiting is not None:
            waiting.set_result(told["params"])

    async def page(self, width: int = 390, height: int = 844) -> Page:
        """An empty page without scripts, of a phone's size."""
        made = await self.ask("Target.createTarget", {"url": "about:blank"})
        attached = await self.ask("Target.attachToTarget", {"targetId": made["targetId"], "flatten": True})
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Network", "Log"):
            await self.ask(f"{domain}.enable", session=page.session)
        size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        await self.ask("Emulation.setDeviceMetricsOverride", size, page.session)
        await self.ask("Emulation.setScriptExecutionDisabled", {"value": True}, page.session)
        return page


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Browser]:
    """A browser with a profile of its own below `folder`."""
    assert BROWSER is not None
    told, tell = os.pipe()
    hear, said = os.pipe()

    def place() -> None:
        # it reads its third and writes its fourth descriptor, which may be in use here
        high = [fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (told, said)]
        for wanted, one in zip((3, 4), high, strict=True):
            os.dup2(one, wanted)

    process = await asyncio.create_subprocess_exec(
        BROWSER, *_FLAGS, f"--user-data-dir={folder}", "about:blank", pass_fds=(3, 4), preexec_fn=place,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(told)
    os.close(said)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    heard, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(hear, "rb"))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(tell, "wb"))
    browser = Browser(reader, asyncio.StreamWriter(transport, protocol, None, loop))
    listening = asyncio.create_task(browser.listen())
    try:
        yield browser
    finally:
        with suppress(Exception):
            await asyncio.wait_for(browser.ask("Browser.close"), 5)
        with suppress(ProcessLookupError, asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
        if process.returncode is None:
            process.kill()
            await process.wait()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        transport.close()
        heard.close()
