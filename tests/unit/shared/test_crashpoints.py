"""Crash points do nothing unless a test's environment names them, and never in production."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shared.crashpoints import CrashPointForbidden, crashpoint, refuse_in_production

PASSES = (
    "from shared.crashpoints import crashpoint\nfor n in range(3):\n    print(n, flush=True)\n    crashpoint('a.b')\n"
)


def run(value: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CRASHPOINT": value}
    return subprocess.run([sys.executable, "-c", PASSES], env=environment, capture_output=True, text=True, timeout=30)


def test_the_process_dies_at_the_named_pass_like_one_that_was_killed() -> None:
    assert (run("a.b").returncode, run("a.b").stdout) == (137, "0\n")
    assert (run("a.b@3").returncode, run("a.b@3").stdout) == (137, "0\n1\n2\n")


def test_another_name_or_none_changes_nothing() -> None:
    assert (run("a.c").returncode, run("").returncode) == (0, 0)
    crashpoint("a.b")


def test_production_refuses_to_start_with_a_crash_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHPOINT", "outbox.after_commit")
    refuse_in_production()
    monkeypatch.setenv("ANLAN_ENVIRONMENT", "production")
    with pytest.raises(CrashPointForbidden):
        refuse_in_production()
    monkeypatch.delenv("CRASHPOINT")
    refuse_in_production()
