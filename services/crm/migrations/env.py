"""Alembic's entry point of the crm service."""

from shared.migrations import run_env

run_env()
