"""What every deployable is told from outside. Each one subclasses this with its own prefix and its own few fields.

Secrets come as files (`…_FILE`), never as values in the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from joserfc.jwk import KeySet
from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url

from shared import clock, crashpoints


class DeployableSettings(BaseSettings):
    """Settings that all deployables share; environment names carry the deployable's prefix, for example `CLAIMS_`."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str
    """`postgresql+asyncpg://role@host:port/database`, without password where `database_password_file` is given."""
    database_password_file: Path | None = None
    database_pool: int = 10
    nats_url: str = ""
    nats_seed_file: Path | None = None
    """The deployable's own NKEY seed."""
    keys_file: Path
    """Key set (JWKS) that verifies internal tokens."""
    secret_file: Path
    """32 random bytes from which cursor and download signatures are derived."""
    attachments_dir: Path = Path("attachments")
    attachment_scanner: Literal["none", "clamav"] = "none"
    clamav_address: str = "127.0.0.1:3310"
    """Where clamd listens: `host:port`, or `unix:/path/of/its/socket`."""
    notice_adapter: Literal["file", "smtp"] = "file"
    """How notices leave: appended to `notices.ndjson` below `attachments_dir`, or e-mail by SMTP and short messages by
    the provider at `sms_url`."""
    sms_url: str = ""
    """Where a provider takes short messages over HTTP; without it none leaves."""
    sms_sender: str = ""
    sms_token_file: Path | None = None
    sms_receipts: bool = False
    """Whether the provider can be asked what became of a message."""
    smtp_address: str = "127.0.0.1:25"
    smtp_sender: str = "service@anlan.example"
    smtp_user: str = ""
    smtp_password_file: Path | None = None
    smtp_tls: bool = True
    """Whether the connection is encrypted (STARTTLS)."""
    digest_key_file: Path | None = None
    """Key of the digests that gateway, policy and claims share."""
    health_port: int = 0
    """Port of the worker's health and metrics page; 0 switches it off."""
    health_host: str = "127.0.0.1"

    @field_validator("database_url")
    @classmethod
    def _driver_named(cls, value: str) -> str:
        if not make_url(value).drivername.startswith("postgresql+"):
            raise ValueError("name the driver: postgresql+asyncpg://…")
        return value

    def database(self) -> URL:
        """The database address with its password."""
        url = make_url(self.database_url)
        if self.database_password_file is not None:
            url = url.set(password=self.database_password_file.read_text(encoding="ascii").strip())
        return url

    def keys(self) -> KeySet:
        """The keys that verify internal tokens."""
        import json

        return KeySet.import_key_set(json.loads(self.keys_file.read_text(encoding="ascii")))

    def digest_key(self) -> bytes:
        """The key of the digests by which gateway, policy and claims compare numbers without telling them."""
        if self.digest_key_file is None:
            raise ValueError("digest_key_file is not set")
        return self.digest_key_file.read_bytes().strip()

    def secret(self) -> bytes:
        """The deployable's own secret, at least 24 bytes."""
        value = self.secret_file.read_bytes().strip()
        if len(value) < 24:
            raise ValueError(f"{self.secret_file.name} is shorter than 24 bytes")
        return value


def refuse_test_switches() -> None:
    """In production a process does not start with a movable clock or a crash point."""
    clock.refuse_in_production()
    crashpoints.refuse_in_production()
