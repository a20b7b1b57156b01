"""Secrets of webhooks at rest: AES-256-GCM under a key that is derived from the gateway's secret file."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Seal:
    """Seals and opens. A sealed secret opens for its own webhook alone."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=b"anlan webhook secrets").derive(secret))

    def close(self, webhook_id: UUID, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._key.encrypt(nonce, plain, webhook_id.bytes)

    def open(self, webhook_id: UUID, sealed: bytes) -> bytes:
        """Raises `cryptography.exceptions.InvalidTag` where the file's secret was changed, or the row."""
        return self._key.decrypt(sealed[:_NONCE], sealed[_NONCE:], webhook_id.bytes)
