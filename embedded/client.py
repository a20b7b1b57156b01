"""A caller of the gateway, as frontends and the core system are: signs in, sends keys and versions, reads problems.

The only module that knows the HTTP client library.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.clock import process_now

_UNSURE = (502, 503, 504)
_TRIES = 40
_PAUSE_S = 0.5
_LIFE_S = 240


Answer = httpx.Response
"""What comes back; nobody else has to know the library."""


class Refused(RuntimeError):
    """An answer that was not expected; `answer` has it whole."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        request = answer.request
        super().__init__(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:600]}")

    @property
    def code(self) -> str:
        return self.answer.json().get("code", "")


class Gateway:
    """The gateway as one address. `public_url`: the one that clients know, where this caller comes by another way."""

    def __init__(self, url: str, public_url: str | None = None) -> None:
        self.url = url
        self.public_url = public_url or url
        jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._http = httpx.Client(base_url=url, timeout=30, cookies=jar, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send until the outcome is known: after a lost connection, 502, 503 or 504 the same request with the same key.

        Keys and versions are the caller's: a repeat carries them unchanged, so it cannot happen twice. Who is told that
        he asks too often waits as long as he is told.
        """
        for attempt in range(_TRIES):
            pause = _PAUSE_S
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError:
                if attempt == _TRIES - 1:
                    raise
            else:
                if not _again(answer) or attempt == _TRIES - 1:
                    return answer
                if answer.status_code == 429:
                    pause = max(_PAUSE_S, float(answer.headers.get("retry-after", "1")))
            time.sleep(pause)
        raise AssertionError("unreachable")


def _again(answer: httpx.Response) -> bool:
    """Whether the outcome is not known yet, or nothing has been tried at all."""
    if answer.status_code == 409:
        return answer.json().get("code") == "idempotency_key_in_progress"
    return answer.status_code in (*_UNSURE, 429)


class Caller:
    """Somebody who is signed in under one appointment."""

    def __init__(self, gateway: Gateway, login: str, password: str, *, language: str = "zh-CN") -> None:
        self.gateway = gateway
        self.login, self._password = login, password
        self.language = language
        self.person: dict[str, Any] = {}
        self.appointment: dict[str, Any] = {}
        self._token, self._until = "", 0.0

    def sign_in(self) -> None:
        """Get a token, where none is held that still lives; the senders of one caller share it."""
        answer = self.gateway.send("POST", "/v1/session", json={"login": self.login, "password": self._password})
        if answer.status_code not in (200, 201):
            raise Refused(answer)
        told = answer.json()
        self.person, self.appointment = told["person"], told["appointment"]
        self._token, self._until = told["access_token"], time.monotonic() + _LIFE_S

    def step_up(self) -> None:
        """Give the password again, as some acts want."""
        answer = self.request("POST", "/v1/session/step-ups", {"password": self._password})
        if answer.status_code not in (200, 201):
            raise Refused(answer)
        self._token, self._until = answer.json()["access_token"], time.monotonic() + _LIFE_S

    def _bearer(self) -> str:
        if time.monotonic() > self._until:
            self.sign_in()
        return self._token

    def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, version: int | None = None,
        content: Iterable[bytes] | bytes | None = None, media: str = "application/json",
    ) -> httpx.Response:  # fmt: skip
        """One request under the current appointment; a token withdrawn meanwhile is renewed once."""
        headers = {"Accept-Language": self.language, "Idempotency-Key": f'"{key or uuid.uuid4()}"'}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        options: dict[str, Any] = {"headers": headers}
        if content is not None:
            options["content"] = content if isinstance(content, bytes) else b"".join(content)
            headers["Content-Type"] = media
        elif body is not None:
            options["json"] = body
        answer = self._send(method, path, headers, options)
        if answer.status_code == 401 and answer.json().get("code") == "token_invalid":
            self._until = 0.0
            answer = self._send(method, path, headers, options)
        return answer

    def _send(self, method: str, path: str, headers: dict[str, str], options: dict[str, Any]) -> httpx.Response:
        headers["Authorization"] = f"Bearer {self._bearer()}"
        return self.gateway.send(method, path, **options)

    def ask(self, path: str) -> dict[str, Any]:
        """GET; raises `Refused` for anything but 200."""
        return self._expected(self.request("GET", path), (200,))

    def do(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """A change; raises `Refused` for anything but 200, 201, 202."""
        return self._expected(self.request(method, path, body, **options), (200, 201, 202))

    @staticmethod
    def _expected(answer: httpx.Response, statuses: tuple[int, ...]) -> dict[str, Any]:
        if answer.status_code not in statuses:
            raise Refused(answer)
        return answer.json()


class Machine(Caller):
    """A system that signs in with a signed assertion instead of a password."""

    def __init__(self, gateway: Gateway, client_id: str, key: OKPKey) -> None:
        super().__init__(gateway, client_id, "")
        self._key = key

    def sign_in(self) -> None:
        now = int(process_now().timestamp())
        claims = {
            "iss": self.login, "sub": self.login, "aud": f"{self.gateway.public_url}/v1/token",
            "iat": now, "exp": now + 60, "jti": str(uuid.uuid4()),
        }  # fmt: skip
        header = {"alg": "Ed25519", "kid": self._key.kid or ""}
        form: Mapping[str, str] = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(header, claims, self._key, algorithms=["Ed25519"]),
        }
        answer = self.gateway.send("POST", "/v1/token", data=form)
        if answer.status_code != 200:
            raise Refused(answer)
        self._token, self._until = answer.json()["access_token"], time.monotonic() + _LIFE_S
