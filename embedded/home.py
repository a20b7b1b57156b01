"""Where everything of one machine lies: engines, secrets, keys, files, logs, the clock, and what each process is told.

One directory (`ANLAN_HOME`, default `.anlan` in the project), mode 0700, and nothing outside of it.
"""

from __future__ import annotations

import json
import os
import secrets as random
from dataclasses import dataclass
from pathlib import Path

from joserfc.jwk import OKPKey

from embedded import databases
from embedded.engines import secrets
from embedded.engines.nats import NatsServer
from embedded.engines.postgres import PostgresCluster

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("policy", "claims", "risk", "complaints", "crm")
DEPLOYABLES = ("gateway", *SERVICES)
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Home:
    """The directory of one installation."""

    path: Path

    @classmethod
    def chosen(cls) -> Home:
        """The one that the environment names, or the project's own."""
        return cls(Path(os.environ.get("ANLAN_HOME", ROOT / ".anlan")).absolute())

    @property
    def state_file(self) -> Path:
        """What runs at this moment: addresses, and the accounts of the demonstration."""
        return self.path / "running.json"

    @property
    def clock_file(self) -> Path:
        """Seconds by which every process's time is moved; the demonstration plays a night with it."""
        return self.path / "clock"

    @property
    def logs(self) -> Path:
        return secrets.private_directory(self.path / "logs")

    def prepare(self) -> None:
        """Make what is missing: directories, secrets, the signing key and its public set."""
        secrets.private_directory(self.path)
        for deployable in DEPLOYABLES:
            secrets.password(self.secret(deployable))
            secrets.private_directory(self.attachments(deployable))
        secrets.password(self.path / "secrets" / "digest")
        if not self.signing_key.exists():
            self._make_signing_key()
        if not self.clock_file.exists():
            self.clock_file.write_text("0", encoding="ascii")

    def _make_signing_key(self) -> None:
        key = OKPKey.generate_key("Ed25519", parameters={"kid": random.token_hex(8), "alg": "Ed25519", "use": "sig"})
        public = json.dumps({"keys": [key.as_dict(private=False)]})
        (self.keys).write_text(public, encoding="ascii")
        descriptor = os.open(self.signing_key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(json.dumps(key.as_dict(private=True)))

    @property
    def signing_key(self) -> Path:
        return self.path / "secrets" / "signing-key.json"

    @property
    def keys(self) -> Path:
        return self.path / "secrets" / "keys.json"

    def secret(self, deployable: str) -> Path:
        return self.path / "secrets" / f"{deployable}.secret"

    def attachments(self, deployable: str) -> Path:
        return self.path / "attachments" / deployable

    def postgres(self) -> PostgresCluster:
        return PostgresCluster(self.path / "postgres")

    def nats(self) -> NatsServer:
        return NatsServer(self.path / "nats")

    def password(self, role: str) -> str:
        """A database role's password, made once."""
        return secrets.password(self.role_file(role))

    def role_file(self, role: str) -> Path:
        return self.path / "secrets" / "roles" / role

    def owner_url(self, deployable: str, postgres: PostgresCluster) -> str:
        """Address for migrations."""
        password = self.password(databases.OWNER)
        name = databases.database_of(deployable)
        return f"postgresql+asyncpg://{databases.OWNER}:{password}@{HOST}:{postgres.port}/{name}"

    def application_url(self, deployable: str, postgres: PostgresCluster) -> str:
        """Address for the deployable's own role, without its password."""
        name = databases.database_of(deployable)
        return f"postgresql+asyncpg://{databases.role_of(deployable)}@{HOST}:{postgres.port}/{name}"

    def environment(self, deployable: str, postgres: PostgresCluster, nats: NatsServer) -> dict[str, str]:
        """What a process of the deployable is told; secrets by file."""
        prefix = f"{deployable.upper()}_"
        told = {
            "DATABASE_URL": self.application_url(deployable, postgres),
            "DATABASE_PASSWORD_FILE": str(self.role_file(databases.role_of(deployable))),
            "NATS_URL": nats.url,
            "NATS_SEED_FILE": str(nats.seed_file(deployable)),
            "KEYS_FILE": str(self.keys),
            "SECRET_FILE": str(self.secret(deployable)),
            "DIGEST_KEY_FILE": str(self.path / "secrets" / "digest"),
            "ATTACHMENTS_DIR": str(self.attachments(deployable)),
        }
        kept = {name: os.environ[name] for name in ("CRASHPOINT", "LANG", "TZ") if name in os.environ}
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.path),
            "PYTHONUNBUFFERED": "1",
            "ANLAN_CLOCK_FILE": str(self.clock_file),
            **kept,
            **{prefix + name: value for name, value in told.items()},
        }
