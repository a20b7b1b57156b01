"""What is taken out of crm at the own unit: a table, a customer's copy, a job; and a figure of this month."""

from __future__ import annotations

from services.crm.data_copy.handlers import COPY
from services.crm.figure.handlers import record
from services.crm.figure.rules import Metric
from services.crm.worker import JOBS
from shared.clock import legal_day
from shared.ids import uuid7
from shared.job_runner import Runner
from shared.jobs import queue
from tests.support.crm_world import AGENT, BRANCH, C1, CENTRAL, SUB
from tests.support.route_parts import Part
from tests.support.services import ServiceUnderTest
from tests.support.table_exports import month, table
from tests.support.tokens import actor

HOLDER = actor("account_manager", CENTRAL)
"""The nearest one to the records of the walk who may take a table out."""
COPYING = actor("service_agent", BRANCH)
NONE = "00000000-0000-7000-8000-000000000000"


async def customer_routes(service: ServiceUnderTest) -> Part:
    """A table and a copy, both made; a job of the own unit; a record behind a figure."""
    asked = await service.post(HOLDER, "/v1/exports/crm", table("customers"))
    assert asked.status_code == 202, asked.text
    copy = await service.post(COPYING, f"/v1/customers/{C1}/copies", {"purpose": "walk"})
    assert copy.status_code == 202, copy.text
    async with service.db.transaction(AGENT) as tx:
        job = await queue(tx, COPY, [{"customer_id": str(C1), "purpose": "walk"}], {})
        about = ("application", uuid7(), SUB)
        await record(tx, Metric.DECLINE_RATE, about, on=legal_day(tx.now), part=0)
    await Runner(service.db, JOBS).run_once()
    results = (await service.get(COPYING, f"/v1/jobs/crm/{copy.json()['id']}/results")).json()
    return Part(
        known={
            "/v1/exports/crm/{}": asked.json()["id"], "/v1/jobs/crm/{}": str(job["id"]),
            "/v1/customers/{}/copies/{}": results["data"]["copy_id"],
            "/v1/service-reports/{}": month(), "/v1/service-reports/{}/{}": "xlsx",
            "/v1/service-kpis/{}": "decline_rate",
        },
        creations={
            "/v1/exports/crm": lambda known: table("customers", customer_id=str(C1) if known else NONE),
        },
    )  # fmt: skip
