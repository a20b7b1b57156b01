"""What the complaints service is told from outside, beyond what every deployable is."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from shared.settings import DeployableSettings


class ComplaintsSettings(DeployableSettings):
    """Environment names begin with `COMPLAINTS_`."""

    model_config = SettingsConfigDict(env_prefix="COMPLAINTS_", extra="ignore")
