"""Alembic's entry point of the gateway."""

from shared.migrations import run_env

run_env()
