"""One engine process: started in its directory, known by process id and start time, stopped cleanly, never by name."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
_LOG_LIMIT = 16 * 1024 * 1024


class EngineRefused(RuntimeError):
    """The engine cannot be started here; the message says why and what would help."""


class EngineRunning(EngineRefused):
    """Another process holds this directory: a second engine on the same files would destroy them."""


class EngineDied(RuntimeError):
    """The engine ended by itself; the message carries the end of its log."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def start_time(pid: int) -> int:
    """Start of the process in clock ticks since boot: with the pid it names one process for ever.

    0: there is none, or it has ended and only its parent has not asked yet.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    fields = line.rpartition(")")[2].split()  # from the third on; the second, a name in parentheses, may hold anything
    return 0 if fields[0] in "ZX" else int(fields[19])


def launch_command(command: Sequence[str], place: Path, *, whom: str = "-", death_signal: int = 0) -> list[str]:
    """The command as `launch.py` runs it: with this identity, in this directory, ending with the calling thread."""
    return [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), str(death_signal), whom, str(place), *command]


class EngineProcess:
    """The running engine. `lock` is a file that the process keeps locked as long as one of its processes lives."""

    def __init__(self, name: str, lock: Path, log: Path) -> None:
        self.name, self.lock, self.log = name, lock, log
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self.started_at = 0

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def crashed(self) -> bool:
        """It was started, ended, and nobody had asked it to."""
        return self._process is not None and self._process.poll() is not None and not self._stopping

    @property
    def exit_code(self) -> int | None:
        """As `subprocess.Popen.returncode`: negative for a signal; None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    def start(
        self,
        command: Sequence[str],
        held: int,
        *,
        place: Path,
        environment: dict[str, str],
        death_signal: int,
        whom: str = "-",
    ) -> None:
        """Start it in the directory `place`, with the descriptor from `held()` inherited; `whom`: as in `launch.py`."""
        with self._open_log() as log:
            self._process = subprocess.Popen(
                launch_command(command, place, whom=whom, death_signal=death_signal),
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[held],
                start_new_session=True,  # Ctrl-C in a terminal goes to the supervisor, which stops in order
            )
        self.started_at = start_time(self._process.pid)
        self._stopping = False

    @contextmanager
    def held(self, patience: float = 10.0) -> Iterator[int]:
        """Lock the directory for a start and give the descriptor; afterwards only the engine's own processes hold it.

        Main thread only (EngineRefused). An engine that is just stopping gets `patience` seconds; then EngineRunning.
        """
        if threading.current_thread() is not threading.main_thread():
            raise EngineRefused(
                f"start {self.name} from the main thread: the kernel ends it with the thread that starts it"
            )
        descriptor = self._lock(patience)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _lock(self, patience: float) -> int:
        descriptor = os.open(self.lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise EngineRunning(f"{self.name} is running already in {self.lock.parent}") from None
                time.sleep(0.05)

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Ask `ready` until it says yes. Raises EngineDied when it ends first, EngineRefused after `timeout` s."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise EngineDied(f"{self.name} ended with {self.exit_code}\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise EngineRefused(f"{self.name} is not ready after {timeout:g} s\n{self.log_end()}")
            time.sleep(0.01)

    def ask(self, number: int) -> None:
        """Send one signal without waiting; the end that follows is no crash."""
        if self._process is not None and self.alive:
            self._stopping = True
            self._process.send_signal(number)

    def stop(self, signals: Sequence[tuple[int, float]]) -> bool:
        """Send the signals one after the other, each with its patience in seconds. True: the first one was enough."""
        if self._process is None:
            return True
        self._stopping = self._stopping or self.alive
        for step, (number, patience) in enumerate([*signals, (signal.SIGKILL, 10.0)]):
            if self.alive:
                self._process.send_signal(number)
            try:
                self._process.wait(patience)
                return step == 0
            except subprocess.TimeoutExpired:
                continue
        raise EngineRefused(f"{self.name} (process {self.pid}) does not end")

    def log_end(self, lines: int = 20) -> str:
        """The last lines of the engine's log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 64 * 1024))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])

    def _open_log(self):
        """Append to the log; a big one makes way first, so that two files are the most that a machine keeps."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        return os.fdopen(os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600), "ab")
