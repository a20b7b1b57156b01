"""The deployables that exist, their modules, and their applications without anything around them."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from joserfc.jwk import OKPKey

from gateway.forwarding.table import RouteTable
from shared.migrations import DEPLOYABLES

ROOT = Path(__file__).resolve().parent.parent


def package_of(name: str) -> str:
    return "gateway" if name == "gateway" else f"services.{name}"


def deployables() -> list[str]:
    """Those with an application, in the order of the project."""
    return [name for name in DEPLOYABLES if (ROOT / package_of(name).replace(".", "/") / "app.py").exists()]


def load_all() -> None:
    """Import every module of shared and of the deployables that exist, so that every refusal is known."""
    for package in ("shared", *(package_of(name) for name in deployables())):
        found = importlib.import_module(package)
        for one in pkgutil.walk_packages(found.__path__, f"{package}."):
            if ".migrations" not in one.name:
                importlib.import_module(one.name)


def application(name: str) -> FastAPI:
    """The application of `name` with settings of no use but to build it."""
    settings = importlib.import_module(f"{package_of(name)}.settings")
    kind = getattr(settings, f"{name.capitalize()}Settings")
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, clear=True):
        create_app = importlib.import_module(f"{package_of(name)}.app").create_app
        # the route table is made from these applications: the gateway's must not need it
        more = {"routes": RouteTable(())} if name == "gateway" else {}
        return create_app(kind(**_given(Path(folder))), **more)


def _given(folder: Path) -> dict[str, Any]:
    key = OKPKey.generate_key("Ed25519", parameters={"kid": "none", "alg": "Ed25519", "use": "sig"})
    files = {
        "keys_file": json.dumps({"keys": [key.as_dict(private=False)]}),
        "signing_key_file": json.dumps(key.as_dict(private=True)),
        "secret_file": "0" * 32,
        "digest_key_file": "0" * 32,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="ascii")
    given: dict[str, Any] = {name: folder / name for name in files}
    return given | {"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/none", "attachments_dir": folder}
