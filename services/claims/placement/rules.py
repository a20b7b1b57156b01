"""When a claim may still get its policy or its unit, and what that changes of what a handler must look at."""

from __future__ import annotations

from collections.abc import Iterable

from services.claims.claim.rules import ClaimStatus, Flag, in_order, legal_moves
from shared.errors import Conflict, Fault, StateConflict, Text, ValidationFailed

_S = ClaimStatus

PLACEABLE = frozenset(
    {
        *(_S.REPORTED, _S.DISPATCHED, _S.SURVEYED, _S.REGISTERED),
        *(_S.ASSESSING, _S.DOCUMENTS_PENDING, _S.DOCUMENTS_COMPLETE),
    }
)
"""Until a sheet rests on the policy's terms."""

FOUND_BY_MATCH = frozenset(
    {
        *(Flag.UNMATCHED, Flag.NOT_IN_FORCE, Flag.LOSS_BEFORE_PERIOD, Flag.LOSS_AFTER_PERIOD),
        *(Flag.COVER_ENDED_BEFORE_LOSS, Flag.RESCINDED, Flag.CHANGED_AFTER_REPORT, Flag.INSURED_NOT_LISTED),
        *(Flag.PREMIUM_WITHOUT_DECISION, Flag.REINSURED),
        Flag.AMBIGUOUS_POLICY,
    }
)


class AlreadyMatched(Conflict):
    """Member: `policy_match`."""

    code = "already_matched"
    title = Text("赔案已匹配保单", "The claim has its policy")
    detail = Text("该赔案已匹配到有效保单。", "The claim is matched to a policy that was in force at the loss.")


class UnitAlreadyAssigned(Conflict):
    """Member: `unit_code`."""

    code = "unit_already_assigned"
    title = Text("赔案已有承办机构", "The claim has its unit")
    detail = Text(
        "赔案由机构 {unit_code} 承办；只有受理台上的赔案可以指定机构。",
        "Unit {unit_code} handles the claim; only a claim at an intake desk is given to a unit.",
    )


def at_desk(org_path: str) -> bool:
    """Whether the claim lies with a branch or head office, which take in and hand on but do not handle."""
    return org_path.count(".") < 2


def may_place(current: ClaimStatus, policy_match: str, org_path: str) -> None:
    """Refuse (409) a claim that is past its assessment, or that has both a policy in force and an operating unit."""
    if current not in PLACEABLE:
        raise StateConflict(current_state=str(current), legal_moves=legal_moves(current))
    if policy_match == "matched" and not at_desk(org_path):
        raise AlreadyMatched(policy_match=policy_match)


def check_wanted(policy_no: str | None, unit_code: str | None) -> None:
    """Refuse (422) a request that names neither or both."""
    if (policy_no is None) == (unit_code is None):
        text = Text("须提供保单号或机构代码之一。", "Give either a policy number or a unit code.")
        raise ValidationFailed(Fault("one_of", text, pointer="#/policy_no"))


def refuse_second_match(policy_match: str) -> None:
    """Refuse (409) another policy for a claim whose policy was in force at the loss."""
    if policy_match == "matched":
        raise AlreadyMatched(policy_match=policy_match)


def refuse_second_unit(org_path: str, unit_code: str) -> None:
    """Refuse (409) a unit for a claim that an operating unit handles already."""
    if not at_desk(org_path):
        raise UnitAlreadyAssigned(unit_code=unit_code)


def flags_after(held: Iterable[str], found: Iterable[Flag]) -> list[str]:
    """The claim's flags once a match has been looked up again, in the order of `Flag`."""
    kept = {flag for flag in held if flag not in FOUND_BY_MATCH} | {str(flag) for flag in found}
    return in_order(kept)
