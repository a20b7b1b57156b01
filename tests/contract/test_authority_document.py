"""The page about authority is what the data say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/authority.md"


def render(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, "--check"], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_page_about_authority_is_what_the_data_say() -> None:
    checked = render(ROOT / "scripts/render-authority")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_page_that_differs_is_noticed(tmp_path: Path) -> None:
    for folder in ("gateway", "services", "shared", "scripts"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    script = tmp_path / "render-authority"
    text = (ROOT / "scripts/render-authority").read_text("utf-8")
    script.write_text(text.replace("parent.parent", "parent"), "utf-8")
    (tmp_path / "docs").mkdir()
    page = PAGE.read_text("utf-8")
    (tmp_path / "docs/authority.md").write_text(page, "utf-8")
    assert render(script).returncode == 0
    (tmp_path / "docs/authority.md").write_text(page.replace("1,000,000.00", "1,000,000.01", 1), "utf-8")
    assert render(script).returncode == 1
