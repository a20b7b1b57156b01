"""The secrets of the compose stack: `python -m scripts.secrets [DIRECTORY]`. What exists is never overwritten.

One file for each secret, 32 random bytes each (or a key pair), in a directory that only its owner may enter. Compose
mounts such files as they are and cannot change their owner, so each is made readable for exactly the account that reads
it in its container, mode 0400: by root as that account's own file; by anybody else as a file of one's own with one
entry in its access list. The world reads none. A secret that two accounts read exists twice, with one reader each.
"""

from __future__ import annotations

import json
import os
import secrets as random
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import OKPKey

from embedded.databases import DEPLOYABLES
from embedded.engines.nats_config import BOOTSTRAP, Account, render
from embedded.engines.secrets import new_seed, public_key

APPLICATION, POSTGRES, NATS = 10001, 999, 10002
"""User ids of the containers: our own images, the PostgreSQL image's `postgres`, and the NATS server's."""

NATS_FILE_STORE = "8GB"
"""More than the size limits of all streams together."""

_ACCESS_LIST = "system.posix_acl_access"
_VERSION, _NOBODY = 2, 0xFFFFFFFF
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_READ = 4


class CopiesDiffer(RuntimeError):
    """Two files that hold the same secret do not."""


@dataclass(frozen=True)
class Secret:
    """One file: who reads it in a container, and how it is made where it is missing."""

    name: str
    make: Callable[[], str]
    reader: int = APPLICATION


def random_secret() -> str:
    """32 random bytes as URL-safe ASCII."""
    return random.token_urlsafe(32)


def all_secrets(folder: Path) -> Iterator[Secret]:
    """Every secret of the stack, in an order in which those come first that others are made from."""
    yield Secret("postgres-superuser", random_secret, POSTGRES)
    yield Secret("provision-superuser", lambda: read(folder / "postgres-superuser"))
    yield Secret("database-owner", random_secret)
    yield Secret("nats-bootstrap", new_seed)
    for name in DEPLOYABLES:
        yield Secret(f"database-{name}", random_secret)
        yield Secret(f"nats-{name}", new_seed)
        yield Secret(f"secret-{name}", random_secret)
    yield Secret("digest-key", random_secret)
    yield Secret("signing-key", _key_pair)
    yield Secret("public-keys", lambda: _public_set(folder / "signing-key"))
    yield Secret("core-system-key", _key_pair)
    yield Secret("demo-password", random_secret)


def _key_pair() -> str:
    key = OKPKey.generate_key("Ed25519", parameters={"kid": random.token_hex(8), "alg": "Ed25519", "use": "sig"})
    return json.dumps(key.as_dict(private=True))


def _public_set(signing_key: Path) -> str:
    key = OKPKey.import_key(json.loads(read(signing_key)))
    return json.dumps({"keys": [key.as_dict(private=False)]})


def nats_configuration(folder: Path) -> str:
    """The server's configuration for these seeds; it holds their public halves only."""
    users = {name: public_key(read(folder / f"nats-{name}")) for name in DEPLOYABLES}
    return render(
        server_name="anlan-nats",
        host="0.0.0.0",  # noqa: S104 - inside a container that publishes nothing
        port=4222,
        store_dir="/var/lib/nats",
        accounts=[Account(bootstrap=public_key(read(folder / f"nats-{BOOTSTRAP}")), users=users)],
        monitor="127.0.0.1:8222",
        max_file_store=NATS_FILE_STORE,
    )


def read(path: Path) -> str:
    """The secret in this file, without the line's end."""
    return path.read_text(encoding="ascii").strip()


def make_all(folder: Path) -> list[str]:
    """Make what is missing in `folder`; answers the names of what is new.

    The NATS configuration is no secret and follows the code: it is written anew where it has changed.
    Raises `CopiesDiffer`; `PermissionError` where somebody else made the files that are there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    new = [one.name for one in all_secrets(folder) if _make(folder / one.name, one)]
    if read(folder / "provision-superuser") != read(folder / "postgres-superuser"):
        raise CopiesDiffer("provision-superuser and postgres-superuser hold different passwords")
    configuration, text = folder / "nats.conf", nats_configuration(folder)
    if not configuration.exists() or configuration.read_text(encoding="utf-8") != text:
        _draft(configuration, text, NATS).replace(configuration)
        new.append(configuration.name)
    return new


def _make(path: Path, secret: Secret) -> bool:
    if path.exists():
        return False
    draft = _draft(path, secret.make() + "\n", secret.reader)
    try:
        # a link fails where the name exists: complete or absent, never half and never overwritten
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _draft(path: Path, text: str, reader: int) -> Path:
    draft = path.with_name(f".{path.name}.{random.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    give(draft, reader)
    return draft


def give(path: Path, reader: int) -> None:
    """Let `reader` read the file beside its owner, and nobody else."""
    if os.geteuid() == 0:
        os.chown(path, reader, reader)
    elif os.geteuid() != reader:
        # a machine without access lists is one whose containers run in a virtual machine that maps the owner itself
        with suppress(OSError, AttributeError):
            os.setxattr(path, _ACCESS_LIST, access_list(reader))


def access_list(reader: int) -> bytes:
    """Owner and `reader` read; group and world do nothing (the kernel's own format of a POSIX access list)."""
    entries = (
        (_OWNER, _READ, _NOBODY),
        (_USER, _READ, reader),
        (_GROUP, 0, _NOBODY),
        (_MASK, _READ, _NOBODY),
        (_OTHER, 0, _NOBODY),
    )
    return struct.pack("<I", _VERSION) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def main() -> int:
    """The exit code of the command."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ANLAN_SECRETS", "secrets"))
    try:
        new = make_all(folder)
    except (CopiesDiffer, PermissionError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    sys.stdout.write(f"{folder}: {len(new)} made, the others left as they are\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
