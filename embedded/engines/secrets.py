"""Passwords and NKEY seeds: made once, kept in files that only their owner may read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import nkeys


class SecretExposed(RuntimeError):
    """The file may be read by others than its owner; it is not used."""


def private_directory(path: Path) -> Path:
    """The directory; it and missing parents are made with mode 0700, existing ones stay as they are."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def password(path: Path) -> str:
    """The password in this file; made at random (32 bytes, URL-safe ASCII) when the file is missing."""
    return _kept(path, lambda: secrets.token_urlsafe(32))


def seed(path: Path) -> str:
    """The NKEY user seed in this file (`SU…`); made at random when the file is missing."""
    return _kept(path, new_seed)


def seeds(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """One seed for each name, kept as `<directory>/<name>.nk`."""
    return {name: seed(directory / f"{name}.nk") for name in names}


def new_seed() -> str:
    """A fresh NKEY user seed that is kept nowhere."""
    return nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER).decode("ascii")


def public_key(user_seed: str) -> str:
    """The public half (`U…`), which is all that the server's configuration holds."""
    pair = nkeys.from_seed(bytearray(user_seed, "ascii"))
    try:
        return bytes(pair.public_key).decode("ascii")
    finally:
        pair.wipe()


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read the secret, or make it. Whoever comes second to the making reads the first one's."""
    if not path.exists():
        private_directory(path.parent)
        _write_once(path, make())
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SecretExposed(f"{path.name} may be read by others: chmod 600")
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, value: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        # a link fails where the name exists already: complete or absent, never half and never overwritten
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
