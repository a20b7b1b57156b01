"""How often a request goes to the database: each thing is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.support.claim_life import ADJUSTER, AGENT, ClaimLife, report


@contextmanager
def statements(life: ClaimLife) -> Iterator[list[str]]:
    """Every statement that the service sends in the block."""
    found: list[str] = []
    engine = life.service.db.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def twice(found: list[str]) -> list[str]:
    """Reads that were sent more than once, beside the change of scope."""
    reads = Counter(one for one in found if one.startswith("SELECT") and "set_config" not in one)
    return [one for one, times in reads.items() if times > 1]


async def test_a_claim_is_read_with_each_thing_once(life: ClaimLife) -> None:
    await life.policy()
    claim_id = await life.registered()
    await life.read(claim_id)
    with statements(life) as found:
        await life.read(claim_id)
    assert len(found) <= 17, "\n".join(one[:150] for one in found)
    assert twice(found) == []


async def test_a_report_is_written_with_each_thing_asked_once(life: ClaimLife) -> None:
    await life.policy()
    await life.reported(place="甲")
    with statements(life) as found:
        answer = await life.service.post(AGENT, "/v1/claims", report(place="乙", loss_at="2026-03-01T10:00:00+08:00"))
    assert answer.status_code == 201, answer.text
    assert len(found) <= 29, "\n".join(one[:150] for one in found)
    assert twice(found) == []
    assert ADJUSTER.position == "adjuster"
