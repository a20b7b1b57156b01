"""Sites that changed are found without reading all, and so are those near a place.

Row scope lets an index answer only what can betray nothing of hidden rows; comparing binary fractions can not, comparing
decimal ones might. So the degrees stand beside the position once more.
"""

from __future__ import annotations

from alembic import op

revision = "20261125_0451"
down_revision = "20261125_0400"


def upgrade() -> None:
    op.execute("""
        alter table sites
          add column degrees_north double precision generated always as (latitude) stored,
          add column degrees_east double precision generated always as (longitude) stored""")
    op.execute("create index sites_near on sites (degrees_north, degrees_east) where status = 'active'")
    op.execute("create index sites_changed on sites (updated_at)")
