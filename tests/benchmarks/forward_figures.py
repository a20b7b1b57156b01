"""Figure 4: forwarding alone, beside nginx and a Node gateway: the same upstream, the same load, in turns.

What is compared is requests per second of the gateway's own processor time; the upstream's is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import uvloop

from embedded.screen import step
from tests.benchmarks.contenders import Contender, NotThere, nginx, node
from tests.benchmarks.load import Served, closed_loop, request
from tests.benchmarks.processor_time import Meter
from tests.benchmarks.request_figures import Caller
from tests.benchmarks.stage import Stage

OURS = "Anlan"
CONNECTIONS = (32, 128)
_MOST = 200_000


@dataclass(frozen=True)
class Turn:
    """One gateway's turn."""

    served: Served
    gateway_s: float
    """Seconds of processor time of the gateway alone."""

    @property
    def per_processor_second(self) -> float:
        return self.served.count / self.gateway_s


@dataclass
class Forwarded:
    """Turns by gateway and number of connections, and who was left out and why."""

    turns: dict[tuple[str, int], list[Turn]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def run(made: Stage, caller: Caller, *, rounds: int, seconds: float) -> Forwarded:
    """Wants `caller.bare`, the rows that the upstream has."""
    found = Forwarded()
    folder, upstream = made.home.logs, made.port("bare API")
    with ExitStack() as stack:
        contenders = [Contender(OURS, made.port("gateway to bare"), made.pid("gateway to bare"), {})]
        for begin in (nginx, node):
            try:
                contenders.append(stack.enter_context(begin(folder, upstream)))
            except NotThere as missing:
                found.left_out.append(str(missing))
        for number in range(1, rounds + 1):
            caller.sign_in()
            with step(f"forwarding, round {number} of {rounds}") as told:
                for connections in CONNECTIONS:
                    for one in contenders:
                        turn = _turn(made, caller, one, connections, seconds)
                        found.turns.setdefault((one.name, connections), []).append(turn)
                        told.append(f"{one.name} {connections}: {turn.per_processor_second:.0f}")
    return found


def _turn(made: Stage, caller: Caller, one: Contender, connections: int, seconds: float) -> Turn:
    make = caller.read_bare if one.name == OURS else _reads(caller, one)
    uvloop.run(closed_loop(one.port, make, seconds=0.5, most=_MOST, connections=connections))
    meter = Meter({"gateway": one.pid}, made.postgres)
    served = uvloop.run(closed_loop(one.port, make, seconds=seconds, most=_MOST, connections=connections))
    return Turn(served, meter.spent()["gateway"] / 1000)


def _reads(caller: Caller, one: Contender) -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        return request("GET", f"/v1/claims/{caller.bare[number % len(caller.bare)]}", one.headers)

    return make
