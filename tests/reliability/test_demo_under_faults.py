"""The story is played to its end while processes die below it, and afterwards nothing is left running.

A whole system of its own: engines, gateway, services, workers under the launcher, as one command starts it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.demo import play
from embedded.engines.process import free_port, start_time

ROOT = Path(__file__).resolve().parents[2]
START_S, STOP_S = 150, 60
PROCESSES = 14
"""Two engines, an API and a worker for each of six deployables."""


@dataclass
class System:
    """The launcher and what it has started."""

    home: Path
    launcher: subprocess.Popen[bytes]
    output: Path

    def parts(self, *words: str) -> list[int]:
        """Processes that the launcher started itself and whose command has all these words."""
        return [pid for pid in _children(self.launcher.pid) if all(word in _command(pid) for word in words)]

    def kill(self, *words: str) -> None:
        """Kill the one part with these words, as a crash would."""
        (victim,) = self.parts(*words)
        os.kill(victim, signal.SIGKILL)

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _whole_tree(root: int) -> list[int]:
    below = [one for child in _children(root) for one in _whole_tree(child)]
    return [root, *below]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything started from nothing, without the 2,000 policies; stopped as Ctrl-C stops it."""
    directory = tmp_path_factory.mktemp("demo")
    home, output = directory / "home", directory / "output"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"ANLAN_HOME": str(home), "ANLAN_PORT": str(free_port())}
    with output.open("wb") as file:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "embedded", "run", "--empty"], cwd=ROOT, env=environment, stdout=file, stderr=file
        )
    started = System(home, launcher, output)
    tree: dict[int, int] = {}
    try:
        _wait(started)
        yield started
        tree = {pid: start_time(pid) for pid in _whole_tree(launcher.pid)}
    finally:
        launcher.send_signal(signal.SIGINT)
        code = launcher.wait(STOP_S)
    assert code == 0, started.said()
    assert len(tree) > PROCESSES
    assert [pid for pid, born in tree.items() if start_time(pid) == born] == []


def _wait(system: System) -> None:
    deadline = time.monotonic() + START_S
    while "Anlan is ready" not in system.said():
        assert system.launcher.poll() is None, system.said()
        assert time.monotonic() < deadline, system.said()
        time.sleep(0.2)


@pytest.fixture
def played(
    system: System, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[dict[str, Sequence[str]]], str]:  # fmt: skip
    """Play the story; at a line that has the given words, the part with the words on its right dies."""
    monkeypatch.setenv("ANLAN_HOME", str(system.home))
    monkeypatch.setenv("ANLAN_CLOCK_FILE", str(system.home / "clock"))

    def go(faults: dict[str, Sequence[str]]) -> str:
        text, left = "", dict(faults)

        def before(_step: int) -> None:
            nonlocal text
            text += capfd.readouterr().out
            for words in [one for one in left if one in text]:
                system.kill(*left.pop(words))

        code = play(before)
        text += capfd.readouterr().out
        assert code == 0, text + system.said()
        assert left == {}, "a fault never struck"
        return text

    return go


@pytest.mark.fault("F21")
def test_the_story_goes_on_when_the_api_of_claims_dies_between_two_opinions(system: System, played) -> None:
    told = played({"gives the opinion of the sub-branch": ("services.claims.app", "uvicorn")})
    assert "step 3 decision on 259735.35, claim decided" in told
    assert "claims API ended with -9; started again" in system.said()


def test_the_story_goes_on_when_the_worker_of_claims_dies_with_a_payment_that_settles(system: System, played) -> None:
    told = played({"confirms that it is paid": ("services.claims.worker",)})
    assert "waits for the return visit that the settlement plans" in told
    assert "claims worker ended with -9; started again" in system.said()


@pytest.mark.fault("F6")
@pytest.mark.fault("F14")
def test_the_story_goes_on_when_the_engines_die(system: System, played) -> None:
    """NATS before the visit and its hazard are told, PostgreSQL in the middle of an approval."""
    told = played(
        {
            "rates the hazard": ("nats-server",),
            "gives the opinion of the sub-branch": ("postgres", "-D"),
        }
    )
    assert "open hazard: high" in told
    assert "✔ The story is played" in told
    for name in ("nats-server", "PostgreSQL"):
        assert f"{name} ended with -9; it is started again" in system.said()
        assert f"{name} is back" in system.said()


@pytest.mark.parametrize(
    ("deployable", "api_dies_after", "worker_dies_after"),
    [
        ("gateway", "sends surveyor", "closes the claim"),
        ("policy", "sends policy PLL", "sends policy PWS"),
        ("risk", "agrees on the visit with the customer", "signs the survey"),
        ("complaints", "checks who complains", "gives the opinion of the sub-branch"),
        ("crm", "calls the customer, nobody answers", "confirms that it is paid"),
    ],
)
def test_the_story_goes_on_when_any_other_process_dies(
    system: System, played, deployable: str, api_dies_after: str, worker_dies_after: str
) -> None:
    """One at a time, each long back when the other one dies."""
    module = deployable if deployable == "gateway" else f"services.{deployable}"
    told = played({api_dies_after: (f"{module}.app", "uvicorn"), worker_dies_after: (f"{module}.worker",)})
    assert "✔ The story is played" in told
    for part in ("API", "worker"):
        assert f"{deployable} {part} ended with -9; started again" in system.said()


def test_the_system_is_whole_after_all_that(system: System, played) -> None:
    """Another run without a fault; every process is there, and the state file says where."""
    told = played({})
    assert "✔ The story is played" in told
    assert len(system.parts()) == PROCESSES
    running = json.loads((system.home / "running.json").read_text(encoding="utf-8"))
    assert running["pid"] == system.launcher.pid
    environment = {**os.environ, "ANLAN_HOME": str(system.home)}
    checked = subprocess.run(
        [sys.executable, "-m", "embedded", "check"], cwd=ROOT, env=environment, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout.decode()
    assert " 0 differ" in checked.stdout.decode()
