"""The base line: one FastAPI endpoint that reads one row and one that inserts one, with SQLAlchemy over asyncpg.

As one writes it in an afternoon, without anything that the product adds: no caller, no scope, no key, no event, no
audit, no log. Same server, same flags, same pool, same PostgreSQL; the row has the claim's columns and the answer its
members. `uvicorn tests.benchmarks.bare:create_app --factory`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime, Numeric, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE = "bare"
URL_VARIABLE = "BARE_DATABASE_URL"


class Base(DeclarativeBase):
    """The one table of the base line."""

    type_annotation_map = {
        str: Text,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(18, 2),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Report(Base):
    """As many columns as a claim has members when it is read."""

    __tablename__ = "reports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version: Mapped[int] = mapped_column(default=1)
    org_path: Mapped[str] = mapped_column(default="00.32.3201.320102")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claim_no: Mapped[str] = mapped_column(default="C2026-32-000001")
    status: Mapped[str] = mapped_column(default="reported")
    line: Mapped[str] = mapped_column(default="liability")
    unit_code: Mapped[str] = mapped_column(default="320102")
    channel: Mapped[str]
    policy_no: Mapped[str | None]
    policy_id: Mapped[UUID] = mapped_column(default=uuid4)
    customer_id: Mapped[UUID] = mapped_column(default=uuid4)
    accident_id: Mapped[UUID] = mapped_column(default=uuid4)
    loss_at: Mapped[datetime]
    place: Mapped[str | None]
    area_code: Mapped[str | None]
    description: Mapped[str | None]
    injured_count: Mapped[int]
    death_count: Mapped[int]
    estimated_amount: Mapped[Decimal | None]
    reporter: Mapped[dict[str, Any]]
    injured: Mapped[list[dict[str, Any]]]


class ReportIn(BaseModel):
    """The body of a claim report."""

    channel: str
    reporter: dict[str, str]
    policy_no: str | None = None
    loss_at: datetime
    place: str | None = None
    area_code: str | None = None
    description: str | None = None
    injured: list[dict[str, Any]] = []
    injured_count: int = 0
    death_count: int = 0
    estimated_amount: Decimal | None = None


class ReportOut(ReportIn):
    """The row as it is answered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    org_path: str
    created_at: datetime
    claim_no: str
    status: str
    line: str
    unit_code: str
    policy_id: UUID
    customer_id: UUID
    accident_id: UUID


async def prepare(engine: AsyncEngine) -> None:
    """Make the table."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


def create_app() -> FastAPI:
    """The application; the database address comes from `BARE_DATABASE_URL`."""
    engine = create_async_engine(os.environ[URL_VARIABLE], pool_size=10, max_overflow=0)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/claims/{report_id}")
    async def read(report_id: UUID) -> ReportOut:
        async with AsyncSession(engine) as session:
            row = await session.scalar(select(Report).where(Report.id == report_id))
            if row is None:
                raise HTTPException(404)
            return ReportOut.model_validate(row)

    @app.post("/v1/claims", status_code=201)
    async def report(command: ReportIn) -> ReportOut:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            row = Report(**command.model_dump())
            session.add(row)
            await session.commit()
            return ReportOut.model_validate(row)

    return app
