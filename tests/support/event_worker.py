"""Worker processes that may die: one process has everything imported and forks a child for every order.

An order is a line of JSON: `{"work": "relay", "databases": {…}, "nats": …, "seeds": {…}, "crashpoint": "a.b@2",
"seconds": 5}`. The child works until it dies at its crash point or the time is over; the answer
is a line with its pid, its start time and how it ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from embedded.engines.process import start_time
from shared.consuming import Consumers
from shared.database import Database
from shared.messaging import Bus
from shared.relay import Relay
from shared.ticks import Scheduler
from tests.support import event_world as world


@dataclass(frozen=True)
class Ended:
    """A child that has ended: `status` 137 for a crash point, 0 where the time was over."""

    pid: int
    born: int
    status: int


class Forks:
    """The process that forks, seen from the test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    async def run(self, *orders: dict[str, Any]) -> list[Ended]:
        """Carry out these orders at the same time, and wait until all children have ended."""
        return await asyncio.to_thread(self._run, orders)

    def _run(self, orders: tuple[dict[str, Any], ...]) -> list[Ended]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that forks has died"
        return [Ended(**one) for one in json.loads(answer)]

    def close(self) -> None:
        self._process.communicate(timeout=10)


def main() -> None:
    """Fork for every line of orders; the loop of the parent never runs, so a child starts from a clean state."""
    for line in sys.stdin:
        children = [_fork(order) for order in json.loads(line)]
        answers = []
        for pid, born in children:
            _, status = os.waitpid(pid, 0)
            answers.append({"pid": pid, "born": born, "status": os.waitstatus_to_exitcode(status)})
        print(json.dumps(answers), flush=True)


def _fork(order: dict[str, Any]) -> tuple[int, int]:
    pid = os.fork()
    if pid == 0:
        os.dup2(2, 1)  # standard output belongs to the answers
        os.environ["CRASHPOINT"] = order.get("crashpoint", "")
        try:
            asyncio.run(_work(order))
        except BaseException as failure:
            print(repr(failure), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid, start_time(pid) or 0


async def _work(order: dict[str, Any]) -> None:
    name = {"consumers": "crm"}.get(order["work"], "claims")
    database = Database(name, order["databases"][name], application=order.get("application", ""))
    bus = Bus(order["nats"], name=name, seed=order["seeds"][name])
    work = {
        "relay": Relay(database, bus).run,
        "consumers": Consumers(database, bus, world.TOGETHER if order.get("together") else world.CONSUMERS).run,
        "ticks": Scheduler(database, (world.TICK,)).run,
        "report": lambda: world.report_for_ever(database),
    }[order["work"]]
    try:
        async with asyncio.timeout(order.get("seconds", 30)):
            await work()
    except TimeoutError:
        pass
    await bus.close()
    await database.close()


if __name__ == "__main__":
    main()
