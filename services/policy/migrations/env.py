"""Alembic's entry point of the policy service."""

from shared.migrations import run_env

run_env()
