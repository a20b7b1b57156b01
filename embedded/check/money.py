"""Money and authority: never more than was decided, decided by whom the table of limits lets decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from embedded.check.invariants import Found, Invariant, sql
from embedded.check.stores import DEPLOYABLES, Stores

_CENTS = re.compile(r"-?\d+\.\d\d")

_LIVE = "pay.sheet_version = claim.sheet_version and pay.status in ('ordered', 'accepted', 'paid')"
_PAID_WITHIN = f"""
    select format('claim %s: %s ordered, %s payable, %s gross', claim.claim_no, sum(pay.amount), claim.payable_amount,
        claim.gross_amount)
    from claims claim join payments pay on pay.claim_id = claim.id and {_LIVE}
    group by claim.id
    having sum(pay.amount) > coalesce(claim.payable_amount, 0)
        or claim.payable_amount > coalesce(claim.gross_amount, 0)"""  # noqa: S608

_DECISION = "step.side_id is null and step.kind = 'decision' and step.outcome = 'approve'"
_WITHIN_THE_LIMIT = f"""
    select format('claim %s, sheet %s: %s decided by %s at %s, whose limit in table %s is %s', claim.claim_no,
        step.sheet_version, step.amount, step.position, step.unit_code, step.table_version,
        coalesce(entry->>'limit', 'none'))
    from approval_steps step
    join claims claim on claim.id = step.claim_id
    left join directory_units unit on unit.code = step.unit_code
    left join directory_authority_tables held on held.version = step.table_version
    left join lateral (
        select each from jsonb_array_elements(held.entries) each
        where each->>'kind' = 'claim_payment' and each->>'line' = claim.line and each->>'level' = step.level
            and each->>'unit_kind' = unit.kind and each->>'position' = step.position
    ) found (entry) on true
    left join calculation_sheets sheet
        on sheet.claim_id = step.claim_id and sheet.sheet_version = step.sheet_version
    where {_DECISION} and (
        entry is null or (not coalesce((entry->>'unlimited')::boolean, false)
            and coalesce((entry->>'limit')::numeric, 0) < step.amount)
        or sheet.gross_amount is null or step.amount < sheet.gross_amount)"""  # noqa: S608

_ROUND = "step.claim_id, step.side_id, step.sheet_version, step.round"
_ONE_PERSON_ONCE = f"""
    select format('claim %s: one person took %s steps of one round', step.claim_id, count(*))
    from approval_steps step group by {_ROUND}, step.person_id having count(*) > 1
    union all
    select format('claim %s: step %s goes back to %s', claim_id, step, level) from (
        select step.*, lag(array_position(array['sub_branch', 'central_branch', 'branch', 'head_office'], step.level))
            over (partition by {_ROUND} order by step.step, step.created_at) as before
        from approval_steps step
    ) climbed where array_position(array['sub_branch', 'central_branch', 'branch', 'head_office'], level) < before
    union all
    select format('claim %s: an approver was %s as well', step.claim_id, held.duty)
    from approval_steps step join claim_duties held on held.claim_id = step.claim_id
        and held.person_id in (step.person_id, step.on_behalf_of)
        and held.duty in ('reporter', 'registrar', 'surveyor', 'adjuster', 'cashier')"""  # noqa: S608

_FROM_ABOVE = """
    select format('claim %s: approved at %s, which is not above %s', step.claim_id, step.unit_code, step.org_path)
    from approval_steps step left join directory_units unit on unit.code = step.unit_code
    where unit.path is null or not (step.org_path = unit.path or step.org_path like unit.path || '.%')"""

_SAME_DIGEST = f"""
    select format('payment %s rests on another sheet than was approved', pay.id)
    from payments pay
    left join calculation_sheets sheet on sheet.claim_id = pay.claim_id and sheet.sheet_version = pay.sheet_version
    left join approval_steps step
        on step.claim_id = pay.claim_id and step.sheet_version = pay.sheet_version and {_DECISION}
    where pay.approved_digest is distinct from sheet.digest
        or (step.id is not null and pay.approved_digest is distinct from step.digest)"""  # noqa: S608

_ONE_PAYABLE = f"""
    select format('payment %s rests on %s decisions', pay.id, count(step.id))
    from payments pay left join approval_steps step
        on step.claim_id = pay.claim_id and step.sheet_version = pay.sheet_version and {_DECISION}
    group by pay.id having count(step.id) <> 1
    union all
    select format('claim %s: payable %s is paid %s times', claim_id, payable_no, count(*))
    from payments group by claim_id, payable_no having count(*) > 1"""  # noqa: S608

_TWO_PLACES = """
    select format('%s.%s has %s decimal places', table_name, column_name, numeric_scale)
    from information_schema.columns
    where table_schema = 'public' and numeric_scale <> 2
        and (column_name ~ '(^|_)(amount|premium|limit|insured)$' or column_name like '%premium%')
        and data_type = 'numeric'"""


async def _whole_cents(stores: Stores) -> Found:
    """Every amount that an event tells is yuan with two places."""
    found = Found()
    for event_id, one in (await stores.events()).items():
        for name, amount in _amounts(one["event"]["data"]):
            found.rows += 1
            if not isinstance(amount, str) or not _CENTS.fullmatch(amount):
                found.differences.append(f"{one['subject']} {event_id}: {name} is {amount!r}")
    return found


def _amounts(value: Any) -> Iterator[tuple[str, Any]]:
    """Members of the event itself; terms of cover are a document of their own."""
    for name, one in value.items() if isinstance(value, dict) else ():
        if name == "amount" or name.endswith("_amount") or name in ("premium", "premium_delta", "sum_insured"):
            yield name, one
        elif isinstance(one, list):
            for each in one:
                yield from _amounts(each)


INVARIANTS = (
    Invariant(
        "I9", "payments stay within the payable, the payable within the gross, the decision within its table's limit",
        (
            sql("claims", "select count(*) from payments", _PAID_WITHIN),
            sql("claims", "select count(*) from approval_steps", _WITHIN_THE_LIMIT),
        ),
    ),
    Invariant(
        "I10", "an approval climbs, each step by another person, none of whom worked on the claim",
        (sql("claims", "select count(*) from approval_steps", _ONE_PERSON_ONCE),),
    ),
    Invariant(
        "I11", "whoever approves stands at the claim's unit or above it",
        (sql("claims", "select count(*) from approval_steps", _FROM_ABOVE),),
    ),
    Invariant(
        "I12", "what is paid is what was approved: the digests are one",
        (sql("claims", "select count(*) from payments", _SAME_DIGEST),),
    ),
    Invariant(
        "I13", "each payment has its one decision, no payable is paid twice, all amounts are whole cents",
        (
            sql("claims", "select count(*) from payments", _ONE_PAYABLE),
            sql(DEPLOYABLES, "select 0", _TWO_PLACES),
            _whole_cents,
        ),
    ),
)  # fmt: skip
