"""Figure 5: what the others' readers notice while one service hangs, and while it is gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import uvloop

from embedded.screen import step
from tests.benchmarks.load import Served, open_loop
from tests.benchmarks.request_figures import Caller
from tests.benchmarks.stage import Stage

PER_SECOND = 40.0
"""Reads of the service that is well, at a steady rate."""
TROUBLED_PER_SECOND = 20.0
"""Reads of the one that is not, beside them."""
ALLOWED = 2.0


@dataclass(frozen=True)
class Isolation:
    """The reads of the service that is well: alone, while another hangs, while that one is gone."""

    quiet: Served
    hanging: Served
    gone: Served


def run(made: Stage, caller: Caller, *, seconds: float) -> Isolation:
    """The second gateway has the bare endpoint behind `claims`, and behind `policy` somebody who never answers.

    At the end nobody listens there any more.
    """
    caller.sign_in()
    port = made.port("gateway to bare")

    async def well() -> Served:
        return await open_loop(port, caller.read_bare, per_second=PER_SECOND, seconds=seconds)

    async def beside() -> Served:
        troubled = open_loop(port, caller.read_policies, per_second=TROUBLED_PER_SECOND, seconds=seconds)
        found, _ = await asyncio.gather(well(), troubled)
        return found

    with step("reads while nothing is the matter"):
        uvloop.run(well())
        quiet = uvloop.run(well())
    with step("reads while another service hangs"):
        hanging = uvloop.run(beside())
    made.hanging.close()
    caller.sign_in()
    with step("reads while another service is gone"):
        gone = uvloop.run(beside())
    return Isolation(quiet, hanging, gone)
