"""The line of an answered request is the one that the processors would write, masks included."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from shared import logging
from shared.telemetry import continue_trace

REQUEST = "01a1f683-27e8-7164-bf7f-13812345678a"
PERSON = "01a1f683-27e8-7164-bf7f-537f439f24b8"


@pytest.fixture
def configured() -> Iterator[None]:
    before, deployable, level = structlog.get_config(), logging._deployable, logging._level
    logging.configure("claims")
    token = logging.request_id.set(REQUEST)
    yield
    logging.request_id.reset(token)
    structlog.configure(**before)
    logging._deployable, logging._level = deployable, level


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("method", "route", "person_id"),
    [
        ("GET", "/v1/claims/{claim_id}", PERSON),
        ("POST", "unmatched", None),
        ("GET", '/v1/"quoted"\\\n\x01/欧阳', PERSON),
        ("GET", "/v1/customers/13812345678", "11010519491231002X"),
        ("GET", "/v1/accounts/6222021234567890123", "6222021234567890123"),
        ("GET", "13812345678", "x13812345678x 138123456789"),
    ],
)
def test_the_access_line_is_what_the_processors_would_write(
    method: str, route: str, person_id: str | None, capsys: pytest.CaptureFixture[str]
):
    with continue_trace("00-11112222333344445555666677778888-00f067aa0ba902b7-01"):
        logging.log_answered(method, route, 200, 0.01234, person_id)
        structlog.get_logger().info(
            "answered", method=method, route=route, status=200, ms=round(0.01234 * 1000, 1), person_id=person_id
        )
    direct, processed = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert len(direct.pop("timestamp")) == len(processed.pop("timestamp"))
    assert direct == processed
    assert list(direct) == [name for name in processed if name in direct]


@pytest.mark.usefixtures("configured")
def test_nothing_is_written_where_the_level_is_higher(capsys: pytest.CaptureFixture[str]):
    logging.configure("claims", level=30)
    logging.log_answered("GET", "/v1/claims", 200, 0.1, None)
    assert capsys.readouterr().err == ""
