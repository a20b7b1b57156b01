"""Delegations as tests grant them and act under them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from shared.clock import legal_day, process_now
from tests.support.gateway import GatewayUnderTest, SignedIn

DECIDE, OPEN_CLAIMS = "claims.approval.decide", "claims.claim.read"


def days(first: int = 0, after: int = 7) -> dict[str, str]:
    """From so many days after today until so many days after today."""
    today = legal_day(process_now())
    return {"from": str(today + timedelta(days=first)), "to": str(today + timedelta(days=after))}


def granting(delegate: SignedIn, **changes: Any) -> dict[str, Any]:
    body = {"to_person_id": delegate.id, "permissions": [DECIDE, OPEN_CLAIMS], "limit": "20000.00", "reason": "休假"}
    return {name: value for name, value in (body | days() | changes).items() if value is not None}


async def grant(gateway: GatewayUnderTest, delegator: SignedIn, delegate: SignedIn, **changes: Any) -> httpx.Response:
    return await gateway.post(delegator, "/v1/delegations", granting(delegate, **changes))


async def granted(gateway: GatewayUnderTest, delegator: SignedIn, delegate: SignedIn, **changes: Any) -> dict[str, Any]:
    answer = await grant(gateway, delegator, delegate, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def switch(gateway: GatewayUnderTest, who: SignedIn, **to: str) -> httpx.Response:
    return await gateway.post(who, "/v1/session/appointment", to)


async def acting(gateway: GatewayUnderTest, who: SignedIn, delegation_id: str) -> SignedIn:
    """The delegate with a token under the delegation."""
    answer = await switch(gateway, who, delegation_id=delegation_id)
    assert answer.status_code == 200, answer.text
    return SignedIn(who.login, answer.json()["access_token"], who.refresh_token, who.told)


async def revoke(gateway: GatewayUnderTest, who: SignedIn, delegation: dict[str, Any]) -> httpx.Response:
    path = f"/v1/delegations/{delegation['id']}"
    return await gateway.call(who, "DELETE", path, version=delegation["version"])
