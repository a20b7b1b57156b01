"""The core system of the demonstration: a machine that signs in with a key kept in the installation."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from embedded.client import Gateway, Machine
from embedded.home import Home

CORE = "M0001"
"""Staff number of the core system at head office."""


def _file(home: Home) -> Path:
    return home.path / "secrets" / "core-system.json"


def core_key(home: Home) -> OKPKey:
    """The core system's own key, made once."""
    path = _file(home)
    if not path.exists():
        key = OKPKey.generate_key("Ed25519", parameters={"alg": "Ed25519", "use": "sig"})
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(json.dumps(key.as_dict(private=True)))
    return OKPKey.import_key(json.loads(path.read_text(encoding="ascii")))


def core_public_key(home: Home) -> dict[str, Any]:
    """What the gateway registers of it."""
    return core_key(home).as_dict(private=False)


def core_system(home: Home, gateway: Gateway) -> Machine:
    """The core system, ready to send."""
    return Machine(gateway, CORE, core_key(home))
