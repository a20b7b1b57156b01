"""What the crm service is told from outside, beyond what every deployable is."""

from __future__ import annotations

import hashlib
import hmac

from pydantic_settings import SettingsConfigDict

from shared.settings import DeployableSettings


class CrmSettings(DeployableSettings):
    """Environment names begin with `CRM_`."""

    model_config = SettingsConfigDict(env_prefix="CRM_", extra="ignore")

    survey_page_url: str = "http://127.0.0.1:8000/survey"
    """Where customers open the page of a survey, at the gateway; the link of each is put behind it."""

    def blind_key(self) -> bytes:
        """The key of the digests by which crm finds a customer's number again; nobody else has it."""
        return hmac.digest(self.secret(), b"customer numbers", hashlib.sha256)
