"""Structured logs, one JSON object a line: identifiers, never bodies and never personal data."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import MutableMapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import structlog

from shared.telemetry import trace_id

_ID_NO = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_ACCOUNT = re.compile(r"(?<![0-9A-Fa-f-])[0-9]{16,19}(?![0-9A-Fa-f-])")
_DIGITS, _AS_ZERO = b"0" * 11, bytes.maketrans(b"123456789", b"0" * 9)
"""Nothing shorter than eleven digits can be any of the three: most lines are looked through once, and quickly."""

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that this context works for."""


def _masked(text: str) -> str:
    if _DIGITS in text.encode(errors="replace").translate(_AS_ZERO):
        for pattern in (_ID_NO, _ACCOUNT, _PHONE):
            text = pattern.sub("***", text)
    return text


def _without_personal_data(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A second belt: whatever looks like an identity number, phone or account never reaches a log."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = _masked(value)
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


def _with_request(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    known = request_id.get()
    if known is not None:
        line.setdefault("request_id", known)
    return line


_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)

_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _with_request,
    _with_service,
    structlog.processors.add_log_level,
    _stamp,
    _with_trace,
    structlog.processors.format_exc_info,
    _without_personal_data,
    structlog.processors.JSONRenderer(ensure_ascii=False),
]


def _instant() -> str:
    """Now, as `_stamp` writes it; all but the fraction stays the same for a second."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


_level = logging.INFO
_text = json.encoder.encode_basestring


def log_answered(method: str, route: str, status: int, seconds: float, person_id: object | None) -> None:
    """The access line of one request, as the processors would write it: there is one for each, always of this form."""
    if _level > logging.INFO:
        return
    # between the quotation marks of JSON each value begins and ends as it does alone, so that one look is enough
    line = _masked(
        f'{{"method": {_text(method)}, "route": {_text(route)}, "status": {status}, "ms": {round(seconds * 1000, 1)}, '
        f'"person_id": {"null" if person_id is None else _text(str(person_id))}, "event": "answered", '
        f'"request_id": {_text(request_id.get() or "")}, "service": {_text(_deployable)}, "level": "info", '
        f'"timestamp": "{_instant()}", "trace_id": "{trace_id()}"}}\n'
    )
    sys.stderr.write(line)


def configure(service: str, *, level: int = logging.INFO) -> None:
    """Write this process's logs to standard error, with the deployable's name on every line."""
    global _deployable, _level
    _deployable, _level = service, level
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _StandardError(),
        cache_logger_on_first_use=True,
    )
