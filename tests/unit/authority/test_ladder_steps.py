"""The steps of a chain as they are taken, where N of M sign: what the seed's 2 of 2 cannot show."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from shared.approval_chain import Act, after, standing
from shared.authority import ChainStep, Limit, Unit

BRANCH = Unit("32", "00.32", "branch")
SIGNERS = ("claims_approver", "department_head", "underwriter")
TWO_OF_THREE = (
    ChainStep(
        "branch",
        BRANCH,
        "claims_approver",
        "decision",
        Limit("claim_payment", "liability", Decimal("1000000.00")),
        SIGNERS,
        2,
    ),
)


def sign(position: str, person: int) -> Act:
    kind = "decision" if position == "claims_approver" else "cosignature"
    return Act(1, kind, "approve", position, UUID(int=person))


def test_two_co_signers_do_not_replace_the_decider() -> None:
    now = standing(TWO_OF_THREE, [sign("department_head", 1), sign("underwriter", 2)])
    assert not now.complete
    assert now.missing() == ("claims_approver",)
    assert after(now, sign("claims_approver", 3)).complete


def test_two_of_three_are_enough_with_the_decider_among_them() -> None:
    for other in ("department_head", "underwriter"):
        assert standing(TWO_OF_THREE, [sign("claims_approver", 1), sign(other, 2)]).complete


def test_one_person_in_two_positions_is_one_signature() -> None:
    assert not standing(TWO_OF_THREE, [sign("claims_approver", 1), sign("underwriter", 1)]).complete


def test_a_chain_that_is_done_waits_for_nobody() -> None:
    now = standing(TWO_OF_THREE, [sign("claims_approver", 1), sign("underwriter", 2), sign("department_head", 3)])
    assert (now.complete, now.open, now.missing(), len(now.live)) == (True, None, (), 2)
