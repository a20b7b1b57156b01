"""The tree of refusals.

    Problem                         every answer of 4xx and 5xx
    ├── Unreadable            400   malformed_request, idempotency_key_missing
    ├── NotSignedIn           401   token_invalid, step_up_required
    ├── Forbidden             403   action_not_permitted, authority_exceeded, separation_of_duties
    ├── NotFound              404   not_found: unknown and out of scope look the same
    ├── Conflict              409   state_conflict and the services' own order and state refusals
    ├── VersionStale          412
    ├── Refused               422   validation_failed and the services' own refusals of content
    ├── IfMatchMissing        428
    ├── RateLimited           429
    └── Failure               5xx   internal_error, service_unavailable, upstream_timeout

A rule raises one class per reason; the class carries status, code and both texts, and the members given to it
become the extension members of the answer. Nothing here knows HTTP or a framework.
"""

from __future__ import annotations

from typing import Any

from shared.problem import Fault, Problem, Text, all_problems

__all__ = ["Fault", "Problem", "Text", "all_problems"]


class Unreadable(Problem):
    status = 400


class MalformedRequest(Unreadable):
    code = "malformed_request"
    title = Text("请求无法读取", "The request cannot be read")
    detail = Text("请求体或请求头格式错误。", "The body or a header is malformed.")


class IdempotencyKeyMissing(Unreadable):
    code = "idempotency_key_missing"
    title = Text("缺少幂等键", "Idempotency-Key is missing")
    detail = Text("该请求必须携带 Idempotency-Key。", "This request needs an Idempotency-Key.")


class NotSignedIn(Problem):
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}


class TokenInvalid(NotSignedIn):
    code = "token_invalid"
    title = Text("登录已失效", "The token is not valid")
    detail = Text("令牌缺失、过期或已被撤销。", "The token is missing, expired or withdrawn.")


class StepUpRequired(NotSignedIn):
    code = "step_up_required"
    title = Text("需要再次验证密码", "The password is wanted again")
    detail = Text("该操作要求 5 分钟内验证过密码。", "This act needs the password within the last 5 minutes.")
    headers = {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", max_age=300'}


class Forbidden(Problem):
    """A refusal of this caller, never of the record's existence or state."""

    status = 403


class ActionNotPermitted(Forbidden):
    code = "action_not_permitted"
    title = Text("本岗位无权办理", "This position may not do that")
    detail = Text("本岗位不能办理该事项。", "This position may never do this.")


class AuthorityExceeded(Forbidden):
    """Members: `limit`, `amount` (strings of yuan) and `could_decide` (positions at units, nearest first)."""

    code = "authority_exceeded"
    title = Text("超出权限金额", "Amount exceeds your authority")
    detail = Text("金额 {amount} 元超出本岗位权限 {limit} 元。", "{amount} exceeds your limit of {limit}.")


class SeparationOfDuties(Forbidden):
    """Member: `conflicting_duty`, the duty this person already had on the record."""

    code = "separation_of_duties"
    title = Text("岗位不相容", "Separation of duties")
    detail = Text(
        "同一人不能兼任该记录上不相容的职责({conflicting_duty})。",
        "This person already had a duty on the record that must be separate ({conflicting_duty}).",
    )


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = Text("未找到", "Not found")
    detail = Text("没有找到该记录。", "There is no such record.")


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = Text("不支持该方法", "Method not allowed")
    detail = Text("该地址不支持此方法，见 Allow。", "The path does not have this method; see Allow.")


class NotAcceptable(Problem):
    status = 406
    code = "not_acceptable"
    title = Text("无法按要求的格式答复", "Accept cannot be met")
    detail = Text("无法提供 Accept 所要求的格式。", "The asked-for media type cannot be given.")


class Conflict(Problem):
    status = 409


class StateConflict(Conflict):
    """Members: `current_state` and `legal_moves`."""

    code = "state_conflict"
    title = Text("当前状态不允许", "Not in this state")
    detail = Text(
        "记录状态为 {current_state}，不能办理；可转入：{legal_moves}。",
        "The record is {current_state}; from here it can become: {legal_moves}.",
    )


class IdempotencyKeyInProgress(Conflict):
    code = "idempotency_key_in_progress"
    title = Text("相同请求正在处理", "The same request is still running")
    detail = Text("使用同一 Idempotency-Key 的请求尚未完成。", "A request with this Idempotency-Key is still running.")
    headers = {"Retry-After": "1"}


class VersionStale(Problem):
    """Member: `current_version`."""

    status = 412
    code = "version_stale"
    title = Text("记录已被更改", "The record has changed")
    detail = Text(
        "该记录当前版本为 {current_version}，请重新读取后再操作。",
        "The record is at version {current_version}; read it again and decide again.",
    )


class BodyTooLarge(Problem):
    """Member: `max_bytes`."""

    status = 413
    code = "body_too_large"
    title = Text("请求体过大", "The body is too large")
    detail = Text("请求体超过 {max_bytes} 字节。", "The body exceeds {max_bytes} bytes.")


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"
    title = Text("不支持的媒体类型", "Unsupported media type")
    detail = Text("不支持该 Content-Type。", "This Content-Type is not supported.")


class Refused(Problem):
    """Understood, but the content is refused."""

    status = 422


class ValidationFailed(Refused):
    code = "validation_failed"
    title = Text("请求包含无效的值", "The request contains invalid values")
    detail = Text("{count} 个值被拒绝。", "{count} value(s) refused.")

    def __init__(self, *faults: Fault, **members: Any) -> None:
        super().__init__(*faults, **members)
        self.shown_count = len(faults)

    def text(self, language: str) -> str:
        return getattr(self.detail, language).format(count=self.shown_count)


class UnknownProperty(ValidationFailed):
    code = "unknown_property"
    title = Text("未知的属性", "Unknown property")
    detail = Text("{count} 个属性不被支持。", "{count} member(s) of the body are not known.")


class UnknownParameter(ValidationFailed):
    code = "unknown_parameter"
    title = Text("未知的查询参数", "Unknown query parameter")
    detail = Text("{count} 个查询参数不被支持。", "{count} query parameter(s) are not known.")


class InvalidParameter(ValidationFailed):
    code = "invalid_parameter"
    title = Text("查询参数的值无效", "Invalid query parameter")
    detail = Text("{count} 个查询参数的值被拒绝。", "{count} query parameter(s) refused.")


class CursorInvalid(Refused):
    code = "cursor_invalid"
    title = Text("游标无效", "The cursor is not valid")
    detail = Text(
        "游标已过期、被改动或与筛选条件不符。", "The cursor expired, was altered, or belongs to other filters."
    )


class ReferenceNotFound(Refused):
    """An id or number inside the body that is unknown or out of scope; the fault says which."""

    code = "reference_not_found"
    title = Text("引用的记录不存在", "A referenced record does not exist")
    detail = Text("没有找到所引用的记录。", "A record that the request refers to was not found.")

    @classmethod
    def at(cls, pointer: str) -> ReferenceNotFound:
        """The refusal of the reference that stands at `pointer`, for example `#/policy_no`."""
        return cls(Fault(cls.code, Text("没有找到该记录。", "There is no such record."), pointer=pointer))


class IdempotencyKeyReused(Refused):
    code = "idempotency_key_reused"
    title = Text("幂等键已用于其他请求", "The key was used for another request")
    detail = Text(
        "同一个 Idempotency-Key 不能用于内容不同的请求。",
        "One Idempotency-Key cannot serve requests with different content.",
    )


class OccurredInFuture(Refused):
    code = "occurred_in_future"
    title = Text("发生时间晚于现在", "The moment lies in the future")
    detail = Text("发生时间不能晚于当前时间。", "A fact cannot have happened later than now.")


class ReasonRequired(Refused):
    code = "reason_required"
    title = Text("需要说明原因", "A reason is needed")
    detail = Text("补录的事项必须说明原因。", "A fact recorded later than it happened needs a reason.")


class IfMatchMissing(Problem):
    status = 428
    code = "if_match_missing"
    title = Text("缺少 If-Match", "If-Match is missing")
    detail = Text("更改记录必须携带其版本(If-Match)。", "A change of a record needs its version in If-Match.")


class RateLimited(Problem):
    """Member: `retry_after` in seconds."""

    status = 429
    code = "rate_limited"
    title = Text("请求过于频繁", "Too many requests")
    detail = Text("请在 {retry_after} 秒后重试。", "Try again in {retry_after} seconds.")

    def response_headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.members.get("retry_after", 1))}


class Failure(Problem):
    """Not the caller's fault."""


class InternalError(Failure):
    code = "internal_error"
    title = Text("系统内部错误", "Internal error")
    detail = Text("系统出现故障，请凭 request_id 报修。", "Something failed on our side; quote the request_id.")


class ServiceUnavailable(Failure):
    status = 503
    code = "service_unavailable"
    title = Text("服务暂不可用", "The service is not available")
    detail = Text("服务暂时不可用，请稍后重试。", "The service is not available; try again shortly.")
    headers = {"Retry-After": "2"}


class UpstreamTimeout(Failure):
    status = 504
    code = "upstream_timeout"
    title = Text("服务未及时答复", "No answer in time")
    detail = Text("结果未知，请用同一幂等键重试。", "The outcome is unknown; repeat with the same Idempotency-Key.")
    headers = {"Retry-After": "2"}
