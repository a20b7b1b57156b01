"""The whole run fails where a folder of tests carried nothing out, or skipped something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.contract.import_graph import ROOT

PASSES = "def test_a():\n    assert True\n"
SKIPS = "import pytest\n\n@pytest.mark.skip(reason='no engine here')\ndef test_b():\n    assert True\n"


def run(root: Path, files: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    (root / "pytest.ini").write_text("[pytest]\ntestpaths = tests/unit tests/service\n")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "scripts.every_folder", "-p", "no:cacheprovider", *arguments],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def test_a_run_in_which_every_folder_passed_is_green(tmp_path):
    code, lines = run(tmp_path, {"tests/unit/test_a.py": PASSES, "tests/service/test_s.py": PASSES}, "-n", "2")
    assert code == 0
    assert "2 passed" in lines[-1]


def test_an_absent_folder_fails_the_run(tmp_path):
    code, lines = run(tmp_path, {"tests/unit/test_a.py": PASSES})
    assert code == 1
    assert "1 passed, 1 error" in lines[-1]
    assert "ERROR tests/service - nothing was carried out" in lines


def test_a_folder_that_skipped_all_its_tests_fails_the_run(tmp_path):
    code, lines = run(tmp_path, {"tests/unit/test_a.py": PASSES, "tests/service/test_s.py": SKIPS}, "-n", "2")
    assert code == 1
    assert "ERROR tests/service - nothing was carried out" in lines


def test_a_single_skipped_test_fails_the_run(tmp_path):
    code, lines = run(tmp_path, {"tests/unit/test_a.py": PASSES + SKIPS, "tests/service/test_s.py": PASSES})
    assert code == 1
    assert "ERROR tests/unit/test_a.py::test_b - Skipped: no engine here" in lines
