"""Migrations and the base seed on their own, with the engines running for as long as it takes."""

from __future__ import annotations

from embedded.home import Home
from embedded.screen import say
from embedded.start import AlreadyRunning, base_seed, only_one, prepare_databases, start_engines


def prepare(provinces: tuple[str, ...]) -> int:
    """Bring every database to the newest schema; with provinces also seed tree, people and rule sets."""
    home = Home.chosen()
    home.prepare()
    try:
        with only_one(home):
            engines = start_engines(home)
            try:
                prepare_databases(home, engines)
                if provinces:
                    base_seed(home, engines, provinces)
            finally:
                engines.stop()
    except AlreadyRunning as refusal:
        say(str(refusal))
        return 1
    return 0
