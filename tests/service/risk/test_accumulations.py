"""How much comes together within a radius or at an address, in scope, each policy once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.risk.accumulation.queries import _statement
from services.risk.exposure.tables import Base
from shared.ids import uuid7
from tests.support.hazard_world import HEAD, today
from tests.support.risk_world import ELSEWHERE, ENGINEER, ISSUED, PATH, event, hear, policy
from tests.support.services import ServiceUnderTest

SITES = Base.metadata.tables["sites"]
LON, LAT = Decimal("118.796877"), Decimal("32.060255")
KM = Decimal("0.009")
"""Degrees of latitude in a kilometre, about."""


async def insured(risk: ServiceUnderTest, limit: str | None = "8000000.00", **changes: Any) -> dict[str, Any]:
    cover = {} if limit is None else {"limit_per_accident": limit, "aggregate_limit": "90000000.00"}
    told = policy(today() - timedelta(days=1), policy_no=f"PLL-{uuid4()}", cover=cover, **changes)
    await hear(risk, event(ISSUED, UUID(told["policy_id"]), told))
    return told


async def site(risk: ServiceUnderTest, told: dict[str, Any] | None, north_km: int | str = 0, **changes: Any) -> str:
    """A site so many kilometres north of the point."""
    async with risk.db.transaction(ENGINEER) as tx:
        row = {
            "id": uuid7(), "version": 1, "org_path": PATH, "created_at": tx.now, "updated_at": tx.now,
            "customer_id": uuid4() if told is None else UUID(told["customer_id"]),
            "policy_id": None if told is None else UUID(told["policy_id"]),
            "policy_no": None if told is None else told["policy_no"], "name": "一厂", "address": "某路1号",
            "address_key": f"某路{uuid4()}", "area_code": "320102", "longitude": LON,
            "latitude": LAT + KM * Decimal(north_km), "insured_count": 10, "industry": "retail",
            "unit_code": "320102", "status": "active",
        } | changes  # fmt: skip
        await tx.execute(SITES.insert().values(**row))
    return str(row["id"])


async def ask(risk: ServiceUnderTest, query: str, who: Any = ENGINEER) -> Any:
    answer = await risk.get(who, f"/v1/accumulations?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_lies_within_the_radius_counts_each_policy_once(risk: ServiceUnderTest) -> None:
    one, two, over = await insured(risk), await insured(risk), await insured(risk, "100000000.00")
    first = await site(risk, one)
    await site(risk, one, "0.5", insured_count=30)
    await site(risk, two, "0.9")
    await site(risk, over, 3)
    await site(risk, over, "0.1", status="ended")
    told = await ask(risk, f"lon={LON}&lat={LAT}")
    [place] = told["items"]
    assert (told["within_km"], told["threshold_exposure"]) == ("1", "20000000.00")
    assert (place["site_count"], place["policy_count"], place["insured_count"]) == (3, 2, 50)
    assert (place["exposure"], place["above_threshold"]) == ("16000000.00", False)
    assert [one["distance_km"][:3] for one in place["sites"]] == ["0.0", "0.5", "0.9"]
    wider = (await ask(risk, f"site_id={first}&within_km=5"))["items"][0]
    assert (wider["site_count"], wider["exposure"], wider["above_threshold"]) == (4, "106000000.00", True)
    nothing = (await ask(risk, "lon=100&lat=30"))["items"][0]
    assert (nothing["site_count"], nothing["exposure"], nothing["above_threshold"]) == (0, "0.00", False)


async def test_the_greatest_accumulations_of_a_unit_stand_first_and_once(risk: ServiceUnderTest) -> None:
    small, great = await insured(risk), [await insured(risk, "9000000.00") for _ in range(3)]
    lonely = await site(risk, small, 40)
    for n, one in enumerate(great):
        await site(risk, one, f"0.{n + 1}")
    items = (await ask(risk, "limit=5"))["items"]
    assert [(one["site_count"], one["exposure"], one["above_threshold"]) for one in items] == [
        (3, "27000000.00", True),
        (1, "8000000.00", False),
    ]
    assert items[1]["site_id"] == lonely
    assert len((await ask(risk, "unit_code=320102", HEAD))["items"]) == 2
    assert (await ask(risk, "", ELSEWHERE))["items"] == []


async def test_sites_of_one_address_come_together(risk: ServiceUnderTest) -> None:
    one, two = await insured(risk), await insured(risk, None)
    for told in (one, two):
        await site(risk, told, longitude=None, latitude=None, address_key="某某路8号", insured_count=120)
    await site(risk, one, address_key="某某路9号")
    [place] = (await ask(risk, "address=某某路 8号"))["items"]
    assert (place["site_count"], place["insured_count"], place["unlimited"]) == (2, 240, True)
    items = (await ask(risk, "basis=address"))["items"]
    assert [(item["site_count"], item["above_threshold"]) for item in items] == [(2, True), (1, False)]


async def test_cover_that_has_ended_is_no_exposure(risk: ServiceUnderTest) -> None:
    begins = today() - timedelta(days=400)
    old = policy(begins, cover={"limit_per_accident": "8000000.00"})
    await hear(risk, event(ISSUED, UUID(old["policy_id"]), old))
    await site(risk, old)
    [place] = (await ask(risk, f"lon={LON}&lat={LAT}"))["items"]
    assert (place["site_count"], place["policy_count"], place["exposure"]) == (1, 0, "0.00")


async def test_wrong_places_and_radii_are_refused(risk: ServiceUnderTest) -> None:
    bare = await site(risk, None, longitude=None, latitude=None)
    for query, code in (
        ("within_km=51", "radius_invalid"), ("within_km=0", "radius_invalid"), ("lon=118.7", "position_invalid"),
        ("lon=118&lat=91", "position_invalid"), (f"site_id={bare}", "position_missing"),
    ):  # fmt: skip
        answer = await risk.get(ENGINEER, f"/v1/accumulations?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code), query
    for query in (f"site_id={uuid4()}", "unit_code=3202", "unit_code=nowhere"):
        assert (await risk.get(ENGINEER, f"/v1/accumulations?{query}")).status_code == 404, query
    assert (await risk.get(ELSEWHERE, f"/v1/accumulations?site_id={bare}")).status_code == 404


async def test_neighbours_are_found_by_the_index(risk: ServiceUnderTest) -> None:
    async with risk.db.transaction(ENGINEER) as tx:
        await tx.execute(text("set local enable_seqscan = off"))
        given = {"path": "00", "now": tx.now, "most": 1, "km": 1.0, "reach": 0.01}
        plan = await tx.execute(text("explain " + _statement("radius")), given)
        assert any("sites_near" in line for (line,) in plan)
