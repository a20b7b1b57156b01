"""Header fields: what is refused at the edge, what is passed on, and what comes back. Everything else stays here.

The gateway writes the next request anew. Framing, addresses, cookies, and whatever claims an identity never travel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from functools import lru_cache

from shared.errors import Fault, MalformedRequest, Problem, Text, UnsupportedMediaType

MAX_COUNT = 100
MAX_BYTES = 16 * 1024

FORWARDED = frozenset(
    (
        b"content-type", b"accept", b"accept-language", b"if-match", b"if-none-match", b"idempotency-key", b"range",
        b"last-event-id",
    )
)  # fmt: skip
"""Of the client's fields; `Authorization`, `X-Request-Id`, `traceparent` and the length are the gateway's own."""

RETURNED = frozenset(
    (
        "content-type", "content-length", "content-language", "content-disposition", "content-range", "accept-ranges",
        "cache-control", "etag", "last-modified", "vary", "location", "link", "retry-after", "allow", "accept-patch",
        "www-authenticate", "idempotency-replayed", "repr-digest", "x-content-type-options", "deprecation", "sunset",
    )
)  # fmt: skip

_RETURNED = frozenset(name.encode() for name in RETURNED)

_KEEPS = frozenset((b"close", b"keep-alive"))
_WEIGHED = frozenset((b"content-length", b"transfer-encoding", b"connection", b"content-encoding"))
_QUERY = re.compile(rb"[\x21-\x7e]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")

Headers = Sequence[tuple[bytes, bytes]]


class HeadersTooLarge(Problem):
    """Members: `max_count` and `max_bytes`."""

    status = 431
    code = "headers_too_large"
    title = Text("请求头过大", "The header is too large")
    detail = Text(
        "请求头最多 {max_count} 项、{max_bytes} 字节。",
        "A request has at most {max_count} header fields of {max_bytes} bytes in all.",
    )


def refuse_unclean(raw_path: bytes, query: bytes, headers: Headers, hosts: Iterable[str], method: str) -> None:
    """Refuse what two readers could read differently, before anybody reads it.

    Raises `HeadersTooLarge`, `MalformedRequest`, `UnsupportedMediaType`; a fault names the field.
    """
    size = len(raw_path) + len(query)
    for name, value in headers:
        size += len(name) + len(value)
    if len(headers) > MAX_COUNT or size > MAX_BYTES:
        raise HeadersTooLarge(max_count=MAX_COUNT, max_bytes=MAX_BYTES)
    if not _QUERY.fullmatch(query):
        raise MalformedRequest()
    if _plain(headers, tuple(hosts), method):
        return
    faulty = sorted(set(_faulty(headers, tuple(hosts), method)))
    if faulty:
        raise MalformedRequest(*(_fault(name) for name in faulty))
    if any(value.strip().lower() != b"identity" for value in values(headers, b"content-encoding")):
        words = Text("请求体不得压缩。", "Send the body without a content coding.")
        raise UnsupportedMediaType(Fault("content_encoding", words, header="Content-Encoding"))


def _plain(headers: Headers, hosts: tuple[str, ...], method: str) -> bool:
    """Whether one look is enough: no field twice, a read without a body, and nothing else that has to be weighed."""
    once = dict(headers)
    return (
        len(once) == len(headers)
        and method == "GET"
        and _WEIGHED.isdisjoint(once)
        and b"_" not in b"".join(once)
        and b"host" in once
        and _served(once[b"host"].decode("latin-1"), hosts)
    )


def _fault(name: str) -> Fault:
    return Fault("malformed_header", Text("该请求头不被接受。", "This header field is not accepted."), header=name)


def _faulty(headers: Headers, hosts: tuple[str, ...], method: str) -> Iterator[str]:
    yield from (name.decode("latin-1") for name, _ in headers if b"_" in name)
    named = values(headers, b"host")
    if len(named) != 1 or not _served(named[0].decode("latin-1"), hosts):
        yield "Host"
    yield from _faulty_framing(headers, method)
    kept = {part.strip().lower() for value in values(headers, b"connection") for part in value.split(b",")}
    if not kept <= _KEEPS:
        yield "Connection"
    for name in ("authorization", "content-type", "idempotency-key", "if-match", "traceparent", "x-request-id"):
        if len(values(headers, name.encode())) > 1:
            yield name.title()


def _faulty_framing(headers: Headers, method: str) -> Iterator[str]:
    lengths, codings = values(headers, b"content-length"), values(headers, b"transfer-encoding")
    if codings and (lengths or [one.strip().lower() for one in codings] != [b"chunked"]):
        yield "Transfer-Encoding"
    plain = len(lengths) <= 1 and all(_LENGTH.fullmatch(one) for one in lengths)
    if not plain or (method in ("GET", "HEAD") and (codings or any(int(one) for one in lengths))):
        yield "Content-Length"


@lru_cache(maxsize=256)
def _served(host: str, hosts: tuple[str, ...]) -> bool:
    name = host.rpartition(":")[0] if re.search(r":[0-9]{1,5}$", host) else host
    known = re.fullmatch(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\]", name) is not None
    return known and any(fnmatch(name.lower(), one.lower()) for one in hosts)


def values(headers: Headers, name: bytes) -> list[bytes]:
    """Every value of the field `name` (lower case)."""
    return [value for known, value in headers if known == name]


def onward(headers: Headers, *, token: str | None, request_id: str, traceparent: str) -> list[tuple[bytes, bytes]]:
    """The header fields of the next request. `token` None: a public route, nobody is stated."""
    kept = [pair for pair in headers if pair[0] in FORWARDED]
    kept += ((b"x-request-id", request_id.encode()), (b"traceparent", traceparent.encode()))
    if token is not None:
        kept.append((b"authorization", b"Bearer " + token.encode()))
    return kept


def back(answered: Headers) -> list[tuple[bytes, bytes]]:
    """The header fields of an answer (names in lower case) as the client gets them; `Location` only where it stays
    below this address."""
    kept, encoded = [], False
    for pair in answered:
        name, value = pair
        if name == b"content-encoding":
            encoded = True
        elif name in _RETURNED:
            if name == b"location" and (not value.startswith(b"/") or value.startswith(b"//")):
                continue
            kept.append(pair)
    return [pair for pair in kept if pair[0] != b"content-length"] if encoded else kept
