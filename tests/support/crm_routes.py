"""One record of every type of crm at the own unit, for walking its routes; each subject adds its part."""

from __future__ import annotations

from services.crm.customer.rules import uscc_check
from tests.support import crm_world
from tests.support.customer_routes import customer_routes
from tests.support.enquiry_routes import enquiry_routes, key_account_routes
from tests.support.route_parts import Part
from tests.support.route_walk import RouteWorld
from tests.support.services import ServiceUnderTest
from tests.support.survey_routes import said_routes, survey_routes

PARTS = (customer_routes, enquiry_routes, key_account_routes, said_routes, survey_routes)


async def crm_world_of_routes(service: ServiceUnderTest) -> RouteWorld:
    """A customer with a past, a visit, what the visit found, and whatever the parts add."""
    world = crm_world.CrmWorld(service)
    answer = await world.put(**crm_world.body(id_no=_code("913201000000000AB")))
    assert answer.status_code == 200, answer.text
    whole = await _visits(world)
    for part in PARTS:
        whole |= await part(service)
    return RouteWorld(
        service, known=whole.known, better=whole.better, bodies=whole.bodies, creations=whole.creations,
        searches={"/v1/customers/searches": {"id_no": _code("913201000000000AB"), "include_total": True}},
        summaries=whole.summaries,
    )  # fmt: skip


async def _visits(world: crm_world.CrmWorld) -> Part:
    visit = await world.visit()
    bad = crm_world.GOOD["claim_settlement"] | {"favours_demanded": "yes"}
    done = await world.complete(visit["id"], answers=bad)
    assert done.status_code == 201, done.text
    return Part(
        known={
            "/v1/customers/{}": str(crm_world.C1), "/v1/return-visits/{}": visit["id"],
            "/v1/findings/{}": done.json()["findings"][0]["id"],
        },
        bodies={
            "PATCH /v1/customers/{customer_id}": {"note": "x"},
            "POST /v1/customers/{record_id}/reveals": {"field": "name"},
            "POST /v1/return-visits/{record_id}/reveals": {"field": "customer.phone"},
        },
        creations={
            "/v1/customers": lambda known: {
                "kind": "organisation", "name": "岚海商贸有限公司", "id_type": "uscc", "unit_code": None,
                "id_no": _code("913201000000000AB" if known else "913201000000000AC"),
            },
        },
    )  # fmt: skip


def _code(body: str) -> str:
    """A unified social credit code with its check sign."""
    return body + uscc_check(body)
