"""How notices leave: by mail, by the HTTP interface of a provider of short messages, or into a file.

All of them block and run in a thread of their own. Each names the notice by its id, so that whoever gets it a second
time after a crash knows that he has it.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from shared.clock import rfc3339
from shared.settings import DeployableSettings

Adapter = Callable[[Mapping[str, Any]], str]
"""Sends one notice (blocking) and answers its state, `sent` or `delivered`; raises `OSError` to be asked again later,
`Undeliverable` where that is useless."""

_PATIENCE_S = 10
_MOST_BYTES = 64 * 1024
_STATES = frozenset({"sent", "delivered"})


class Undeliverable(Exception):
    """The notice will never arrive; the argument is a code."""


def adapters_of(settings: DeployableSettings) -> dict[str, Adapter]:
    """By channel: everything into a file, or e-mail by SMTP and short messages by the provider that is set."""
    if settings.notice_adapter == "smtp":
        return {"email": Smtp(settings)} | ({"sms": HttpSms(settings)} if settings.sms_url else {})
    into = ToFile(settings.attachments_dir / "notices.ndjson")
    return {"sms": into, "email": into}


def look_up_of(settings: DeployableSettings) -> Adapter | None:
    """Asks a provider what became of a short message; None where nobody can be asked."""
    asks = settings.notice_adapter == "smtp" and settings.sms_url and settings.sms_receipts
    return HttpSms(settings).became if asks else None


class ToFile:
    """Appends each notice to a file, one JSON line each: development, demonstration, and a gateway that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, row: Mapping[str, Any]) -> str:
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        names = ("id", "channel", "address", "subject", "body")
        line = json.dumps({**{name: str(row[name]) for name in names}, "at": rfc3339(row["created_at"])})
        if self.path.exists() and f'"id": "{row["id"]}"' in self.path.read_text(encoding="utf-8"):
            return "delivered"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return "delivered"


class Smtp:
    """Hands e-mail to a mail server; the notice's id is the message id, by which a second copy is recognised."""

    def __init__(self, settings: DeployableSettings) -> None:
        host, _, port = settings.smtp_address.rpartition(":")
        self.host, self.port, self.sender, self.tls = host, int(port), settings.smtp_sender, settings.smtp_tls
        self.user, secret = settings.smtp_user, settings.smtp_password_file
        self.password = secret.read_text(encoding="utf-8").strip() if secret else ""

    def __call__(self, row: Mapping[str, Any]) -> str:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, row["address"], row["subject"]
        message["Message-ID"] = f"<{row['id']}@{self.sender.rpartition('@')[2]}>"
        message.set_content(row["body"])
        try:
            with smtplib.SMTP(self.host, self.port, timeout=10) as server:
                if self.tls:
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as fault:
            if all(500 <= code < 600 for code, _ in fault.recipients.values()):
                raise Undeliverable("address_refused") from fault
            raise
        return "sent"


class _Stays(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is no answer: a message goes to the address that was set, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class HttpSms:
    """Hands short messages to a provider: `POST {sms_url}` with `{id, to, text, sender}`, its token as bearer and the
    notice's id as idempotency key. An answer may state `{"state": "sent" | "delivered" | "failed", "code"}`.
    With receipts, `GET {sms_url}/{id}` says later what became of one.
    """

    def __init__(self, settings: DeployableSettings) -> None:
        self.url, self.sender, secret = settings.sms_url.rstrip("/"), settings.sms_sender, settings.sms_token_file
        self.token = secret.read_text(encoding="utf-8").strip() if secret else ""
        # no proxy of the environment sees a customer's number
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays())

    def __call__(self, row: Mapping[str, Any]) -> str:
        told = {"id": str(row["id"]), "to": row["address"], "text": row["body"], "sender": self.sender}
        return self._asked(self.url, row, json.dumps(told).encode())

    def became(self, row: Mapping[str, Any]) -> str:
        """What became of a message that was sent."""
        return self._asked(f"{self.url}/{row['id']}", row, None)

    def _asked(self, url: str, row: Mapping[str, Any], body: bytes | None) -> str:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(row["id"])}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(url, body, headers, method="GET" if body is None else "POST")  # noqa: S310
        try:
            with self.opener.open(asked, timeout=_PATIENCE_S) as answer:
                return self._state(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as fault:
            with fault:
                # it has this id already: the first try arrived
                if fault.code == 409:
                    return "sent"
                if body is not None and 400 <= fault.code < 500 and fault.code not in (401, 403, 408, 429):
                    raise Undeliverable("address_refused") from fault
                raise OSError(f"provider answered {fault.code}") from None

    def _state(self, body: bytes) -> str:
        try:
            told = json.loads(body or b"{}")
        except ValueError:
            return "sent"
        told = told if isinstance(told, dict) else {}
        if told.get("state") == "failed":
            raise Undeliverable(str(told.get("code", "provider_failed"))[:64])
        return told["state"] if told.get("state") in _STATES else "sent"
