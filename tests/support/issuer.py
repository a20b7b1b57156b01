"""A small OpenID Connect issuer on a port of its own: discovery, keys that rotate, id tokens, and a switch to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.clock import process_now
from shared.ids import uuid7
from tests.support.gateway import GatewayUnderTest

CLIENT = "anlan-gateway"


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": kid, "use": "sig", "alg": "RS256"})


def curve(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": kid, "use": "sig"})


@dataclass
class TestIssuer:
    """`keys` are published; `asked` counts requests by path; `down` answers 500 to everything."""

    __test__ = False

    keys: list[Any] = field(default_factory=list)
    more_keys: list[dict[str, Any]] = field(default_factory=list)
    """JWKs published beside, as they are."""
    asked: Counter[str] = field(default_factory=Counter)
    down: bool = False
    named: str | None = None
    """What the discovery document calls the issuer, where it lies."""
    keys_uri: str | None = None
    filler: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def discovery(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        told = {"issuer": self.named or self.url, "jwks_uri": self.keys_uri or f"{self.url}/keys", "x": self.filler}
        return web.Response(status=500) if self.down else web.json_response(told)

    async def key_set(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        told = [one.as_dict(private=False) for one in self.keys] + self.more_keys
        return web.Response(status=500) if self.down else web.json_response({"keys": told})

    def id_token(
        self,
        staff_no: Any,
        /,
        *,
        key: Any = None,
        alg: str = "RS256",
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """An id token for a person; `changes` replace claims, None leaves one out."""
        chosen, now = key or self.keys[0], int(process_now().timestamp())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": f"user-{staff_no}", "staff_no": staff_no, "iat": now,
            "exp": now + 300, "auth_time": now, "jti": str(uuid7()),
        }  # fmt: skip
        said = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode({"alg": alg, "kid": chosen.kid} | (header or {}), said, chosen, algorithms=[alg])


@asynccontextmanager
async def issuing(*keys: Any) -> AsyncIterator[TestIssuer]:
    """The issuer, listening, with these keys."""
    issuer = TestIssuer(list(keys))
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer.discovery)
    app.router.add_get("/keys", issuer.key_set)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        yield issuer
    finally:
        await runner.cleanup()


def ed25519(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", parameters={"kid": kid, "use": "sig"})


FIRST = rsa("first")
EMERGENCY = "s0001"
"""The login that keeps its password beside the issuer."""


async def exchange(gateway: GatewayUnderTest, id_token: str, **more: Any) -> httpx.Response:
    """Sign in with an id token."""
    return await gateway.client.post("/v1/session", json={"id_token": id_token} | more)
