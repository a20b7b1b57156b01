"""The promise to frontend teams: typed clients can be generated, and what the example does exists.

The compiler comes from another registry than everything else here, so that the run for every change does not install
it: `make client` does. Where it is installed, the example is compiled here too; where not, the last test counts as
`xfailed` with the reason, never as passed.
"""

from __future__ import annotations

import json
import re

import pytest

from scripts import typescript_client
from scripts.deployables import ROOT

FOLDER = typescript_client.FOLDER


def test_every_path_of_the_example_is_one_of_the_document():
    paths = json.loads((ROOT / "gateway/catalogue/openapi.json").read_text(encoding="utf-8"))["paths"]
    calls = re.findall(r'client\.(GET|POST|PUT|PATCH|DELETE)\("([^"]+)"', (FOLDER / "example.ts").read_text("utf-8"))
    assert {path for _, path in calls} >= {"/v1/session", "/v1/work-items", "/v1/claims"}
    assert "/v1/claims/{claim_id}/approvals" in {path for _, path in calls}
    for method, path in calls:
        assert method.lower() in paths[path], f"{method} {path}"


def test_the_tools_are_pinned_with_hashes_and_no_address():
    told = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    wanted = told["dependencies"] | told["devDependencies"]
    assert all(re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version) for version in wanted.values())
    for name, version in wanted.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name


def test_the_example_compiles_against_the_generated_types(capfd: pytest.CaptureFixture[str]):
    if typescript_client.node_folder() is None or not typescript_client.installed():
        pytest.xfail("the compiler is not installed here: `make client` installs it and compiles the example")
    assert typescript_client.main(["--offline"]) == 0, capfd.readouterr()
