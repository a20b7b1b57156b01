"""Problem answers (RFC 9457) in Chinese and English: how a refusal of `shared/errors.py` is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shared.errors import (
    Fault,
    InternalError,
    InvalidParameter,
    MalformedRequest,
    Problem,
    Text,
    UnknownProperty,
    ValidationFailed,
)

MEDIA_TYPE = "application/problem+json"

_WORDS: dict[str, Text] = {
    "missing": Text("缺少必填项。", "This value is required."),
    "money_format": Text(
        '金额须为两位小数的字符串，如 "46800.00"。',
        'Send money as a string with exactly two decimals, such as "46800.00".',
    ),
    "rate_format": Text('比率须为小数字符串，如 "0.10"。', 'Send a rate as a decimal string, such as "0.10".'),
    "extra_forbidden": Text("不支持该属性。", "This member is not known."),
    "timezone_aware": Text("时间必须带时区，如 +08:00。", "An instant needs its offset, such as +08:00."),
    "enum": Text("不在允许的取值之内。", "This value is not one of those allowed."),
    "literal_error": Text("不在允许的取值之内。", "This value is not one of those allowed."),
    "uuid_parsing": Text("不是有效的标识。", "This is not an id."),
    "string_too_short": Text("不能为空或过短。", "This text is empty or too short."),
    "string_too_long": Text("文字过长。", "This text is too long."),
    "too_short": Text("项目数量不足。", "There are too few items."),
    "too_long": Text("项目数量过多。", "There are too many items."),
}
_INVALID = Text("该值无效。", "This value is not valid.")


def language_of(accept_language: str | None) -> str:
    """`en` where the caller prefers English over Chinese, else `zh`."""
    best, chosen = 0.0, "zh"
    for part in (accept_language or "").lower().split(","):
        tag, _, weight = part.strip().partition(";")
        try:
            q = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if q > best and tag[:2] in ("zh", "en"):
            best, chosen = q, tag[:2]
    return chosen


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, (set, frozenset, tuple)):
        return [_shown(one) for one in value]
    return value


def _fault(fault: Fault, language: str, members: Mapping[str, Any]) -> dict[str, Any]:
    place = {"pointer": fault.pointer, "parameter": fault.parameter, "header": fault.header}
    where = {name: value for name, value in place.items() if value is not None}
    return {**where, "code": fault.code, "detail": fault.text(language, members), **fault.members}


def body_of(problem: Problem, *, language: str, instance: str, request_id: str) -> dict[str, Any]:
    """The members of the answer, in the order in which people read them."""
    return {
        "type": f"/docs/problems#{problem.code}",
        "title": getattr(problem.title, language),
        "status": problem.status,
        "detail": problem.text(language),
        "instance": instance,
        "code": problem.code,
        "errors": [_fault(one, language, problem.members) for one in problem.faults],
        "request_id": request_id,
        **{name: _shown(value) for name, value in problem.members.items()},
    }


def written(problem: Problem, *, language: str, instance: str, request_id: str) -> tuple[bytes, dict[str, str]]:
    """Body and header fields of the answer."""
    body = json.dumps(
        body_of(problem, language=language, instance=instance, request_id=request_id), ensure_ascii=False, default=str
    )
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Language": "zh-CN" if language == "zh" else "en",
        "Vary": "Accept-Language",
        "Cache-Control": "private, no-store",
        **problem.response_headers(),
    }
    return body.encode(), headers


def from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The one problem that tells all refused values of a request at once, from pydantic's error list."""
    if any(one["type"] == "json_invalid" for one in errors):
        return MalformedRequest()
    in_query = [one for one in errors if one["loc"] and one["loc"][0] in ("query", "path")]
    if in_query:
        return InvalidParameter(*(_of_query(one) for one in in_query))
    faults = [_of_body(one) for one in errors]
    if faults and all(one["type"] == "extra_forbidden" for one in errors):
        return UnknownProperty(*faults)
    return ValidationFailed(*faults)


def _of_query(error: Mapping[str, Any]) -> Fault:
    code, words = _code_of(error)
    parameter = str(error["loc"][1]) if len(error["loc"]) > 1 else ""
    return Fault(code, words, parameter=parameter, members=_allowed(error))


def _of_body(error: Mapping[str, Any]) -> Fault:
    code, words = _code_of(error)
    place, *rest = error["loc"] or ("body",)
    if place == "header":
        return Fault(code, words, header=str(rest[0]) if rest else "", members=_allowed(error))
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in rest]
    return Fault(code, words, pointer="#/" + "/".join(steps), members=_allowed(error))


def _allowed(error: Mapping[str, Any]) -> dict[str, Any]:
    """`expected`: the values of which one is allowed, where there are so few that they are listed."""
    return {"expected": error["ctx"]["expected"]} if error["type"] in ("literal_error", "enum") else {}


def _code_of(error: Mapping[str, Any]) -> tuple[str, Text]:
    kind = error["type"]
    code = "unknown_property" if kind == "extra_forbidden" else kind
    if kind in _WORDS:
        return code, _WORDS[kind]
    return code, Text(_INVALID.zh, error.get("msg") or _INVALID.en)


def unexpected() -> Problem:
    """What a caller is told when we failed: nothing but the request id."""
    return InternalError()
