"""The technical tables that every deployable's database holds alike, as SQLAlchemy metadata.

Each module of `shared/` declares its own tables here; the DDL stands in `shared/migrations.py`.
"""

from __future__ import annotations

from sqlalchemy import MetaData

kernel = MetaData()
