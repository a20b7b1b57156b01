"""Alembic's entry point of the complaints service."""

from shared.migrations import run_env

run_env()
