"""Alembic's entry point of the risk service."""

from shared.migrations import run_env

run_env()
