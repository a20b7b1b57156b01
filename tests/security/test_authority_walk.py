"""Everybody, everywhere, with every amount, on every record: what the product decides is what the manual says.

The whole space is walked, nothing is drawn. The oracle (`tests/security/oracle`) imports nothing of the product and
reads none of its data; the number of cases is printed and must not fall.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from tests.security.oracle import matrix, posts, tree, verdicts
from tests.support import authority_cases as cases
from tests.support.authority_engine import Engine
from tests.support.tokens import MATRIX

ENGINE = Engine(cases.UNITS)
REACH_FLOOR, STEP_FLOOR, PERSON_FLOOR, ASKED_FLOOR = 1_000_000, 200_000, 120_000, 60_000
CHAIN_FLOOR, RELATIONS = 700, 22
ALL_LADDERS = (*verdicts.LADDER, "premium_refund")


@cache
def _may(post: str, place: int, permission: str) -> bool:
    return matrix.may(post, place, permission)


def reach_expected(case: cases.Reach) -> str:
    if not _may(case.post, tree.HOUSES[case.unit].place, case.permission):
        return "action_not_permitted"
    return verdicts.ALLOWED if _sees(case.unit, case.owner) else "not_found"


_sees = cache(tree.sees)


def _compared(found: Counter[str], wrong: list[object], name: str, floor: int) -> None:
    total = sum(found.values())
    print(f"{name}: {total} cases, {found[verdicts.ALLOWED]} allowed; {dict(found)}")
    assert not wrong, wrong[:5]
    assert total >= floor


def test_every_position_at_every_unit_reaches_exactly_what_the_manual_gives_it() -> None:
    found: Counter[str] = Counter()
    wrong = []
    for case in cases.reaches(MATRIX.permissions):
        got = ENGINE.reach(*case)
        found[got] += 1
        if got != reach_expected(case):
            wrong.append((case, got))
    _compared(found, wrong, "position × unit × owner × permission", REACH_FLOOR)
    kinds = {(tree.HOUSES[one].place, tree.relation(one, other)) for one in tree.HOUSES for other in tree.HOUSES}
    assert len(kinds) >= RELATIONS


def test_every_step_on_every_amount_is_whose_the_manual_says() -> None:
    found: Counter[str] = Counter()
    wrong = []
    lifted = cases.steps(("claim_payment",), ("liability",), cases.TRIGGERS)
    for act in (*cases.steps(verdicts.ON_A_CLAIM), *lifted):
        got = ENGINE.judge(act)
        found[got] += 1
        if got != verdicts.verdict(act):
            wrong.append((act, got, verdicts.verdict(act)))
    _compared(found, wrong, "kind × line × band × owner × trigger × step × person × act", STEP_FLOOR)
    assert set(found) == {
        "allowed", "action_not_permitted", "authority_exceeded", "below_required_level", "not_found", "wrong_step",
    }  # fmt: skip


def test_no_duty_no_state_and_no_delegator_opens_a_step_that_the_manual_closes() -> None:
    found: Counter[str] = Counter()
    wrong = []
    for act in cases.persons_and_states():
        expected = verdicts.verdict(act)
        for behalf in (None, "somebody else"):
            got = ENGINE.judge(act, acting_for=behalf)
            found[got] += 1
            if got != expected:
                wrong.append((act, behalf, got, expected))
    _compared(found, wrong, "duty × state × delegator × step × person × act", PERSON_FLOOR)


def test_every_chain_is_that_of_the_manual() -> None:
    found = [(ENGINE.course(*case), verdicts.course(*case), case) for case in cases.chains(ALL_LADDERS)]
    print(f"kind × line × band × owner: {len(found)} chains")
    assert not [one for one in found if one[0] != one[1]]
    assert len(found) >= CHAIN_FLOOR


def test_the_explanation_says_what_the_manual_says() -> None:
    found: Counter[str] = Counter()
    wrong = []
    for case in cases.questions(ALL_LADDERS):
        got, expected = ENGINE.told(*case), verdicts.told(*case)
        found[got] += 1
        if got != expected:
            wrong.append((case, got, expected))
    _compared(found, wrong, "kind × line × band × owner × position × unit × question", ASKED_FLOOR)


def test_the_oracle_knows_nothing_of_the_product() -> None:
    folder = Path(__file__).parent / "oracle"
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                own = name.startswith("tests.security.oracle")
                assert own or name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"
            assert not (isinstance(node, ast.Name) and node.id == "open"), f"{path.name} reads a file"
    assert set(posts.WHERE) == set(MATRIX.positions)
