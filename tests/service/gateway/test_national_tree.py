"""The tree of the whole nation: in with one import, listed, filtered and paged by indexes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text

from embedded.demonstration.network import province_codes, teams, units
from embedded.demonstration.people import people
from gateway.organisation import queries
from gateway.organisation.tables import UnitArea, UnitPlace
from gateway.seed import seed_network
from shared.actor import machine
from shared.pagination import read_query
from tests.support import engines
from tests.support.gateway import HASH, GatewayUnderTest, SignedIn, running
from tests.support.unit_changes import Tree, on

LITERAL = {"literal_binds": True}
LISTS = (
    "", "level=branch", "level=sub_branch", "parent_code=3201", "area_code=320102", "q=3201", "q=江苏", "code=320102",
    "unit_code=32", "on=2026-01-01", "on=2026-01-01&area_code=320102", "on=2026-01-01&parent_code=3201",
)  # fmt: skip


@pytest.fixture
async def nation(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[GatewayUnderTest]:
    async with running(database_urls["gateway"], tmp_path, filled=False) as gateway:
        yield gateway


async def _filled(nation: GatewayUnderTest) -> tuple[SignedIn, int]:
    codes = province_codes()
    tree = units(codes)
    staff = [one for one in people() if one["appointments"][0]["unit_code"] in ("00", "32", "3201", "320102")]
    found = await seed_network(nation.db, tree, teams(codes), staff, HASH)
    assert found["units"] == len(tree) > 3_300
    return await nation.enter("security_admin", "00"), len(tree)


async def test_the_whole_nation_is_loaded_listed_and_paged(nation: GatewayUnderTest) -> None:
    admin, many = await _filled(nation)
    seen: list[str] = []
    cursor, began = "", time.monotonic()
    while True:
        answer = (await nation.get(admin, f"/v1/units?limit=200&include_total=true{cursor}")).json()
        assert (answer["total"], answer["total_exact"]) == (many, True)
        seen += [one["path"] for one in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == many
    assert time.monotonic() - began < 20
    for query in LISTS:
        began = time.monotonic()
        listed = await nation.get(admin, f"/v1/units?{query}")
        assert listed.status_code == 200, listed.text
        assert listed.json()["items"], query
        assert time.monotonic() - began < 1.0, query
    assert len(await nation.rows(UnitPlace.__table__)) == many
    assert len(await nation.rows(UnitArea.__table__)) > 3_000


async def test_each_way_to_list_the_nation_is_served_by_an_index(
    nation: GatewayUnderTest, clean_databases: engines.Clones
) -> None:
    await _filled(nation)
    analysing = await asyncpg.connect(clean_databases.superuser_dsn("gateway"))
    await analysing.execute("analyze")
    await analysing.close()
    day = date(2026, 1, 1)
    async with nation.db.transaction(machine("gateway")) as tx:
        for query in LISTS:
            listing = queries.units_on(day) if "on=" in query else queries.units_now(day)
            pairs = [tuple(one.split("=")) for one in query.split("&") if one]
            asked = read_query(listing, pairs, {"32": "00.32"}.get)
            statement = select(listing.model).where(*asked.condition)
            for _, column, _down in asked.keys:
                statement = statement.order_by(column)
            bound = str(statement.limit(51).compile(dialect=nation.db.engine.dialect, compile_kwargs=LITERAL))
            plan = "\n".join(await tx.scalars(text("explain " + bound.replace(":", "\\:"))))
            assert "Seq Scan on unit" not in plan, f"{query}\n{bound}\n{plan}"


async def test_a_whole_central_branch_moves_quickly_in_the_tree_of_the_nation(nation: GatewayUnderTest) -> None:
    admin, _ = await _filled(nation)
    tree, began = Tree(nation, admin), time.monotonic()
    answer = await tree.change("3201", "moves", parent_code="33", effective_on=on(0))
    assert answer.status_code == 201, answer.text
    assert time.monotonic() - began < 5
    assert (await tree.row("320102"))["org_path"] == "00.33.3201.320102"


async def test_units_imported_later_stand_below_their_parent_where_it_lies_now(nation: GatewayUnderTest) -> None:
    known = [one for one in units() if one["code"] != "320102"]
    staff = [one for one in people() if one["appointments"][0]["unit_code"] == "00"]
    await seed_network(nation.db, [*known, *units(("33",))[1:2]], [], staff, HASH)
    tree = Tree(nation, await nation.enter("security_admin", "00"))
    assert (await tree.change("3201", "moves", parent_code="33")).status_code == 201
    assert (await seed_network(nation.db, units(), [], [], None))["units"] == 1
    assert (await tree.row("320102"))["org_path"] == "00.33.3201.320102"
