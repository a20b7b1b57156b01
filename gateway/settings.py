"""What the gateway is told from outside, beyond what every deployable is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from gateway.identity.issuer import Algorithm, is_safe
from gateway.identity.rules import PasswordPolicy
from shared.settings import DeployableSettings


class GatewaySettings(DeployableSettings):
    """Environment names begin with `GATEWAY_`. `keys_file` holds the public key set, `signing_key_file` one private key
    of it.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    signing_key_file: Path
    """Private Ed25519 key (JWK with `kid`) that signs access tokens and internal tokens."""
    service_urls: dict[str, str | list[str]] = Field(default_factory=dict)
    """Service → base address, or a list of them, as JSON: `{"claims": "http://claims:8000", …}`. A name that stands for
    several addresses is several replicas too.
    """
    public_url: str = "http://127.0.0.1:8000"
    """The address that clients know; a machine's assertion is made out to `{public_url}/v1/token`."""
    allowed_hosts: list[str] = Field(default_factory=lambda: ["*"])
    """Values of `Host` that are served."""
    trusted_proxies: list[str] = Field(default_factory=list)
    """Peers (addresses or networks) whose last `X-Forwarded-For` hop names the caller; else the peer is the caller."""
    docs: bool = False
    """Whether the documentation pages are served."""
    lock_out_failures: int = Field(default=5, ge=1)
    lock_out_minutes: int = Field(default=15, ge=1)
    password_min_length: int = Field(default=10, ge=8)
    password_classes: int = Field(default=3, ge=1, le=4)
    """How many of lower case, upper case, digits and other signs a password needs; 1 switches the rule off."""
    password_max_days: int = Field(default=90, ge=0)
    """After so many days a sign-in may only set a new password; 0 switches the rule off."""
    password_history: int = Field(default=5, ge=0, le=50)
    """So many former passwords may not be set again; 0 remembers none."""
    oidc_issuer: str = ""
    """The address of an OpenID Connect issuer that vouches for people in place of passwords; empty: there is none."""
    oidc_client: str = ""
    """The id under which the issuer knows this installation."""
    oidc_audience: str = ""
    """The `aud` of its id tokens; empty: the client id."""
    oidc_staff_claim: str = "staff_no"
    """The claim that holds the staff number."""
    oidc_algorithms: list[Algorithm] = Field(default_factory=lambda: ["RS256", "PS256", "ES256", "Ed25519"])
    """Signatures that are accepted, whatever a token or a key says."""
    oidc_keys_s: float = Field(default=3600, ge=1)
    """How long the issuer's keys are remembered."""
    oidc_interval_s: float = Field(default=10, ge=0.1)
    """The issuer is asked for keys once in this time at most, by each process."""
    emergency_logins: list[str] = Field(default_factory=list)
    """Built-in accounts that keep their password beside an issuer, for the day on which it does not answer."""
    caller_cache_s: float = Field(default=5.0, ge=0)
    """How long who a caller is may be remembered without asking the database again."""

    rate_read: int = Field(default=600, ge=1)
    """Reads a minute for each person, in each process of the gateway; the next four are counted alike."""
    rate_write: int = Field(default=300, ge=1)
    """Writes a minute for each person."""
    rate_machine: int = Field(default=6000, ge=1)
    """Requests a minute for each machine, reads and writes apart."""
    rate_sign_in: int = Field(default=60, ge=1)
    """Sign-ins a minute from one network address."""
    rate_source: int = Field(default=300, ge=1)
    """Other requests a minute from one network address that nobody has signed."""
    upstream_places: int = Field(default=200, ge=1)
    """Requests to one service at a time; the next ones wait for a moment, then are sent away."""
    streams_per_person: int = Field(default=5, ge=1)
    """Open streams of events of one person, in each process of the gateway."""
    streams_per_process: int = Field(default=1000, ge=1)
    """Open streams of events in each process of the gateway."""
    feed_keep_days: int = Field(default=90, ge=1)
    """Events older than this leave the feed and can no longer be read or pushed from it."""
    webhook_http: bool = False
    """Whether webhooks may go to plain http addresses."""
    webhook_networks: list[str] = Field(default_factory=list)
    """Networks that are not public and may be the target of webhooks all the same, such as `10.20.0.0/16`."""
    webhook_keep_days: int = Field(default=90, ge=1)
    """How long ended deliveries are kept for their log."""
    metrics_port: int = 0
    """Port of `/metrics` of the API process, on `health_host`; 0 switches it off. Never the published port."""

    def password_policy(self) -> PasswordPolicy:
        """The rules for new passwords."""
        return PasswordPolicy(
            self.password_min_length, self.password_classes, self.password_max_days, self.password_history
        )

    @model_validator(mode="after")
    def _whole_issuer(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client and is_safe(self.oidc_issuer)):
            raise ValueError("an issuer needs oidc_client, and https unless it runs on this machine")
        return self

    def lock_out(self) -> timedelta:
        """How long failures count, and how long the lock holds."""
        return timedelta(minutes=self.lock_out_minutes)
