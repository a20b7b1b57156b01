"""Accounts, sessions, tokens and keys. They belong to no unit and are never listed: no row scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gateway.organisation.tables import Base
from shared.ids import uuid7


class Account(Base):
    """A person's login; exactly one for a person, whatever positions he holds."""

    __tablename__ = "accounts"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    login: Mapped[str]
    password_hash: Mapped[str | None]
    """None: only a one-time token lets in."""
    password_set_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class FormerPassword(Base):
    """A password that a person had before, kept as its hash so that it does not come back."""

    __tablename__ = "former_passwords"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    set_at: Mapped[datetime] = mapped_column(primary_key=True)
    password_hash: Mapped[str]


class OneTimeToken(Base):
    """Serves once as a password, for 15 minutes; afterwards a password has to be set."""

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """An attempt under way or failed; a successful one leaves no row."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    login_key: Mapped[bytes]
    """Hash of the login as given: some people type their password there."""
    source: Mapped[str]
    at: Mapped[datetime]
    failed: Mapped[bool]


class Session(Base):
    """One sign-in with all tokens that grew out of it."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    """One of the person's own, also while he acts for another."""
    delegation_id: Mapped[UUID | None] = mapped_column(ForeignKey("delegations.id"))
    generation: Mapped[int]
    authenticated_at: Mapped[datetime]
    must_set_password: Mapped[bool]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class RefreshToken(Base):
    """One link of a session's chain of refresh tokens; used once, a second use ends the session."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"))
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class MachineKey(Base):
    """A public key by which a machine signs in."""

    __tablename__ = "machine_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    thumbprint: Mapped[str]
    public_key: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class UsedAssertion(Base):
    """An assertion that was used, kept until it would have expired."""

    __tablename__ = "used_assertions"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class UsedIdToken(Base):
    """A token of the issuer outside that was used, kept until it would no longer be accepted."""

    __tablename__ = "used_id_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
