"""What the claims service is told from outside, beyond what every deployable is."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from shared.settings import DeployableSettings


class ClaimsSettings(DeployableSettings):
    """Environment names begin with `CLAIMS_`."""

    model_config = SettingsConfigDict(env_prefix="CLAIMS_", extra="ignore")
