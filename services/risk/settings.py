"""What the risk service is told from outside, beyond what every deployable is."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from shared.settings import DeployableSettings


class RiskSettings(DeployableSettings):
    """Environment names begin with `RISK_`."""

    model_config = SettingsConfigDict(env_prefix="RISK_", extra="ignore")
