"""A token verified once is not verified again; one that does not hold is refused each time."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from joserfc.jwk import KeySet, OKPKey

from gateway.identity import tokens, verified_tokens
from gateway.identity.tokens import AccessClaims, access_token
from gateway.identity.verified_tokens import VerifiedTokens
from shared.clock import process_now
from shared.errors import TokenInvalid

KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "one", "alg": "Ed25519", "use": "sig"})
OTHER = OKPKey.generate_key("Ed25519", parameters={"kid": "one", "alg": "Ed25519", "use": "sig"})


def claims() -> AccessClaims:
    now = process_now().replace(microsecond=0)
    return AccessClaims(uuid4(), uuid4(), uuid4(), 1, 1, now)


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signature was looked at; the reading itself stays what it is."""
    seen: list[str] = []
    read = tokens.read_access_token

    def counted(token: str, keys: KeySet) -> AccessClaims:
        seen.append(token)
        return read(token, keys)

    monkeypatch.setattr(verified_tokens, "read_access_token", counted)
    return seen


def test_a_signature_is_looked_at_once(verifications: list[str]):
    known, said = VerifiedTokens(KeySet([KEY])), claims()
    token = access_token(KEY, said, process_now())
    assert known.read(token) == said
    assert known.read(token) == said
    assert len(verifications) == 1


def test_a_refused_token_is_refused_each_time_and_never_remembered(verifications: list[str]):
    known = VerifiedTokens(KeySet([KEY]))
    good = access_token(KEY, claims(), process_now())
    forged = access_token(OTHER, claims(), process_now())
    mixed = good.rpartition(".")[0] + "." + forged.rpartition(".")[2]
    known.read(good)
    for _ in range(2):
        for wrong in (forged, mixed, good + "A", good.upper(), "x.y.z", ""):
            with pytest.raises(TokenInvalid):
                known.read(wrong)
    assert len(verifications) == 1 + 2 * 6
    assert len(known._known) == 1


def test_an_expired_token_is_expired_although_it_was_known():
    known = VerifiedTokens(KeySet([KEY]))
    issued = process_now() - timedelta(seconds=tokens.ACCESS_S - 1)
    token = access_token(KEY, claims(), issued)
    known.read(token)
    held = next(iter(known._known.values()))
    assert held.expires == int(issued.timestamp()) + tokens.ACCESS_S
    late = access_token(KEY, claims(), process_now() - timedelta(seconds=tokens.ACCESS_S + 30))
    with pytest.raises(TokenInvalid):
        known.read(late)


def test_only_so_many_are_remembered():
    known = VerifiedTokens(KeySet([KEY]), most=3)
    for _ in range(10):
        known.read(access_token(KEY, claims(), process_now()))
    assert len(known._known) == 3
