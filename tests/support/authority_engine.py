"""The decision as the product makes it, from its own pure pieces in the order in which gateway and service ask them.

The door asks the matrix and the stated amount (`gateway.forwarding`), the database the scope (`shared.authority`), the
service the chain, the separation of duties and the state (`services.claims.approval`). Where a service decides nothing
yet, the gateway's own explanation stands for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from gateway.authority.rules import Matrix, may_decide, may_opine
from gateway.forwarding import stated_amount
from services.claims.approval.rules import Facts, Sheet, StepDone, Trigger, Triggers, decide
from services.claims.claim.rules import ClaimStatus, Duty, Held, PolicyDuty
from shared.actor import Actor
from shared.approval_chain import Act as StoredAct
from shared.authority import AuthorityTable, Unit, caller_limits, chain, covers
from shared.errors import Problem
from tests.support.approvals import Approve
from tests.support.tokens import MATRIX, ROOT

ALLOWED = "allowed"
NAMES = UUID(int=7)
OWN_TRIGGER = {"ex_gratia": Trigger.EX_GRATIA, "advance": Trigger.ADVANCE, "recovery_waiver": Trigger.RECOVERY_WAIVER}
PERMISSION = {"claim_payment": "claims.approval.decide", "recovery_waiver": "claims.recovery.decide"}


def _content(path: str) -> Any:
    return tomllib.loads((ROOT / path).read_text("utf-8"))


_SEED = _content("gateway/authority/rule_sets/authority_tables.2026-1.toml")
TABLE = AuthorityTable.of(_SEED["version"], _SEED["effective_from"], _SEED["content"]["entries"])
TRIGGERS = Triggers.of(_content("services/claims/rule_sets/approval_triggers.2026-2.toml")["content"])


def person(name: str) -> UUID:
    return _person(name)


@lru_cache(maxsize=4096)
def _person(name: str) -> UUID:
    return uuid5(NAMES, name)


@dataclass
class Engine:
    """One set of policy data; a mutant is the same with one piece of it changed."""

    units: dict[str, Unit]
    """By the name under which the walk knows them."""
    matrix: Matrix = MATRIX
    table: AuthorityTable = TABLE
    triggers: Triggers = TRIGGERS
    in_scope: Callable[[str, str], bool] = covers
    _actors: dict[tuple[str, str], Actor] = field(default_factory=dict)
    _chains: dict[Any, Any] = field(default_factory=dict)

    def actor(self, post: str, unit: str) -> Actor:
        """Somebody in the position at the unit, with all that matrix and table give him."""
        if (post, unit) not in self._actors:
            at = self.units[unit]
            self._actors[post, unit] = Actor(
                person_id=person(f"{post} of {unit}"), staff_no="S0001", appointment_id=UUID(int=1), position=post,
                unit_code=at.code, level=at.level, unit_kind=at.kind, scope=at.path,
                permissions=self.matrix.permissions_of(post, at.level, at.kind),
                limits=caller_limits(self.table, post, at.level, at.kind), request_id=UUID(int=2),
            )  # fmt: skip
        return self._actors[post, unit]

    def reach(self, post: str, unit: str, owner: str, permission: str) -> str:
        """What the door and the row scope say, which is all there is to a permission without an amount."""
        at = self.units[unit]
        if not self.matrix.allows(post, at.level, permission, at.kind):
            return "action_not_permitted"
        return ALLOWED if self.in_scope(self.units[owner].path, at.path) else "not_found"

    def way(self, owner: str) -> tuple[Unit, ...]:
        """The units from the owner upward, found as the services find them: by path."""
        path = self.units[owner].path
        found = [one for one in self.units.values() if covers(path, one.path)]
        return tuple(sorted(found, key=lambda one: -len(one.path)))

    def judge(self, act: Any, *, acting_for: str | None = None) -> str:
        """The code of the refusal, or `allowed`. `acting_for`: the delegator, whose duty it then is."""
        actor = self.actor(act.post, act.unit)
        if not actor.may(PERMISSION.get(act.ladder, f"claims.{act.ladder}.decide")):
            return "action_not_permitted"
        amount = Decimal(act.cents) / 100
        if act.kind in stated_amount.DECIDING and stated_amount.exceeds(actor, act.ladder, amount):
            return "authority_exceeded"
        if not self.in_scope(self.units[act.owner].path, actor.scope):
            return "not_found"
        if acting_for is not None:
            actor = replace(actor, on_behalf_of=person(acting_for))
        return _code(lambda: self._decide(actor, act, amount, acting_for))

    def _decide(self, actor: Actor, act: Any, amount: Decimal, acting_for: str | None) -> None:
        who = actor.person_id if acting_for is None else person(acting_for)
        side = act.ladder != "claim_payment"
        triggers = {OWN_TRIGGER[act.ladder]} if side else set()
        if act.trigger and act.trigger != "refusal":
            triggers.add(Trigger(act.trigger))
        facts = Facts(
            ClaimStatus(act.state), act.line, amount, self.way(act.owner), frozenset(triggers), _duties(act.duty, who),
            frozenset({who} if act.duty == "interested_party" else ()), ladder=act.ladder, side=side,
        )  # fmt: skip
        sheet = Sheet(None if side else 1, amount)
        refusing = act.trigger == "refusal"
        done = self._done(facts, act, refusing, who if act.duty == "earlier_approver" else None)
        command = Approve(
            act.kind, amount, "refuse" if refusing else "approve", sheet.version, reason_code="exclusion"
        )  # fmt: skip
        decide(actor, facts, sheet, done, self.table, self.triggers, command)

    def _done(self, facts: Facts, act: Any, refusing: bool, first: UUID | None) -> Sequence[StepDone]:
        """The acts of others before, one after the other along the engine's own chain; `first` took the first one."""
        if not act.done:
            return ()
        present = facts.triggers | ({Trigger.REFUSAL} if refusing else frozenset())
        lifted = self.triggers.lifted(present)
        steps = chain(self.table, facts.ladder, facts.line, facts.amount, facts.units, **lifted)
        course = [
            (n, step, post) for n, step in enumerate(steps, start=1)
            for post in sorted(step.signers, key=lambda one, of=step: one != of.position)
        ]  # fmt: skip
        outcome = "refuse" if refusing else "approve"
        found = []
        for at, (n, step, post) in enumerate(course[: act.done]):
            who = first if first is not None and at == 0 else person(f"another {post} of {step.unit.code}")
            kind = step.kind if post == step.position else "cosignature"
            found.append(StepDone(StoredAct(n, kind, outcome, post, who), None if facts.side else 1))
        return found

    def told(self, post: str, unit: str, ladder: str, line: str, cents: int, owner: str, kind: str) -> str:
        """What the explanation says to somebody of the unit."""
        actor, amount = self.actor(post, unit), Decimal(cents) / 100
        deciding = self.matrix.deciding(ladder)
        units, lifted, steps = self._chain(ladder, line, cents, owner)
        if kind == "opinion":
            found = may_opine(actor, self.table, ladder, steps, deciding)
        else:
            found = may_decide(actor, self.table, ladder, line, amount, units, steps, deciding, **lifted)
        return ALLOWED if found.reason is None else found.reason.code

    def course(self, ladder: str, line: str, cents: int, owner: str) -> list[tuple[str, str, int]]:
        """The steps as the oracle names them: unit, kind, signatures wanted."""
        names = {one.path: name for name, one in self.units.items()}
        steps = self._chain(ladder, line, cents, owner)[2]
        return [(names[one.unit.path], one.kind, one.needed) for one in steps]

    def _chain(self, ladder: str, line: str, cents: int, owner: str) -> Any:
        key = (ladder, line, cents, owner)
        if key not in self._chains:
            units = self.way(owner)
            lifted = self.triggers.lifted({OWN_TRIGGER[ladder]} if ladder in OWN_TRIGGER else ())
            amount = Decimal(cents) / 100
            self._chains[key] = units, lifted, chain(self.table, ladder, line, amount, units, **lifted)
        return self._chains[key]


def _duties(duty: str, who: UUID) -> tuple[Held, ...]:
    if duty in ("stranger", "interested_party", "earlier_approver"):
        return ()
    kind = PolicyDuty if duty in ("seller", "underwriter") else Duty
    return (Held(kind(duty), who),)


def _code(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except Problem as refusal:
        return refusal.code
    except LookupError:
        return "no chain"
    return ALLOWED
