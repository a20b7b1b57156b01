"""Figure: how long one decision of authority takes, from the door's question to the whole step on a claim.

Pure functions of the product over the seed, in this process: no database, no network. Every case is decided in blocks,
round after round, and the processor time of the process is taken, so that what else the machine does counts little.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from gateway.forwarding import stated_amount
from shared.authority import chain, could_decide
from tests.security.oracle.verdicts import Act
from tests.support.approvals import PATH, TABLE
from tests.support.authority_cases import UNITS
from tests.support.authority_engine import Engine

MATRIX_CELL, SCOPE, DOOR, CHAIN, COULD, STEP = (
    "permission at a place", "record within the scope", "stated amount at the door", "chain of an amount",
    "who could decide", "whole step on a claim",
)  # fmt: skip
AMOUNT = Decimal("120000.00")


@dataclass(frozen=True)
class AuthorityFigures:
    """Nanoseconds of processor time for one decision, by case: one value for each round."""

    rounds: dict[str, list[float]]

    def microseconds(self, name: str) -> float:
        """The median of the rounds."""
        return median(self.rounds[name]) / 1000

    @property
    def per_second(self) -> float:
        """Whole steps that one core decides in a second."""
        return 1_000_000 / self.microseconds(STEP)

    def rows(self) -> list[tuple[str, str]]:
        """Name of the case and its figure, for the page."""
        return [(name, f"{self.microseconds(name):.1f} µs") for name in self.rounds]


def run(*, rounds: int, block: int) -> AuthorityFigures:
    """Time each case in `rounds` blocks of `block` decisions, after one block to warm up."""
    cases = _cases()
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            spent = _block(case, block)
            if number:
                found[name].append(spent)
    return AuthorityFigures(found)


def _block(case: Callable[[], object], block: int) -> float:
    gc.collect()
    gc.disable()
    try:
        began = time.process_time_ns()
        for _ in range(block):
            case()
        return (time.process_time_ns() - began) / block
    finally:
        gc.enable()


def _cases() -> dict[str, Callable[[], object]]:
    engine = Engine(UNITS)
    central = engine.actor("claims_approver", "north a")
    own, below = UNITS["north a"], UNITS["north a1"]
    # the branch decides it after two opinions: the longest way that is usual
    act = Act("claims_approver", "north", "north a1", "claim_payment", "liability", 12_000_000, "decision", 2)
    assert engine.judge(act) == "allowed"
    return {
        MATRIX_CELL: lambda: engine.matrix.allows("claims_approver", own.level, "claims.approval.decide", own.kind),
        SCOPE: lambda: engine.in_scope(below.path, own.path),
        DOOR: lambda: stated_amount.exceeds(central, "claim_payment", AMOUNT),
        CHAIN: lambda: chain(TABLE, "claim_payment", "liability", AMOUNT, PATH),
        COULD: lambda: could_decide(TABLE, "claim_payment", None, AMOUNT, PATH),
        STEP: lambda: engine.judge(act),
    }
