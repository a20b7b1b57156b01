"""Signing in as a machine: a short assertion, signed with the core system's own key, against a bearer token.

Two public keys can be registered at once; to change a key, register the new one, sign with it, remove the old one.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

_RENEW_BEFORE_S = 60


@dataclass
class MachineSignIn:
    """Gives a token that still lives.

    `client_id`: the machine's staff number; `gateway_url`: the gateway's address as its clients know it.
    """

    http: httpx.AsyncClient
    gateway_url: str
    client_id: str
    key: OKPKey
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    async def __call__(self) -> str:
        """The token; raises `httpx.HTTPStatusError` where the gateway does not know the machine or its key."""
        if time.monotonic() > self._until:
            answer = await self.http.post("/v1/token", data=self._form())
            answer.raise_for_status()
            told = answer.json()
            self._token = told["access_token"]
            self._until = time.monotonic() + max(0, int(told.get("expires_in", 300)) - _RENEW_BEFORE_S)
        return self._token

    def _form(self) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": f"{self.gateway_url}/v1/token", "iat": now,
            "exp": now + 60, "jti": str(uuid.uuid4()),
        }  # fmt: skip
        header = {"alg": "Ed25519", "kid": self.key.kid or ""}
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(header, claims, self.key, algorithms=["Ed25519"]),
        }
