"""Structured logs, one JSON object a line: identifiers, never bodies and never personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.telemetry import trace_id

_ID_NO = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_ACCOUNT = re.compile(r"(?<![0-9A-Fa-f-])[0-9]{16,19}(?![0-9A-Fa-f-])")


def _without_personal_data(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A second belt: whatever looks like an identity number, phone or account never reaches a log."""
    for name, value in line.items():
        if isinstance(value, str):
            for pattern in (_ID_NO, _ACCOUNT, _PHONE):
                value = pattern.sub("***", value)
            line[name] = value
    return line


def _with_trace(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line["trace_id"] = trace_id()
    return line


class _StandardError:
    """One write for each line, to whatever standard error is at that moment."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    log = debug = info = warn = warning = error = critical = exception = fatal = msg


_deployable = "unnamed"


def _with_service(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line.setdefault("service", _deployable)
    return line


_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _with_service,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _with_trace,
    structlog.processors.format_exc_info,
    _without_personal_data,
    structlog.processors.JSONRenderer(ensure_ascii=False),
]


def configure(service: str, *, level: int = logging.INFO) -> None:
    """Write this process's logs to standard error, with the deployable's name on every line."""
    global _deployable
    _deployable = service
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _StandardError(),
        cache_logger_on_first_use=True,
    )
