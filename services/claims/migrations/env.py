"""Alembic's entry point of the claims service."""

from shared.migrations import run_env

run_env()
