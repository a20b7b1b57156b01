"""Notices by mail, to a server of their own."""

from __future__ import annotations

import socketserver
import threading
from types import SimpleNamespace

import pytest

from shared import notices

ROW = {"id": "0198", "channel": "email", "address": "a@b.example", "subject": "理赔进度", "body": "已受理", "tries": 0}


def settings(address):
    return SimpleNamespace(
        notice_adapter="smtp", smtp_sender="service@anlan.example", smtp_user="", smtp_tls=False,
        smtp_password_file=None, smtp_address=address, sms_url="", sms_receipts=False,
    )  # fmt: skip


class MailServer(socketserver.StreamRequestHandler):
    """Enough of SMTP to take one message, or to refuse its address."""

    refusing = False
    received: list[bytes] = []

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().strip():
            verb = line.split()[0].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (part := self.rfile.readline()) != b".\r\n":
                    self.received.append(part)
            refused = verb == b"RCPT" and self.refusing
            self.wfile.write({b"QUIT": b"221 bye\r\n"}.get(verb, b"550 unknown\r\n" if refused else b"250 fine\r\n"))
            if verb == b"QUIT":
                return


@pytest.fixture
def mail_server(monkeypatch):
    monkeypatch.setattr(MailServer, "received", [])
    with socketserver.TCPServer(("127.0.0.1", 0), MailServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


async def test_a_mail_is_sent_under_the_id_of_its_notice(mail_server):
    ways = notices.adapters_of(settings(mail_server))
    assert await notices._sent(ways, ROW) == ("sent", None)
    told = b"".join(MailServer.received)
    assert b"Message-ID: <0198@anlan.example>" in told
    assert b"To: a@b.example" in told


async def test_a_refused_address_has_failed_for_good(mail_server, monkeypatch):
    monkeypatch.setattr(MailServer, "refusing", True)
    assert await notices._sent(notices.adapters_of(settings(mail_server)), ROW) == (
        "failed",
        "address_refused",
    )
