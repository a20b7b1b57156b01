"""Who is to be paid, named before the approval so that it is approved: what may be named, and until when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.claims.adjustment.rules.payees import Beneficiary, split_among_beneficiaries
from services.claims.adjustment.rules.steps import ASSESSABLE, PolicyNotMatched, refuse_persons
from services.claims.claim.rules import FORBIDDEN, ClaimStatus, Duty, Held, legal_moves
from shared.errors import Conflict, Fault, Refused, StateConflict, Text
from shared.money import ZERO

_S = ClaimStatus
DECIDED_UNPAID = frozenset({_S.DECIDED, _S.AGREED})
"""Decided, and nothing is on its way yet: a change of what was approved takes the decision back."""
PLANNABLE = ASSESSABLE | {_S.IN_APPROVAL} | DECIDED_UNPAID
BENEFICIARY = "beneficiary"


class PayeeOfNobody(Refused):
    """A payee is named for somebody who claims nothing here. Member: `claimant_ref`."""

    code = "payee_of_unknown_claimant"
    title = Text("受款人对应的索赔人不存在", "The payee belongs to no claimant")
    detail = Text("本案没有索赔人 {claimant_ref}。", "The claim has no claimant {claimant_ref}.")


class PayeesUnchanged(Conflict):
    code = "payees_unchanged"
    title = Text("受款人没有变化", "The payees are the same")
    detail = Text("所列受款人与现行一致。", "The payees are those on record already.")


def may_name_payees(
    status: ClaimStatus, line: str | None, duties: Iterable[Held], persons: Collection[UUID],
    interested: Collection[UUID],
) -> None:  # fmt: skip
    """Whether these persons may name the payees now: the adjuster's work, until a payment is on its way.

    403 for a duty that must be separate or an interest of one's own, 409 for a state or a missing policy.
    """
    refuse_persons(duties, persons, interested, FORBIDDEN[Duty.ADJUSTER])
    if status not in PLANNABLE:
        raise StateConflict(current_state=str(status), legal_moves=legal_moves(status))
    if line is None:
        raise PolicyNotMatched()


def check_payees(payees: Sequence[Mapping[str, Any]], refs: Collection[str]) -> None:
    """Refuse (422) a payee for nobody, and beneficiaries whose shares do not make a whole."""
    unknown = [at for at, one in enumerate(payees) if one.get("claimant_ref") and one["claimant_ref"] not in refs]
    if unknown:
        faults = [
            Fault(PayeeOfNobody.code, PayeeOfNobody.detail, pointer=f"#/payees/{at}/claimant_ref") for at in unknown
        ]
        raise PayeeOfNobody(*faults, claimant_ref=payees[unknown[0]]["claimant_ref"])
    for ref in {one.get("claimant_ref") for one in payees if one["kind"] == BENEFICIARY}:
        named = [one for one in payees if (one["kind"], one.get("claimant_ref")) == (BENEFICIARY, ref)]
        split_among_beneficiaries(ZERO, [as_beneficiary(one) for one in named])


def as_beneficiary(told: Mapping[str, Any]) -> Beneficiary:
    """A payee of the plan as the division of a death benefit takes him."""
    share = None if told.get("share") is None else Decimal(told["share"])
    return Beneficiary(told["name"], told.get("relation") or "", share, told.get("entitled", True))


def payees_digest(payees: Sequence[Mapping[str, Any]]) -> str:
    """The digest of the payees, in whatever order they are named."""
    told = sorted(json.dumps(one, ensure_ascii=False, sort_keys=True) for one in payees)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def planned(payees: Sequence[Mapping[str, Any]], kind: str, name: str, account_digest: str) -> bool:
    """Whether this payee is one of those named: same kind, same name, and the account where one was named."""
    return any(
        one["kind"] == kind and _plain(one["name"]) == _plain(name)
        and one.get("account_digest") in (None, account_digest)
        for one in payees
    )  # fmt: skip


def _plain(name: str) -> str:
    return "".join(name.replace("·", "").split()).casefold()
