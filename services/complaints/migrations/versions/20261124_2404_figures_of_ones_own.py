"""Somebody who must stay out of a complaint may still take it in: its figures are written without reading it."""

from __future__ import annotations

from alembic import op

revision = "20261124_2404"
down_revision = "20261124_2403"


def upgrade() -> None:
    # They begin with the place of the complaint, whose insertion writes them; later they follow it.
    op.execute("drop trigger follow_parent on complaint_figures")
    op.execute("""
        create trigger follow_parent before update of org_path, complaint_id on complaint_figures
          for each row execute function follow_parent('complaints', 'complaint_id')""")
