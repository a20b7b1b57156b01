"""A hundred thousand lives of a complaint's clock, each event put to the product and to a second clock."""

from __future__ import annotations

import os
from itertools import product

import pytest

from tests.support.complaint_histories import ACTS, TEXTS, play

HISTORIES = int(os.environ.get("COMPLAINT_HISTORIES", "100000"))
SEED = int(os.environ.get("COMPLAINT_SEED", "20200301"))


@pytest.mark.soak
def test_a_hundred_thousand_histories_agree_with_the_second_clock() -> None:
    print(f"seed {SEED}, {HISTORIES} histories")
    assert play(HISTORIES, SEED) == set(product(TEXTS, (one.__name__ for one in ACTS), (True, False)))
