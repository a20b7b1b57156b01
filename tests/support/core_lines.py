"""What the core sends beyond single versions: lines of lists and comparisons, and the worker that carries them out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from embedded.demonstration.policies import policies
from services.policy.policy.tables import Base, InsuredPerson
from services.policy.worker import TICKS, jobs
from shared.ids import uuid7
from shared.job_runner import Runner
from shared.ticks import run_once
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, token

CORE = actor("core_system", "00")
NUMBER = "PPA2026-32-000001"
TODAY = date(2026, 11, 24)
TABLES = Base.metadata.tables
ITEMS = Base.metadata.tables["reconciliation_items"]
PEOPLE = InsuredPerson.__table__


def group(**changes: Any) -> dict[str, Any]:
    """A version of a group policy as the core sends it."""
    body = next(one for one in policies(5, 32, TODAY) if one["policy_no"] == NUMBER)
    return {name: value for name, value in body.items() if name != "policy_no"} | changes


async def stored(policy: ServiceUnderTest, **changes: Any) -> dict[str, Any]:
    body = group(**changes)
    answer = await policy.call(CORE, "PUT", f"/v1/core/policies/{NUMBER}", body)
    assert answer.status_code == 200, answer.text
    return body


def person(n: int, **changes: Any) -> dict[str, Any]:
    """Somebody on an insured list."""
    return {
        "ref": f"R-{n:05d}", "name": "欧阳岚", "id_type": "resident_id", "id_no": f"11010519491231{n:04d}",
        "occupation_class": 3, "from": "2026-02-01", "to": "2027-02-01", "sum_insured": "300000.00",
    } | changes  # fmt: skip


async def send(policy: ServiceUnderTest, path: str, lines: list[dict[str, Any]]) -> Any:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": f'"{uuid7()}"'}
    headers["Authorization"] = f"Bearer {token(CORE, 'policy')}"
    body = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines)
    return await policy.client.post(path, content=body.encode(), headers=headers)


async def work(policy: ServiceUnderTest) -> None:
    """What the worker does: jobs, then whatever is due."""
    await Runner(policy.db, jobs(b"d" * 32)).run_once()
    for tick in TICKS:
        await run_once(policy.db, tick)


async def results(policy: ServiceUnderTest, answer: Any) -> list[dict[str, Any]]:
    told = await policy.get(CORE, f"/v1/jobs/policy/{answer.json()['id']}/results")
    return [json.loads(line) for line in told.text.splitlines()]


def codes(line: dict[str, Any]) -> set[str]:
    """The codes of the faults of a line's result."""
    return {one["code"] for one in line["problem"]["errors"]}
