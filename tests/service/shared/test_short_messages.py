"""Short messages through the HTTP interface of a provider of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from shared import notices
from shared.notice_adapters import HttpSms, look_up_of

ROW = {"id": "0198", "channel": "sms", "address": "13800001234", "subject": "", "body": "【理赔】已受理", "tries": 0}


class Provider(BaseHTTPRequestHandler):
    """Takes messages, each id once; answers as it is told."""

    answers: ClassVar[list[tuple[int, Any]]] = []
    asked: ClassVar[list[tuple[str, str, dict[str, str], Any]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
        status, told = self.answers.pop(0)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(told.encode() if isinstance(told, str) else json.dumps(told).encode())

    do_POST = do_GET = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setattr(Provider, "answers", [])
    monkeypatch.setattr(Provider, "asked", [])
    token = tmp_path / "token"
    token.write_text("secret-token\n", encoding="ascii")
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(
            notice_adapter="smtp", smtp_address="127.0.0.1:25", smtp_sender="a@b.example", smtp_user="",
            smtp_tls=False, smtp_password_file=None, sms_url=f"http://127.0.0.1:{server.server_address[1]}/messages",
            sms_sender="Anlan", sms_token_file=token, sms_receipts=True,
        )  # fmt: skip
        server.shutdown()


async def test_a_message_is_handed_over_under_the_id_of_its_notice(provider: Any) -> None:
    Provider.answers += [(202, {}), (200, {"state": "delivered"}), (200, "thank you")]
    ways = notices.adapters_of(provider)
    told = [await notices._sent(ways, ROW) for _ in range(3)]
    assert told == [("sent", None), ("delivered", None), ("sent", None)]
    method, path, headers, body = Provider.asked[0]
    assert (method, path, headers["Idempotency-Key"]) == ("POST", "/messages", "0198")
    assert headers["Authorization"] == "Bearer secret-token"
    assert body == {"id": "0198", "to": "13800001234", "text": "【理赔】已受理", "sender": "Anlan"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((400, {}), ("failed", "address_refused")),
        ((200, {"state": "failed", "code": "blocked"}), ("failed", "blocked")),
        ((409, {}), ("sent", None)), ((503, {}), (None, None)), ((429, {}), (None, None)), ((401, {}), (None, None)),
        ((302, {}), (None, None)),
    ],
)  # fmt: skip
async def test_what_the_provider_says_decides_whether_it_is_tried_again(
    provider: Any, answer: tuple[int, Any], state: tuple[str | None, str | None]
) -> None:
    Provider.answers.append(answer)
    assert await notices._sent(notices.adapters_of(provider), ROW) == state
    assert len(Provider.asked) == 1


async def test_what_became_of_a_message_can_be_asked_later(provider: Any) -> None:
    Provider.answers += [(200, {"state": "delivered"}), (404, {})]
    ask = look_up_of(provider)
    assert ask is not None
    assert ask(ROW) == "delivered"
    assert Provider.asked[0][:2] == ("GET", "/messages/0198")
    assert await notices._sent({"sms": ask}, ROW) == (None, None)


def test_a_silent_provider_is_a_fault_of_the_network(provider: Any) -> None:
    provider.sms_url = "http://127.0.0.1:9/messages"
    with pytest.raises(OSError, match=r"refused|unreachable"):
        HttpSms(provider)(ROW)
