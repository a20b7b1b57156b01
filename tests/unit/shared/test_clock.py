"""Instants as the platform writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.clock import rfc3339


@pytest.mark.parametrize(
    ("microsecond", "fraction"), [(0, ""), (1, ""), (999, ""), (1_000, ".001"), (123_456, ".123"), (999_999, ".999")]
)
def test_an_instant_keeps_its_text_when_it_is_read_back_and_written_again(microsecond: int, fraction: str) -> None:
    written = rfc3339(datetime(2026, 11, 21, 18, 21, 9, microsecond, tzinfo=UTC))
    assert written == f"2026-11-22T02:21:09{fraction}+08:00"
    assert rfc3339(datetime.fromisoformat(written)) == written
