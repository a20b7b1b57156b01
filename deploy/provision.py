"""The job before everything else: roles, databases, and the newest schema in each. `python -m deploy.provision`.

Run again it changes nothing that is right. Environment:

    PROVISION_SERVER                    host:port of the PostgreSQL server
    PROVISION_SUPERUSER                 its superuser's name
    PROVISION_SUPERUSER_PASSWORD_FILE
    PROVISION_PASSWORDS_DIR             holds `database-owner` and `database-<deployable>`, one password each
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from embedded.databases import DEPLOYABLES, OWNER, database_of, provision, role_of
from shared.migrations import migrate


def superuser_dsn(environment: Mapping[str, str]) -> str:
    """Address of the server for its superuser. Raises KeyError where the environment does not name it."""
    password = _read(Path(environment["PROVISION_SUPERUSER_PASSWORD_FILE"]))
    return f"postgresql://{environment['PROVISION_SUPERUSER']}:{quote(password)}@{environment['PROVISION_SERVER']}/postgres"


def passwords(folder: Path) -> dict[str, str]:
    """Role → password, for the owner and each application role."""
    found = {OWNER: _read(folder / "database-owner")}
    return found | {role_of(name): _read(folder / f"database-{name}") for name in DEPLOYABLES}


def owner_url(server: str, password: str, deployable: str) -> str:
    """Address of the deployable's database for migrations."""
    return f"postgresql+asyncpg://{OWNER}:{quote(password)}@{server}/{database_of(deployable)}"


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()


def main(environment: Mapping[str, str] = os.environ) -> int:
    """The exit code of the job."""
    known = passwords(Path(environment["PROVISION_PASSWORDS_DIR"]))
    asyncio.run(provision(superuser_dsn(environment), DEPLOYABLES, known))
    for deployable in DEPLOYABLES:
        migrate(deployable, owner_url(environment["PROVISION_SERVER"], known[OWNER], deployable))
        sys.stdout.write(f"{database_of(deployable)}: newest schema\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
