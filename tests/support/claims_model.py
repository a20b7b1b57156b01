"""A claim's life on plain values, against which the service is driven: what each act leads to, or that it is refused.

Only what the model needs: one sub-branch, one line, one aggregate, benefits that are paid as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

UNITS = ("sub_branch", "central_branch", "branch", "head_office")
LIMITS = (Decimal(10_000), Decimal(100_000), Decimal(1_000_000), None)
COSIGN_ABOVE = Decimal(300_000)
CALCULABLE = ("documents_complete", "calculated", "in_approval", "returned")
ASSESSABLE = ("documents_complete", "calculated", "returned")
PAYEES = (*ASSESSABLE, "in_approval", "decided", "agreed")


@dataclass(frozen=True)
class Done:
    """One act on the approval: its step from 0, its kind, its outcome, its person, and the payees it approved."""

    step: int
    kind: str
    outcome: str
    person: str
    payees: int


@dataclass
class ModelClaim:
    """One claim. `sheets` counts calculations, `rests_on` is the assessment of the newest, `payees` their version."""

    accident: int
    status: str = "documents_complete"
    assessed: list[Decimal] = field(default_factory=list)
    sheets: int = 0
    rests_on: int = 0
    gross: Decimal = Decimal(0)
    acts: list[Done] = field(default_factory=list)
    barred: set[str] = field(default_factory=set)
    payees: int = 0
    raised_to: int = 0
    reserved: Decimal = Decimal(0)
    outcome: str | None = None
    paid: Decimal = Decimal(0)
    ordered: bool = False

    def undecided(self) -> bool:
        return self.outcome is None


@dataclass
class Model:
    """All claims of one policy with one aggregate."""

    aggregate: Decimal
    claims: list[ModelClaim] = field(default_factory=list)

    def left(self, claim: ModelClaim) -> Decimal:
        return self.aggregate - sum((one.reserved for one in self.claims if one is not claim), Decimal(0))

    def total(self, claim: ModelClaim) -> Decimal:
        """What the limits are compared with: all claims of the accident, without those that were refused."""
        counted = [one for one in self.claims if one.accident == claim.accident and one.outcome != "refused"]
        return sum((one.gross for one in counted), Decimal(0))

    def length(self, claim: ModelClaim, *, refusing: bool = False) -> int:
        """How many levels the chain has: up to the first whose limit covers the accident, and what lifts it."""
        total = self.total(claim)
        last = next(at for at, limit in enumerate(LIMITS) if limit is None or total <= limit)
        refused = refusing or any(one.outcome == "refuse" for one in self._counting(claim))
        return max(last, claim.raised_to, UNITS.index("branch") if refused else 0) + 1

    def _counting(self, claim: ModelClaim) -> list[Done]:
        return [one for one in claim.acts if one.payees == claim.payees]

    def live(self, claim: ModelClaim, length: int) -> list[Done]:
        """The acts that count, on the newest sheet and the payees as they are named now."""
        live: list[Done] = []
        for one in self._counting(claim):
            if one.outcome == "return":
                live = [act for act in live if act.step < one.step - 1]
            elif one.step == len(live) < length and one.kind == kind_at(one.step, length):
                live.append(one)
        return live

    # ---------------------------------------------------------------------------------------------- acts

    def report(self, accident: int) -> None:
        self.claims.append(ModelClaim(accident))

    def assess(self, claim: ModelClaim, amount: Decimal) -> bool:
        if claim.status not in ASSESSABLE:
            return False
        claim.assessed.append(amount)
        return True

    def calculate(self, claim: ModelClaim) -> bool:
        if claim.status not in CALCULABLE or not claim.assessed:
            return False
        claim.sheets, claim.rests_on = claim.sheets + 1, len(claim.assessed)
        claim.gross = min(claim.assessed[-1], max(Decimal(0), self.left(claim)))
        claim.acts, claim.status = [], "calculated"
        return True

    def may_act(self, claim: ModelClaim, unit: int, kind: str, outcome: str, person: str) -> bool:
        if claim.status not in ("calculated", "in_approval") or person in claim.barred:
            return False
        length = self.length(claim, refusing=outcome == "refuse")
        live = self.live(claim, length)
        at = len(live)
        if at >= length or unit != at or kind != kind_at(at, length) or any(one.person == person for one in live):
            return False
        if outcome == "return":
            return True
        if claim.rests_on != len(claim.assessed):
            return False
        decides = kind == "decision" and outcome == "approve"
        return not (decides and min(claim.assessed[claim.rests_on - 1], self.left(claim)) < claim.gross)

    def act(self, claim: ModelClaim, unit: int, kind: str, outcome: str, person: str) -> bool:
        if not self.may_act(claim, unit, kind, outcome, person):
            return False
        claim.acts.append(Done(unit, kind, outcome, person, claim.payees))
        if outcome == "return":
            claim.status = "returned" if unit == 0 else "in_approval"
        elif kind == "opinion":
            claim.status = "in_approval"
        else:
            self._decided(claim, outcome)
        return True

    def _decided(self, claim: ModelClaim, outcome: str) -> None:
        claim.status = "decided"
        if outcome == "refuse":
            claim.outcome = "refused"
            return
        assessed = claim.assessed[claim.rests_on - 1]
        claim.outcome = "zero" if claim.gross == 0 else "paid" if claim.gross == assessed else "partial"
        claim.reserved = claim.gross

    def raise_level(self, claim: ModelClaim, unit: int, person: str) -> bool:
        length = self.length(claim)
        live = self.live(claim, length)
        free = claim.status in ("calculated", "in_approval") and person not in claim.barred
        if not free or len(live) >= length or unit != len(live) or any(one.person == person for one in live):
            return False
        if length == len(UNITS):
            return False
        claim.raised_to = length
        return True

    def name_payees(self, claim: ModelClaim) -> bool:
        if claim.status not in PAYEES:
            return False
        if claim.status in ("decided", "agreed"):
            claim.barred |= {one.person for one in claim.acts}
            claim.status, claim.outcome, claim.reserved = "returned", None, Decimal(0)
        claim.payees += 1
        return True

    def agree(self, claim: ModelClaim) -> bool:
        if claim.status != "decided" or claim.outcome not in ("paid", "partial"):
            return False
        claim.status = "agreed"
        return True

    def order(self, claim: ModelClaim) -> bool:
        if claim.status != "agreed":
            return False
        claim.status, claim.ordered = "paying", True
        return True

    def confirm(self, claim: ModelClaim) -> bool:
        if claim.status != "paying":
            return False
        claim.status, claim.paid = "paid", claim.gross
        return True


def kind_at(step: int, length: int) -> str:
    return "decision" if step == length - 1 else "opinion"


def broken(claims: Iterable[ModelClaim], aggregate: Decimal) -> list[str]:
    """Laws that hold after each act, as sentences for what does not."""
    told = []
    claims = list(claims)
    if sum((one.reserved for one in claims), Decimal(0)) > aggregate:
        told.append("more is reserved than the aggregate has")
    told += [f"claim {at} paid more than its sheet" for at, one in enumerate(claims) if one.paid > one.gross]
    return told
