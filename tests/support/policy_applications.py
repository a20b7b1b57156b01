"""Applications and what they lead to at the own unit, one record of each kind: for walking the routes."""

from __future__ import annotations

from typing import Any

from tests.support.application_world import LOCAL, SELLER, SERVICE, ApplicationWorld
from tests.support.route_walk import Body
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest


async def made(service: ServiceUnderTest) -> dict[str, str]:
    """A submitted proposal with a file, and the premium that was asked for when another was accepted; by path."""
    world = ApplicationWorld(service)
    one = await (await world.open()).submitted()
    files = {"file": ("a.pdf", pdf())}
    attached = await service.call(SELLER, "POST", f"{one.path}/attachments", files=files)
    assert attached.status_code == 201, attached.text
    letter = await service.post(SERVICE, f"{one.path}/letters", {"kind": "proposal"})
    assert letter.status_code == 201, letter.text
    accepted = await (await world.open()).submitted()
    decided = await accepted.act(LOCAL)
    assert decided.status_code == 201, decided.text
    orders = (await service.get(LOCAL, "/v1/payment-orders")).json()["items"]
    return {
        "/v1/applications/{}": one.body["id"],
        "/v1/applications/{}/attachments/{}": attached.json()["id"],
        "/v1/applications/{}/letters/{}": letter.json()["letter_id"],
        "/v1/payment-orders/{}": orders[0]["id"],
    }


def bodies() -> dict[str, Body]:
    """Members that the schemas cannot tell."""
    return {
        "POST /v1/applications/{record_id}/reveals": {"field": "policyholder.name"},
        "POST /v1/applications/{record_id}/letters": {"kind": "proposal"},
        "POST /v1/payment-orders/{record_id}/reveals": {"field": "payer.name"},
    }


def creations(policy: str, nothing: str) -> dict[str, Any]:
    """Bodies that name what is there, or nothing."""
    return {
        "/v1/applications": lambda known: {"kind": "endorsement", "policy_id": policy if known else nothing},
        "/v1/refund-quotes": lambda known: {"policy_id": policy if known else nothing},
        "/v1/rescissions": lambda known: {
            "policy_id": policy if known else nothing,
            "known_on": "2026-06-01",
            "intent": "intent",
            "influence": True,
            "ground": {"question_code": "Q14", "fact": "two accidents", "affects": "rate"},
        },
    }
