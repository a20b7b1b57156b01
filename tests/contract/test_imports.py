"""Import contracts. Each rule is shown to break on a planted violation before it is trusted on the product."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.contract import import_rules
from tests.contract.import_graph import PACKAGES, read_modules
from tests.contract.rooms import ROOMS

ORDER = {"services.claims": ("claim", "intake", "approval"), "services.risk": ("site",), "gateway": ("identity",)}

SOUND = {
    "shared/errors.py": "",
    "shared/database.py": "import sqlalchemy",
    "shared/messaging.py": "import nats",
    "gateway/identity/handlers.py": "import argon2\nfrom shared import database",
    "services/claims/app.py": "from services.claims.intake import routes",
    "services/claims/events.py": "from services.claims.claim.rules import Status",
    "services/claims/claim/rules.py": "from enum import StrEnum\nfrom shared import errors",
    "services/claims/claim/tables.py": "import sqlalchemy\nfrom services.claims.claim import rules",
    "services/claims/intake/rules.py": (
        "from typing import TYPE_CHECKING\nfrom services.claims.claim.rules import Status\n"
        "if TYPE_CHECKING:\n    from services.claims.claim.tables import Claim\n"
    ),
    "services/claims/intake/handlers.py": (
        "from services.claims import events\nfrom services.claims.claim.tables import Claim\n"
        "from services.claims.intake import rules\n"
    ),
    "services/claims/intake/routes.py": "import fastapi\nfrom services.claims.intake import handlers",
    "services/risk/site/rules.py": "",
    "embedded/demonstration.py": "import httpx\nfrom shared import errors",
}

VIOLATIONS = [
    ("services_are_independent", "services/claims/intake/queries.py", "from services.risk.site import rules"),
    ("services_are_independent", "services/risk/worker.py", "def late():\n    import services.claims.events"),
    ("shared_knows_nobody", "shared/outbox.py", "from services.claims import events"),
    ("shared_knows_nobody", "shared/outbox.py", "import gateway.identity.handlers"),
    ("gateway_and_services_do_not_meet", "gateway/app.py", "from services.claims import app"),
    ("gateway_and_services_do_not_meet", "services/claims/worker.py", "from gateway.identity import handlers"),
    ("the_launcher_stands_alone", "embedded/seed.py", "from services.claims.claim.tables import Claim"),
    ("the_launcher_stands_alone", "services/claims/worker.py", "from embedded import demonstration"),
    ("the_jobs_of_a_deployment_stand_outside", "deploy/provision.py", "from gateway.settings import GatewaySettings"),
    ("the_jobs_of_a_deployment_stand_outside", "shared/outbox.py", "import deploy.streams"),
    ("rules_are_pure", "services/claims/intake/rules.py", "from sqlalchemy import select"),
    ("rules_are_pure", "services/claims/intake/rules.py", "import pydantic"),
    ("rules_are_pure", "services/claims/intake/rules.py", "import os"),
    ("rules_are_pure", "services/claims/intake/rules.py", "from shared import database"),
    ("rules_are_pure", "services/claims/intake/rules.py", "from services.claims.claim.tables import Claim"),
    ("rules_are_pure", "services/claims/intake/rules/period.py", "import httpx"),
    ("rules_are_pure", "gateway/identity/rules.py", "import argon2"),
    ("rooms_keep_their_order", "services/claims/claim/handlers.py", "from services.claims.intake import rules"),
    ("rooms_keep_their_order", "services/claims/claim/rules.py", "from services.claims.intake.rules import admit"),
    ("rooms_keep_their_order", "services/claims/kitchen/rules.py", ""),
    ("rooms_keep_their_order", "services/claims/intake/handlers.py", "from services.claims import app"),
    ("layers_point_downwards", "services/claims/intake/queries.py", "from services.claims.intake import handlers"),
    ("layers_point_downwards", "services/claims/intake/handlers.py", "from services.claims.intake import routes"),
    ("layers_point_downwards", "services/claims/intake/schemas.py", "from services.claims.claim import tables"),
    ("layers_point_downwards", "services/claims/intake/tables.py", "from services.claims.intake import queries"),
    ("use_cases_know_no_framework", "services/claims/intake/handlers.py", "from fastapi import Request"),
    ("use_cases_know_no_framework", "services/claims/intake/tables.py", "import starlette.requests"),
    ("use_cases_know_no_framework", "services/claims/events.py", "import nats.js"),
    ("use_cases_know_no_framework", "services/claims/consumers.py", "import nats"),
    ("use_cases_know_no_framework", "services/claims/consumers/risk.py", "import fastapi"),
    (
        "the_clock_is_an_argument",
        "services/claims/intake/handlers.py",
        "from shared.clock import process_now\nprocess_now()",
    ),
    ("the_clock_is_an_argument", "services/claims/intake/rules.py", "from shared import clock\nclock.process_now()"),
    ("libraries_stay_in_their_place", "shared/outbox.py", "from nats.js.api import PubAck"),
    ("libraries_stay_in_their_place", "shared/notices.py", "import aiohttp"),
    ("libraries_stay_in_their_place", "gateway/authority/handlers.py", "import argon2"),
    ("libraries_stay_in_their_place", "services/claims/app.py", "from joserfc import jwt"),
    ("httpx_has_one_door", "shared/notices.py", "import httpx"),
]


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("rule", import_rules.RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_import_rule(rule):
    violations = "\n".join(rule(read_modules(), ROOMS))
    assert not violations, violations


@pytest.mark.parametrize("rule", import_rules.RULES, ids=lambda rule: rule.__name__)
def test_a_sound_tree_passes_the_import_rule(rule, tmp_path):
    assert list(rule(read_modules(plant(tmp_path, SOUND)), ORDER)) == []


@pytest.mark.parametrize(("rule", "file", "text"), VIOLATIONS)
def test_a_planted_violation_breaks_the_import_rule(rule, file, text, tmp_path):
    planted = plant(tmp_path, SOUND | {file: text})
    assert list(getattr(import_rules, rule)(read_modules(planted), ORDER)) != []


@pytest.mark.parametrize("name", import_rules.PURE_SHARED)
def test_what_rules_may_use_of_shared_is_pure_itself(name):
    """Whatever rules may import must reach neither database nor framework, directly or through another module."""
    modules, seen, waiting = read_modules(), set(), [name]
    while waiting:
        one = waiting.pop()
        seen.add(one)
        used = {each.target for each in modules[one].imports if not each.typing_only}
        assert not {each for each in used if each.split(".")[0] in import_rules.IMPURE_LIBRARIES}, one
        waiting += [each for each in used if each in modules and each not in seen]


def test_every_import_rule_has_a_planted_violation():
    assert {rule.__name__ for rule in import_rules.RULES} == {rule for rule, _, _ in VIOLATIONS}


def test_the_graph_holds_the_whole_product():
    modules = read_modules()
    assert "shared.errors" in modules
    assert {name.split(".")[0] for name in modules} == set(PACKAGES)
    assert any(used.target == "shared.errors" for module in modules.values() for used in module.imports)


def test_no_installed_package_brings_one_of_our_top_level_names():
    assert {name for name in packages_distributions() if name in (*PACKAGES, "tests", "scripts")} == set()
