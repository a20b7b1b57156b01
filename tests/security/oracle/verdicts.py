"""What happens to somebody who acts: the first reason against him, in the order of the manual, or `allowed`.

First what holds for every record alike (the position, the stated amount), then whether the record is his to see, then
what depends on the record: his limit, the level that decides, what he has done on it, its state, whose turn it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.security.oracle import amounts, matrix
from tests.security.oracle.amounts import DECIDER, HEIGHT
from tests.security.oracle.posts import BRANCH, CENTRAL, HEAD, LOCAL, SUB
from tests.security.oracle.tree import HOUSES, sees, way_up

ALLOWED = "allowed"
LADDER = {
    "claim_payment": "claims.approval.decide",
    "ex_gratia": "claims.ex_gratia.decide",
    "advance": "claims.advance.decide",
    "recovery_waiver": "claims.recovery.decide",
    "underwriting_limit": "policy.application.decide",
    "complaint_compensation": "complaints.compensation.decide",
}
ON_A_CLAIM = ("claim_payment", "ex_gratia", "advance", "recovery_waiver")
FROM_BRANCH = frozenset((
    "refusal", "ex_gratia", "advance", "litigation", "casualties", "reopening", "recovery_waiver", "suspected_fraud",
))  # fmt: skip
ONE_FURTHER = frozenset({"staff_or_relatives", "manual_override"})
SEPARATE_FROM_APPROVING = frozenset((
    "reporter", "surveyor", "registrar", "adjuster", "cashier", "archivist", "underwriter", "interested_party",
    "earlier_approver",
))  # fmt: skip
NOT_SEPARATE = frozenset({"stranger", "dispatcher", "seller"})
UNDER_APPROVAL = frozenset({"calculated", "in_approval"})


@dataclass(frozen=True)
class Act:
    """Somebody in `post` at `unit` acts on a record of `owner`: `kind` is opinion, decision or cosignature; `done`:
    how many acts of the chain were taken by others before; `duty`: what he, or the one he acts for, did on it."""

    post: str
    unit: str
    owner: str
    ladder: str
    line: str
    cents: int
    kind: str
    done: int = 0
    trigger: str | None = None
    duty: str = "stranger"
    state: str = "in_approval"


def verdict(act: Act) -> str:
    """The code of the refusal, or `allowed`."""
    place = HOUSES[act.unit].place
    if not matrix.may(act.post, place, LADDER[act.ladder]):
        return "action_not_permitted"
    deciding = act.kind != "opinion"
    own = amounts.own_limits(act.post, place)
    if deciding and not any(_covers(own, act.ladder, line, act.cents) for line in ("liability", "accident")):
        return "authority_exceeded"
    if not sees(act.unit, act.owner):
        return "not_found"
    if deciding and not _covers(own, act.ladder, act.line, act.cents):
        return "authority_exceeded"
    steps = chain_of(act)
    if deciding and HEIGHT[place] < HEIGHT[HOUSES[steps[-1][0]].place]:
        return "below_required_level"
    if act.duty in SEPARATE_FROM_APPROVING and act.duty != "earlier_approver":
        return "separation_of_duties"
    if act.ladder == "claim_payment" and act.state not in UNDER_APPROVAL:
        return "state_conflict"
    if (act.unit, act.post, act.kind) not in turn(act, steps):
        return "wrong_step"
    if act.duty == "earlier_approver" and act.done:
        return "separation_of_duties"
    return ALLOWED


def _covers(own: dict[tuple[str, str], int | None], ladder: str, line: str, cents: int) -> bool:
    if (ladder, line) not in own:
        return False
    most = own[ladder, line]
    return most is None or (most > 0 and cents <= most)


def chain_of(act: Act) -> list[tuple[str, str, int]]:
    """(unit, `opinion` or `decision`, signatures wanted) for each step, from the owner upward."""
    named = {act.trigger, act.ladder} if act.ladder in ON_A_CLAIM else set()
    lowest = BRANCH if named & FROM_BRANCH else SUB
    further = 1 if named & ONE_FURTHER else 0
    units = {HOUSES[name].place: name for name in way_up(act.owner)}
    begins = HOUSES[act.owner].place
    steps = amounts.expected_chain(act.ladder, act.line, act.cents, begins, lowest, further)
    return [(units[place], kind, wanted) for place, kind, wanted in steps]


def course(ladder: str, line: str, cents: int, owner: str) -> list[tuple[str, str, int]]:
    """The chain of an amount where nothing but the kind of decision lifts it."""
    return chain_of(Act("", "", owner, ladder, line, cents, ""))


def acts_of(act: Act) -> list[tuple[str, str, str]]:
    """Every act that the whole chain takes, in the order of a smooth course: (unit, post, kind)."""
    found = []
    for unit, kind, wanted in chain_of(act):
        found.append((unit, DECIDER[act.ladder], kind))
        found += [(unit, "department_head", "cosignature")] if wanted > 1 else []
    return found


def turn(act: Act, steps: list[tuple[str, str, int]]) -> list[tuple[str, str, str]]:
    """Whose turn it is after `done` acts; the signatures of one step come in any order."""
    course = acts_of(act)
    opinions = len(steps) - 1
    return course[act.done : act.done + 1] if act.done < opinions else course[act.done :]


def told(post: str, unit: str, ladder: str, line: str, cents: int, owner: str, kind: str) -> str:
    """What somebody is told who asks, of no record in particular, whether he may: there is no first or second act yet.

    A decision needs his limit and the deciding level; that he stands at a step of the kind is the last question.
    """
    place = HOUSES[unit].place
    names_him = post == DECIDER[ladder] or (post == "department_head" and ladder == "claim_payment")
    held = ladder not in LADDER or any(matrix.may(post, place, one) for one in _permissions(ladder))
    if not names_him or not held:
        return "action_not_permitted"
    act = Act(post, unit, owner, ladder, line, cents, kind)
    steps = chain_of(act)
    own = amounts.own_limits(post, place)
    if kind == "decision":
        if not _covers(own, ladder, line, cents):
            return "authority_exceeded"
        if HEIGHT[place] < HEIGHT[HOUSES[steps[-1][0]].place]:
            return "below_required_level"
        signers = {one for at, one, step in acts_of(act) if at == unit and step != "opinion"}
        return ALLOWED if post in signers else "wrong_step"
    return ALLOWED if (unit, post, "opinion") in acts_of(act) else "wrong_step"


def _permissions(ladder: str) -> tuple[str, ...]:
    claims = ("claims.approval.decide", "claims.litigation.decide", "claims.reopening.decide")
    return {
        "claim_payment": claims,
        "underwriting_limit": ("policy.application.opine", "policy.application.decide"),
    }.get(ladder, (LADDER[ladder],))


def bands(ladder: str, line: str) -> list[int]:
    """One cent, and each limit with a cent less and a cent more; beyond all of them a thousand million yuan."""
    edges = {1, amounts.COSIGNED_ABOVE["claim_payment", BRANCH]}
    edges |= {amounts.limit(ladder, line, place) or 0 for place in (SUB, CENTRAL, LOCAL, BRANCH, HEAD)}
    near = {cents for edge in edges for cents in (edge - 1, edge, edge + 1) if cents >= 0}
    return [*sorted(near), 100_000_000_000]
