"""A pytest plugin for the whole run: every folder of tests must have run, and run something.

A green line means little if a folder was empty, was not found, or skipped what it holds. The plugin counts what was
carried out in each folder of `testpaths` and fails the session where that is nothing or where a test was skipped.
"""

from __future__ import annotations

from collections import Counter

import pytest


class EveryFolder:
    def __init__(self, folders: list[str]) -> None:
        self.carried_out: Counter[str] = Counter(dict.fromkeys(folders, 0))
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = next((one for one in self.carried_out if report.nodeid.startswith(one + "/")), None)
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped[report.nodeid] = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
        elif report.when == "call" and folder:
            self.carried_out[folder] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.complaints() and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Count each complaint as an error, so that pytest's own last lines name it."""
        terminalreporter.section("folders")
        for folder, count in self.carried_out.items():
            terminalreporter.line(f"{folder}: {count} carried out")
        terminalreporter.stats.setdefault("error", []).extend(self.complaints())

    def complaints(self) -> list[pytest.TestReport]:
        empty = {folder: "nothing was carried out" for folder, count in self.carried_out.items() if count == 0}
        return [
            pytest.TestReport(where, (where, None, where), {}, outcome="failed", longrepr=reason, when="setup")
            for where, reason in {**empty, **self.skipped}.items()
        ]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # reports of all workers come together in the one process that starts them
        config.pluginmanager.register(EveryFolder(config.getini("testpaths")), "every-folder")
