"""How chains and acts are shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.policy.application.shapes import state
from services.policy.application.tables import Application
from services.policy.underwriting import rules, schemas
from services.policy.underwriting.tables import UnderwritingStep
from shared.approval_chain import Standing


def act(row: UnderwritingStep) -> schemas.ActOut:
    """One act; persons by staff number."""
    return schemas.ActOut(
        id=row.id, created_at=row.created_at, round=row.round, step=row.step, kind=row.kind, outcome=row.answer,
        position=row.position, unit_code=row.unit_code, level=row.level,
        person={"person_id": str(row.person_id), "staff_no": row.staff_no}, on_behalf_of=row.on_behalf_of,
        amount=row.amount, reason_code=row.reason_code, reason=row.reason, terms=row.terms,
    )  # fmt: skip


def taken(row: UnderwritingStep, application: Application, following: Standing, *, final: bool) -> schemas.StepOut:
    """The act just taken."""
    return schemas.StepOut(
        id=row.id, created_at=row.created_at, step=row.step, kind=row.kind, outcome=row.answer, level=row.level,
        unit_code=row.unit_code, amount=row.amount, premium=application.premium if final else None,
        triggers=row.triggers, missing=[] if final else list(following.missing()), application=state(application),
    )  # fmt: skip


def approval(application: Application, basis: rules.Basis, acts: Sequence[UnderwritingStep]) -> schemas.ApprovalOut:
    """The chain as it stands; acts of earlier rounds and those taken back stand beside it."""
    now = basis.standing()
    live = {(one.step, one.person_id) for one in now.live}
    current = [one for one in acts if one.round == application.round and (one.step, one.person_id) in live]
    steps = [
        schemas.ChainStepOut(
            step=n + 1, status="done" if n < now.at else "open" if n == now.at else "pending", level=one.level,
            unit_code=one.unit.code, position=one.position, kind=one.kind, limit=one.limit.amount,
            acts=[act(row) for row in current if row.step == n + 1],
        )
        for n, one in enumerate(now.steps)
    ]  # fmt: skip
    return schemas.ApprovalOut(
        application=state(application), kind=basis.ladder, line=basis.line, amount=basis.amount,
        triggers=[str(one) for one in basis.lift.triggers], lowest_level=basis.lift.lowest_level,
        levels_up=basis.lift.levels_up, complete=now.complete, steps=steps, table_version=basis.table.version,
        former_acts=[act(row) for row in acts if row not in current],
    )  # fmt: skip
