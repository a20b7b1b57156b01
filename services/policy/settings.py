"""What the policy service is told from outside, beyond what every deployable is."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from shared.settings import DeployableSettings


class PolicySettings(DeployableSettings):
    """Environment names begin with `POLICY_`."""

    model_config = SettingsConfigDict(env_prefix="POLICY_", extra="ignore")
