"""Nobody raises his own limit for an afternoon: not through a second position, not through a delegation."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.authority.tables import AuthorityTableRow
from shared.clock import legal_day, process_now
from shared.kernel import kernel
from tests.support import engines
from tests.support.delegating import grant, switch
from tests.support.gateway import GatewayUnderTest, SignedIn, running

ENTRIES, OUTBOX = kernel.tables["audit_entries"], kernel.tables["outbox"]


@pytest.fixture
async def gateway(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[GatewayUnderTest]:
    async with running(database_urls["gateway"], tmp_path) as found:
        yield found


async def _proposal(gateway: GatewayUnderTest, days: int) -> dict[str, Any]:
    seeded = (await gateway.rows(AuthorityTableRow.__table__))[0]
    day = legal_day(process_now()) + timedelta(days=days)
    return {"version": "2027-1", "effective_from": str(day), "entries": copy.deepcopy(seeded["entries"])}


async def _left(gateway: GatewayUnderTest) -> tuple[Any, ...]:
    tables = await gateway.rows(AuthorityTableRow.__table__)
    told = await gateway.rows(OUTBOX, OUTBOX.c.subject == "organisation.authority_table.published.v1")
    refused = await gateway.rows(ENTRIES, ENTRIES.c.outcome == "refused")
    return [(one["id"], one["version"], one["published"]) for one in tables], len(told), len(refused)


@pytest.mark.abuse("B07")
async def test_a_second_position_at_the_head_office_is_no_second_person(gateway: GatewayUnderTest) -> None:
    admin, who = await gateway.enter("security_admin", "00"), await gateway.enter("rules_manager", "32")
    version = (await gateway.get(admin, f"/v1/people/{who.id}")).json()["version"]
    body = {"position": "rules_manager", "unit_code": "00", "from": str(legal_day(process_now()))}
    given = await gateway.post(admin, f"/v1/people/{who.id}/appointments", body, version=version)
    assert given.status_code == 201, given.text
    fresh = await gateway.enter_as(who.login)
    proposed = await gateway.post(fresh, "/v1/authority-tables", await _proposal(gateway, 1))
    assert proposed.status_code == 201, proposed.text
    tables, told, refused = await _left(gateway)
    other = await switch(gateway, fresh, appointment_id=given.json()["id"])
    above = SignedIn(who.login, other.json()["access_token"], "", {})
    path = f"/v1/authority-tables/{proposed.json()['id']}/publications"
    answer = await gateway.post(above, path, {}, version=1)
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties")
    assert await _left(gateway) == (tables, told, refused + 1)


@pytest.mark.abuse("B07")
async def test_a_change_begins_on_a_later_day_only(gateway: GatewayUnderTest) -> None:
    who, before = await gateway.enter("rules_manager", "00"), await _left(gateway)
    answer = await gateway.post(who, "/v1/authority-tables", await _proposal(gateway, 0))
    assert answer.status_code == 422, answer.text
    assert await _left(gateway) == before


@pytest.mark.abuse("B07")
async def test_the_power_over_limits_is_not_delegated(gateway: GatewayUnderTest) -> None:
    holder, delegate = await gateway.enter("rules_manager", "32"), await gateway.enter("rules_manager", "32", 1)
    _, _, refused = await _left(gateway)
    answer = await grant(gateway, holder, delegate, permissions=["organisation.authority.publish"], limit=None)
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")
    head = await gateway.enter("department_head", "32")
    answer = await grant(gateway, head, delegate, permissions=["organisation.authority.publish"], limit=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "permission_not_delegable")
    assert (await _left(gateway))[2] == refused + 1
