"""The job of the profile `demo`: an invented network with its people, then customers and policies through the gateway.

`python -m deploy.demonstration`. Run again it adds what is missing. It is told what the gateway is told (its seed
writes the network), and `DEMO_GATEWAY_URL`, `DEMO_PASSWORD_FILE` (the password of all accounts) and `DEMO_HOME`, below
which `secrets/core-system.json` is the key of the core system that sends customers and policies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded.demonstration import network, people
from embedded.filling import fill
from embedded.home import Home
from embedded.machines import CORE, core_public_key
from shared.clock import legal_day, process_now

PROVINCES = (network.DEFAULT_PROVINCE,)


def network_of(home: Home, password: str) -> dict[str, Any]:
    """What `gateway.seed network` takes: the demonstration's province, its people, and the core system's key."""
    everyone = people.people(network.DEFAULT_PROVINCE)
    return {
        "units": network.units(PROVINCES),
        "teams": network.teams(PROVINCES),
        "people": [{name: value for name, value in one.items() if name != "duty"} for one in everyone],
        "password": password,
        "machine_keys": {CORE: core_public_key(home)},
    }


def main(environment: Mapping[str, str] = os.environ) -> int:
    """The exit code of the job."""
    home = Home(Path(environment["DEMO_HOME"]))
    password = Path(environment["DEMO_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(network_of(home, password), file, ensure_ascii=False)
        file.flush()
        subprocess.run([sys.executable, "-m", "gateway.seed", "network", file.name], check=True)
    today = legal_day(process_now())
    customers, policies = fill(
        home, environment["DEMO_GATEWAY_URL"], today, public_url=environment["GATEWAY_PUBLIC_URL"]
    )
    sys.stdout.write(f"{customers} customers and {policies} policies through the gateway\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
