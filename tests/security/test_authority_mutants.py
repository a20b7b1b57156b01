"""A change of the policy data that no case of the walk notices is a case that is missing: none may survive.

Every cell, place, pair, limit, co-signature, trigger, unit of the tree and rule of separation is changed, one at a
time, and the walk runs over the part of the space that the change can reach, up to the first case that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest

from gateway.forwarding import stated_amount
from services.claims.approval.rules import Trigger, steps
from services.claims.claim import rules as claim_rules
from services.claims.claim.rules import Duty, PolicyDuty
from shared.authority import LEVELS, AuthorityTable, Cosign, LadderEntry, Unit, covers
from shared.errors import StateConflict
from tests.security.oracle import posts, tree, verdicts
from tests.support import authority_cases as cases
from tests.support.authority_engine import TABLE, TRIGGERS, Engine
from tests.support.tokens import MATRIX

CENT = Decimal("0.01")
READ = "claims.claim.read"


def _told(name: str, survivors: list[Any], total: int, floor: int) -> None:
    print(f"{name}: {total - len(survivors)} / {total} mutants killed")
    assert not survivors, survivors[:5]
    assert total >= floor


def reach_differs(engine: Engine, permission: str, people: Iterable[str]) -> bool:
    for case in cases.reaches([permission], people):
        if not verdicts.matrix.may(case.post, tree.HOUSES[case.unit].place, permission):
            expected = "action_not_permitted"
        else:
            expected = verdicts.ALLOWED if tree.sees(case.unit, case.owner) else "not_found"
        if engine.reach(*case) != expected:
            return True
    return False


def told_differs(engine: Engine, ladder: str, line: str) -> bool:
    if any(engine.course(*case) != verdicts.course(*case) for case in cases.chains([ladder], [line])):
        return True
    return any(engine.told(*case) != verdicts.told(*case) for case in cases.on_the_way(ladder, line))


def acts_differ(engine: Engine, acts: Iterable[verdicts.Act]) -> bool:
    return any(engine.judge(act) != verdicts.verdict(act) for act in acts)


def _cells() -> Iterator[tuple[str, str, str]]:
    for name in MATRIX.permissions:
        for position in MATRIX.positions.values():
            for letter in position.at:
                yield name, position.name, letter


def test_every_flipped_cell_is_noticed() -> None:
    total, survivors = 0, []
    for name, position, letter in _cells():
        row = MATRIX.permissions[name]
        held = row.allowed.get(position, "")
        changed = held.replace(letter, "") if letter in held else held + letter
        mutant = replace(MATRIX, permissions={name: replace(row, allowed={**row.allowed, position: changed})})
        total += 1
        if not reach_differs(Engine(cases.UNITS, mutant), name, [position]):
            survivors.append((name, position, letter))
    _told("cells", survivors, total, 57 * len(MATRIX.permissions))


def test_every_place_of_a_position_and_every_pair_of_positions_is_noticed() -> None:
    total, survivors = 0, []
    for position in MATRIX.positions.values():
        for place, at in posts.PLACES.items():
            letter = "SCLBH"[place]
            changed = position.at.replace(letter, "") if letter in position.at else position.at + letter
            mutant = replace(MATRIX, positions={**MATRIX.positions, position.name: replace(position, at=changed)})
            total += 1
            if mutant.exists(position.name, *at) == (place in posts.WHERE[position.name]):
                survivors.append((position.name, letter))
    for one, other in combinations(posts.WHERE, 2):
        pairs = MATRIX.forbidden_pairs.symmetric_difference({frozenset((one, other))})
        total += 1
        if (replace(MATRIX, forbidden_pairs=pairs).forbidden_pair([one], other) is None) == posts.may_combine(
            one, other
        ):
            survivors.append((one, other))
    _told("places and pairs", survivors, total, 90 + 153)


def _limits(row: LadderEntry) -> Iterator[LadderEntry]:
    if row.limit is None:
        yield replace(row, limit=Decimal("999999999.99"))
    elif row.takes_part:
        yield replace(row, limit=row.limit + CENT)
        if row.limit:
            yield replace(row, limit=row.limit - CENT)
            yield replace(row, limit=Decimal(0))
        yield replace(row, limit=None)
    yield replace(row, takes_part=not row.takes_part)
    if row.takes_part:  # who it is that takes no part is nobody's power
        yield replace(row, position="surveyor")


def _cosigns(row: LadderEntry) -> Iterator[LadderEntry]:
    asked = row.cosign
    if asked is None:
        return
    yield replace(row, cosign=None)
    for above in (asked.above + CENT, asked.above - CENT, Decimal(0), row.limit or Decimal(0)):
        yield replace(row, cosign=replace(asked, above=above))
    yield replace(row, cosign=replace(asked, of=("claims_approver", "adjuster")))
    yield replace(row, cosign=Cosign(asked.above, 1, asked.of))


def test_every_changed_limit_and_co_signature_is_noticed() -> None:
    total, survivors = 0, []
    for at, row in enumerate(TABLE.entries):
        for mutant in (*_limits(row), *_cosigns(row)):
            if row.unit_kind == "standard" and row.position == "department_head" and not mutant.takes_part:
                continue  # whether a co-signer's row takes part changes nothing: it decides nothing alone
            rows = (*TABLE.entries[:at], mutant, *TABLE.entries[at + 1 :])
            engine = Engine(cases.UNITS, table=AuthorityTable(TABLE.version, TABLE.effective_from, rows))
            total += 1
            if not _table_noticed(engine, row):
                survivors.append((row, mutant))
    _told("limits and co-signatures", survivors, total, 300)


def _table_noticed(engine: Engine, row: LadderEntry) -> bool:
    try:
        if told_differs(engine, row.kind, row.line):
            return True
    except LookupError:
        return True  # no unit on the way decides: the table cannot even be used
    return row.kind == "claim_payment" and acts_differ(engine, cases.steps([row.kind], [row.line]))


def test_every_changed_trigger_is_noticed() -> None:
    total, survivors = 0, []
    for trigger in Trigger:
        for lowest, further in product((None, *LEVELS[1:]), (0, 1, 2)):
            known = TRIGGERS.lowest_level.get(trigger), TRIGGERS.levels_up.get(trigger, 0)
            if (lowest, further) == known:
                continue
            mutant = replace(
                TRIGGERS,
                lowest_level={**TRIGGERS.lowest_level, trigger: lowest or "sub_branch"},
                levels_up={**TRIGGERS.levels_up, trigger: further},
            )
            total += 1
            acts = cases.steps(["claim_payment"], ["liability"], [str(trigger)])
            if not acts_differ(Engine(cases.UNITS, triggers=mutant), acts):
                survivors.append((trigger, lowest, further))
    _told("triggers", survivors, total, 10 * 11)


SCOPES: dict[str, Callable[[str, str], bool]] = {
    "everything": lambda path, scope: True,
    "nothing": lambda path, scope: False,
    "own alone": lambda path, scope: path == scope,
    "below alone": lambda path, scope: path.startswith(scope + "."),
    "no dot": lambda path, scope: path.startswith(scope),
    "upward": lambda path, scope: covers(scope, path),
    "both ways": lambda path, scope: covers(scope, path) or covers(path, scope),
    "one level": lambda path, scope: path == scope or path.rpartition(".")[0] == scope,
    "two levels": lambda path, scope: covers(path, scope) and path.count(".") - scope.count(".") < 3,
    "siblings": lambda path, scope: covers(path, scope) or path.rpartition(".")[0] == scope.rpartition(".")[0],
    "the branch": lambda path, scope: path.split(".")[:2] == scope.split(".")[:2],
    "same depth": lambda path, scope: covers(path, scope) or path.count(".") == scope.count("."),
}


def test_every_other_scope_and_every_moved_unit_is_noticed() -> None:
    total, survivors = 0, []
    for name, scope in SCOPES.items():
        total += 1
        if not reach_differs(Engine(cases.UNITS, in_scope=scope), READ, ["service_agent"]):
            survivors.append(name)
    for moved, under in product(cases.UNITS, cases.UNITS):
        if moved == "head" or under in (moved, tree.HOUSES[moved].above) or tree.sees(moved, under):
            continue
        total += 1
        unit = cases.UNITS[moved]
        units: dict[str, Unit] = {
            **cases.UNITS, moved: replace(unit, path=f"{cases.UNITS[under].path}.{unit.code}"),
        }  # fmt: skip
        if not reach_differs(Engine(units), READ, ["service_agent"]):
            survivors.append(f"{moved} under {under}")
    _told("scopes and units", survivors, total, 120)


def _without(error: type[Exception], call: Callable[..., Any], instead: Any = None) -> Callable[..., Any]:
    def lenient(*given: Any, **named: Any) -> Any:
        try:
            return call(*given, **named)
        except error:
            return instead(*given) if instead else None

    return lenient


def _indifferent(*given: Any, **named: Any) -> Any:
    actor, facts, *rest = given
    return REFUSE_ACTOR(actor, replace(facts, interested=frozenset()), *rest, **named)


REFUSE_ACTOR = steps.refuse_actor
DROPPED: dict[str, tuple[Any, str, Any]] = {
    "own limit": (steps, "refuse_above_limit", lambda *a, **k: None),
    "deciding level": (steps, "refuse_below_level", lambda *a, **k: None),
    "duties": (steps, "refuse_if_held", lambda *a, **k: None),
    "interest": (steps, "refuse_actor", _indifferent),
    "state": (steps, "refuse_actor", _without(StateConflict, steps.refuse_actor)),
    "turn": (steps, "refuse_wrong_step", lambda now, *a: now.open or now.steps[-1]),
    "second act": (steps, "refuse_second_act", lambda *a: None),
    "the door": (stated_amount, "exceeds", lambda *a: False),
    "the door, decisions alone": (stated_amount, "DECIDING", frozenset({"decision"})),
    "the door, also opinions": (stated_amount, "DECIDING", frozenset({"decision", "cosignature", "opinion"})),
}
PAIRS = [*sorted(claim_rules.FORBIDDEN[Duty.APPROVER]), Duty.DISPATCHER, PolicyDuty.SELLER]


@pytest.mark.parametrize("name", DROPPED)
def test_a_rule_left_out_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*DROPPED[name])
    engine = Engine(cases.UNITS)
    some = cases.persons_and_states(states=("in_approval", "paid"))
    lifted = cases.steps(["claim_payment"], triggers=[None, "refusal"])
    assert acts_differ(engine, some) or acts_differ(engine, lifted)


@pytest.mark.parametrize("duty", PAIRS)
def test_a_duty_kept_apart_or_not_is_noticed(duty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = claim_rules.FORBIDDEN[Duty.APPROVER].symmetric_difference({duty})
    monkeypatch.setitem(claim_rules.FORBIDDEN, Duty.APPROVER, changed)
    acts = cases.persons_and_states(duties=(str(duty),), states=("in_approval",))
    assert acts_differ(Engine(cases.UNITS), acts)
