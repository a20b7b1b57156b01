"""What time brings to a survey: a surveyor who does not answer is replaced, a survey that is late climbs one level."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.claims.claim.tables import Claim
from services.claims.survey import queries
from shared import directory
from shared.database import Transaction
from shared.errors import Text
from shared.ticks import Tick, one_by_one
from shared.work_items import open_item


async def not_accepted(tx: Transaction, claim_id: UUID) -> None:
    """Ask the unit, once for each dispatch, to send another one."""
    claim = await tx.find(Claim, claim_id, lock=True)
    if claim.survey_accept_due_at is None or claim.survey_accept_due_at > tx.now:
        return
    due_at, claim.survey_accept_due_at = claim.survey_accept_due_at, None
    await open_item(
        tx, "survey_not_accepted", claim, Text("查勘员未按时接单", "The surveyor has not accepted in time"),
        number=claim.claim_no, unit_code=claim.unit_code, position="service_agent", due_at=due_at,
        basis="accept_within", href=_again(claim), priority="high",
    )  # fmt: skip
    tx.note("survey_not_accepted", claim, after={"surveyor": claim.surveyor_person_id, "due_at": due_at.isoformat()})


async def late(tx: Transaction, claim_id: UUID) -> None:
    """Tell the head of the unit above, once for each dispatch."""
    claim = await tx.find(Claim, claim_id, lock=True)
    due_at = claim.survey_due_at
    if due_at is None or due_at > tx.now or claim.survey_overdue_at is not None:
        return
    claim.survey_overdue_at = tx.now
    above = (await directory.units_on_path(tx, claim.org_path.rpartition(".")[0] or "00"))[:1]
    unit_code = above[0].code if above else "00"
    await open_item(
        tx, "survey_overdue", claim, Text("查勘超时", "The survey is overdue"), number=claim.claim_no,
        unit_code=unit_code, position="department_head", due_at=due_at, basis="survey_within",
        href=_again(claim), priority="high",
    )  # fmt: skip
    after = {"surveyor": claim.surveyor_person_id, "due_at": due_at.isoformat(), "escalated_to": unit_code}
    tx.note("survey_overdue", claim, after=after)


def _again(claim: Claim) -> str:
    """Where another surveyor is sent."""
    return f"/v1/claims/{claim.id}/{'resurveys' if claim.resurvey_open else 'dispatches'}"


TICKS = (
    Tick("survey_acceptance", timedelta(minutes=1), one_by_one(queries.unaccepted, not_accepted)),
    Tick("survey_overdue", timedelta(minutes=1), one_by_one(queries.overdue, late)),
)
