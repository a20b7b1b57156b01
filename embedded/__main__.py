"""One machine: `python -m embedded run | migrate | seed | demo | check`."""

from __future__ import annotations

import argparse
import sys

from embedded.demonstration.network import DEFAULT_PROVINCE, province_codes


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded", description="Anlan on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and stay")
    run.add_argument("--nation", action="store_true", help="seed all provinces, not one")
    run.add_argument("--empty", action="store_true", help="no demonstration customers and policies")
    commands.add_parser("migrate", help="bring every database to the newest schema")
    seed = commands.add_parser("seed", help="tree, people and rule sets only")
    seed.add_argument("--nation", action="store_true", help="all provinces, not one")
    commands.add_parser("demo", help="play the story against the running system")
    commands.add_parser("check", help="compare all stores of the running system")
    return parser.parse_args()


def main() -> int:
    """The exit code of the command."""
    given = _arguments()
    provinces = tuple(province_codes()) if getattr(given, "nation", False) else (DEFAULT_PROVINCE,)
    if given.command == "run":
        from embedded.start import run

        return run(provinces=provinces, demonstration=not given.empty)
    if given.command in ("migrate", "seed"):
        from embedded.preparation import prepare

        return prepare(provinces if given.command == "seed" else ())
    if given.command == "demo":
        from embedded.demo import play

        return play()
    from embedded.check import compare

    return compare()


if __name__ == "__main__":
    sys.exit(main())
