"""Keeps the processes of one machine running.

Starts them, waits for them, starts again what crashed, engines included, stops all in order.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from embedded.engines.process import EngineDied, EngineProcess
from embedded.home import ROOT, Home
from embedded.parts import Part
from embedded.screen import say

PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.2
_PAUSES_S = (0.5, 1.0, 2.0, 5.0)


class Stopped(Exception):
    """Somebody asked us to stop."""


class Engine(Protocol):
    """PostgreSQL or NATS, as far as it is kept running."""

    @property
    def process(self) -> EngineProcess: ...

    def start(self) -> None: ...


class Supervisor:
    """The running parts. One thread: the kernel ends a part with the thread that started it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._running: list[tuple[Part, EngineProcess]] = []
        self._crashes: dict[str, int] = {}
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        raise Stopped

    def start(self, part: Part) -> None:
        """Start one part; it need not be ready when this returns."""
        process = EngineProcess(part.name, self._file(part, "lock"), self._file(part, "log"))
        self._launch(part, process)
        self._running.append((part, process))

    def _file(self, part: Part, kind: str) -> Path:
        return self.home.logs / f"{part.name.replace(' ', '-').lower()}.{kind}"

    def _launch(self, part: Part, process: EngineProcess) -> None:
        with process.held() as held:
            process.start(
                part.command, held, place=ROOT, environment=dict(part.environment), death_signal=signal.SIGTERM
            )

    def wait_ready(self, parts: Sequence[Part], patience_s: float = PATIENCE_S) -> None:
        """Wait until each part says that it is ready, one line each. Raises `EngineDied`, `TimeoutError`."""
        began = time.monotonic()
        waiting = {part.name: part for part in parts}
        reason = ""
        while waiting:
            for part, process in self._running:
                if part.name not in waiting:
                    continue
                if not process.alive:
                    raise EngineDied(f"{part.name} ended with {process.exit_code}\n{process.log_end()}")
                ready, reason = part.ready()
                if ready:
                    del waiting[part.name]
                    say(f"  ✔ {part.name:<34} {time.monotonic() - began:6.1f} s  ready")
            if time.monotonic() - began > patience_s:
                raise TimeoutError(f"not ready after {patience_s:g} s: {', '.join(waiting)} ({reason})")
            time.sleep(_LOOK_EVERY_S)

    def watch(self, engines: Sequence[Engine]) -> None:
        """Stay until asked to stop. What crashed, engine or part, is started again and said so.

        Raises `EngineDied`, `EngineRefused` where an engine cannot be started again: without it nothing works.
        """
        while True:
            for engine in engines:
                if engine.process.crashed:
                    self._engine_again(engine)
            for part, process in self._running:
                if process.crashed:
                    self._again(part, process)
            time.sleep(_LOOK_EVERY_S)

    def _engine_again(self, engine: Engine) -> None:
        """On the same port, with the data that it had: everybody who was connected comes back by himself."""
        process = engine.process
        say(f"  ! {process.name} ended with {process.exit_code}; it is started again, log: {process.log}")
        for pause in _PAUSES_S:
            try:
                engine.start()
                break
            except EngineDied:  # the dead one's last process may still hold the port
                time.sleep(pause)
        else:
            engine.start()
        say(f"  ✔ {process.name} is back")

    def _again(self, part: Part, process: EngineProcess) -> None:
        crashes = self._crashes[part.name] = self._crashes.get(part.name, 0) + 1
        say(f"  ! {part.name} ended with {process.exit_code}; started again (no. {crashes}), log: {process.log}")
        time.sleep(_PAUSES_S[min(crashes, len(_PAUSES_S)) - 1])
        self._launch(part, process)

    def stop(self) -> None:
        """Stop every part: those that take requests first, the workers after them."""
        self._stopping = True
        order = sorted(self._running, key=lambda pair: (pair[0].name.endswith("worker"), pair[0].name))
        for _, process in order:
            process.ask(signal.SIGTERM)
        for part, process in order:
            if not process.stop([(signal.SIGTERM, 12.0)]):
                say(f"  ! {part.name} had to be killed")
        self._running.clear()
