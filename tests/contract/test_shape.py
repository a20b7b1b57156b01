"""Budgets, names and bans. Each rule is shown to break on a planted violation before it is trusted on the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract import shape_rules
from tests.contract.import_graph import ROOT

SOUND = {
    "shared/money.py": "from decimal import Decimal\n\nCENT = Decimal('0.01')\n",
    "shared/clock.py": "from datetime import UTC, datetime\n\n\ndef process_now():\n    return datetime.now(UTC)\n",
    "services/__init__.py": "",
    "services/claims/app.py": "",
    "services/claims/consumers/risk.py": "",
    "services/claims/intake/rules/periods.py": "def due(now):\n    return now\n",
    "services/claims/intake/routes.py": (
        "@room.posts('/v1/claims', ClaimOut)\nasync def report_claim(body):\n"
        + '    """'
        + "\n".join(["    Many words."] * 12)
        + '\n    """\n    return body\n'
    ),
    "services/claims/migrations/versions/20260101_0900_first.py": "x = 1\n" * 400,
    "gateway/forwarding/breaker.py": "",
    "docs/index.md": "Policies are issued under /v1/policies; work items are served at /internal/work-items.\n",
}

LONG_FUNCTION = "def long():\n" + "    x = 1\n" * 40
LONG_ROUTE = "@room.reads('/v1/claims', Page)\nasync def claims():\n" + "    x = 1\n" * 12

VIOLATIONS = [
    ("files_are_short", "shared/outbox.py", "x = 1\n" * 301),
    ("files_are_short", "tests/unit/test_long.py", "x = 1\n" * 301),
    ("functions_are_short", "services/claims/intake/handlers.py", LONG_FUNCTION),
    (
        "functions_are_short",
        "services/claims/intake/handlers.py",
        "class Room:\n    async " + "def f(self):\n" + "        x = 1\n" * 40,
    ),
    ("routes_are_thin", "services/claims/intake/routes.py", LONG_ROUTE),
    ("shared_is_small", "shared/outbox.py", "x = 1\n" * 6901),
    ("rooms_have_the_known_files", "services/claims/intake/validators.py", ""),
    ("rooms_have_the_known_files", "services/claims/intake/parts/rules.py", ""),
    ("rooms_have_the_known_files", "services/claims/models.py", ""),
    ("rooms_have_the_known_files", "gateway/identity/logic.py", ""),
    ("rooms_have_the_known_files", "gateway/models.py", ""),
    ("names_say_what_a_thing_is", "shared/utils.py", ""),
    ("names_say_what_a_thing_is", "tests/support/helpers.py", ""),
    ("names_say_what_a_thing_is", "services/claims/intake/handlers.py", "class ClaimService:\n    x = 1\n"),
    ("time_is_an_argument", "services/claims/intake/handlers.py", "import datetime\nx = datetime.datetime.now(None)\n"),
    ("time_is_an_argument", "gateway/identity/tokens.py", "from datetime import date\nx = date.today()\n"),
    ("banned_packages_stay_out", "tests/service/test_a.py", "from fastapi.testclient import TestClient\n"),
    ("banned_packages_stay_out", "tests/service/test_a.py", "from fastapi import testclient\n"),
    ("banned_packages_stay_out", "gateway/identity/passwords.py", "import passlib.hash\n"),
    ("banned_packages_stay_out", "gateway/identity/tokens.py", "from jose import jwt\n"),
    ("money_is_never_a_float", "shared/money.py", "x = float('1')\n"),
    ("money_is_never_a_float", "services/claims/intake/rules.py", "from shared.money import half_up\nx = 0.5\n"),
    ("money_is_never_a_float", "services/claims/intake/rules.py", "from shared import money\nx: float\n"),
    ("texts_name_no_machine", "docs/index.md", "See /" + "home/anna/anlan/README.md\n"),
    ("texts_name_no_machine", "Makefile", "x = /" + "root/anlan\n"),
    ("texts_name_no_registry", "requirements/run.lock", "--index-url https://" + "pypi" + ".org/simple\n"),
    ("texts_speak_of_the_project_alone", "docs/index.md", "As the hand" + "book says.\n"),
]


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("rule", shape_rules.RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule_of_shape(rule):
    violations = "\n".join(rule(ROOT))
    assert not violations, violations


@pytest.mark.parametrize("rule", shape_rules.RULES, ids=lambda rule: rule.__name__)
def test_a_sound_tree_passes_the_rule_of_shape(rule, tmp_path):
    assert list(rule(plant(tmp_path, SOUND))) == []


@pytest.mark.parametrize(("rule", "file", "text"), VIOLATIONS, ids=[f"{rule}-{file}" for rule, file, _ in VIOLATIONS])
def test_a_planted_violation_breaks_the_rule_of_shape(rule, file, text, tmp_path):
    assert list(getattr(shape_rules, rule)(plant(tmp_path, SOUND | {file: text}))) != []


def test_every_rule_of_shape_has_a_planted_violation():
    assert {rule.__name__ for rule in shape_rules.RULES} == {rule for rule, _, _ in VIOLATIONS}


def test_every_exception_names_a_reason_and_something_that_can_exist():
    for path, reason in shape_rules.OWN_NAMES.items():
        assert len(reason) > 20
        assert path.startswith(("gateway/", "services/"))


def test_the_rules_of_shape_read_the_whole_project():
    texts = dict(shape_rules.tracked_texts(ROOT))
    assert {"pyproject.toml", "Makefile", "requirements/run.lock", "shared/errors.py"} <= texts.keys()
