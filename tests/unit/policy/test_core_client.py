"""The reference client for a core policy system: repetitions under one key, and webhooks that are genuine."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx
import pytest

from examples.core_client.client import CoreClient, Refused
from examples.core_client.webhook import NotGenuine, verified_id
from gateway.webhooks.rules import shown_secret, signatures

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
BODY = b'{"id": "1"}'
NOW = 1_790_000_000


def headers(*secrets: bytes, at: int = NOW) -> dict[str, str]:
    return {
        "webhook-id": "e-1", "webhook-timestamp": str(at),
        "webhook-signature": signatures(list(secrets), "e-1", at, BODY),
    }  # fmt: skip


def test_a_message_signed_with_either_secret_of_a_change_is_genuine() -> None:
    for known in ([shown_secret(OLD)], [shown_secret(NEW)], [shown_secret(OLD), shown_secret(NEW)]):
        assert verified_id(headers(OLD, NEW), BODY, known, NOW) == "e-1"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: (headers(OTHER), BODY), lambda: (headers(OLD), BODY + b" "), lambda: (headers(OLD, at=NOW - 301), BODY),
        lambda: (headers(OLD, at=NOW + 301), BODY), lambda: ({}, BODY),
        lambda: (headers(OLD) | {"webhook-id": "e-2"}, BODY),
        lambda: (headers(OLD) | {"webhook-signature": base64.b64encode(b"v1").decode()}, BODY),
    ],
)  # fmt: skip
def test_what_is_not_signed_by_us_or_not_of_now_is_not(wrong: Callable[[], tuple[dict[str, str], bytes]]) -> None:
    told, body = wrong()
    with pytest.raises(NotGenuine):
        verified_id(told, body, [shown_secret(OLD)], NOW)


async def _bearer() -> str:
    return "t"


class Network(httpx.AsyncBaseTransport):
    """Answers as it is told, one after another, and remembers the keys."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.keys = list(answers), list[str]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers.get("idempotency-key", ""))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def ask(network: Network) -> dict[str, object]:
    async with httpx.AsyncClient(transport=network, base_url="http://gateway") as http:
        client = CoreClient(http, _bearer, tries=5, pause_s=0)
        return await client.acknowledge("01a1f6d6-7efd-7996-a614-78f2d14f6094", "accepted")


async def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    running = httpx.Response(409, json={"code": "idempotency_key_in_progress"})
    network = Network(httpx.ReadTimeout("lost"), httpx.Response(503), running, httpx.Response(200, json={"id": "1"}))
    assert await ask(network) == {"id": "1"}
    assert len(network.keys) == 4
    assert len(set(network.keys)) == 1


async def test_what_is_refused_is_not_asked_again_and_what_never_answers_ends() -> None:
    network = Network(httpx.Response(409, json={"code": "answered_otherwise"}))
    with pytest.raises(Refused) as refused:
        await ask(network)
    assert (refused.value.code, len(network.keys)) == ("answered_otherwise", 1)
    with pytest.raises(TimeoutError):
        await ask(Network(*[httpx.ConnectError("gone")] * 5))
