"""The log of an API process: one JSON object a line on standard error, as a worker writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import structlog

from services.claims.app import create_app
from tests.support.services import settings_of


async def test_an_api_writes_one_json_line_with_its_name_and_without_numbers_of_persons(
    claims_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings_of("claims", claims_url, tmp_path))
    try:
        raise ValueError("called from 13812345678")
    except ValueError:
        structlog.get_logger().error("failed", exc_info=True)
    await app.state.db.close()
    written = capsys.readouterr()
    assert written.out == ""
    line = json.loads(written.err.strip())
    assert (line["event"], line["service"], line["level"]) == ("failed", "claims", "error")
    assert "ValueError" in line["exception"]
    assert "13812345678" not in written.err


@pytest.fixture
def claims_url() -> str:
    """An address that nobody connects to: building the application opens no connection."""
    return "postgresql+asyncpg://nobody@127.0.0.1:1/none"
