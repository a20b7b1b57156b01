"""Every column that names a unit is decided: its rows follow when the unit moves, or they keep what was then."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import text

from shared.actor import machine
from shared.database import Database
from shared.migrations import DEPLOYABLES
from tests.support import engines

NAMING = text(r"""
    select c.table_name, c.column_name from information_schema.columns c
    join information_schema.tables t on (t.table_schema, t.table_name) = (c.table_schema, c.table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and c.data_type = 'text' and c.column_name ~ '(^path$|_path$|^path_|unit_code$|_unit$)'
      and c.table_name not in ('directory_units', 'former_units', 'attachments')
    union select 'attachments', 'org_path'""")
PARTS = text("select tgrelid::regclass::text from pg_trigger where tgname = 'follow_parent'")
DECIDED = text("select table_name, column_name, follows from unit_references")
INDEXED = text("""
    select count(*) from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = cast(:table as regclass) and a.attname = :name""")


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_every_column_that_names_a_unit_is_decided(
    database_urls: Mapping[str, str], clean_databases: engines.Clones, deployable: str
) -> None:
    db = Database(deployable, database_urls[deployable], pool=1)
    async with db.transaction(machine(deployable)) as tx:
        naming = {(row.table_name, row.column_name) for row in await tx.execute(NAMING)}
        parts = set(await tx.scalars(PARTS))
        decided = {(row.table_name, row.column_name): row.follows for row in await tx.execute(DECIDED)}
        unindexed = [
            key
            for key, follows in decided.items()
            if follows and not await tx.scalar(INDEXED, {"table": key[0], "name": key[1]})
        ]
    await db.close()
    # the place of a part is that of its record, kept by a trigger
    left = {one for one in naming if not (one[1] == "org_path" and one[0] in parts)}
    assert left - set(decided) == set(), "neither follows() nor keeps() in a migration"
    assert set(decided) - naming == set()
    assert unindexed == [], "whoever follows is found by an index"
    assert {"history", "audit_entries", "outbox"} <= {table for (table, _), follows in decided.items() if not follows}
