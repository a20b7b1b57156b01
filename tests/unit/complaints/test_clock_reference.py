"""Every accepted and refused sequence of events agrees with a second clock; the long run is one of the soak tests."""

from __future__ import annotations

import os
from itertools import product

from tests.support.complaint_histories import ACTS, TEXTS, play

HISTORIES = int(os.environ.get("COMPLAINT_HISTORIES", "3000"))
SEED = int(os.environ.get("COMPLAINT_SEED", "20200301"))


def test_every_sequence_of_clock_events_agrees_with_the_second_clock() -> None:
    print(f"seed {SEED}, {HISTORIES} histories")
    seen = play(HISTORIES, SEED)
    assert seen == set(product(TEXTS, (one.__name__ for one in ACTS), (True, False)))
