"""Write what the code promises: documents of each service, events, the route table and the merged catalogue.

    python -m scripts.contracts            write all files anew
    python -m scripts.contracts --check    write nothing; exit with 1 where a file differs, is missing or is left over

The services' documents come from their code; everything about routes comes from these documents alone, as anybody
outside could make it. No database is needed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts import event_documents, openapi_documents, operation_ids, reference_data
from scripts.deployables import ROOT, deployables, load_all
from scripts.json_files import json_bytes

OPENAPI, EVENTS = Path("docs/openapi"), Path("docs/events")
OPERATION_IDS = OPENAPI / "operation_ids.json"
CATALOGUE, FORWARDING = Path("gateway/catalogue"), Path("gateway/forwarding")


def contracts() -> dict[Path, bytes]:
    """Every generated file by its path below the root."""
    load_all()
    documents = {name: openapi_documents.document_of(name) for name in deployables()}
    events = event_documents.schemas(deployables())
    files = {OPENAPI / f"{name}.json": json_bytes(one) for name, one in documents.items()}
    files |= {EVENTS / f"{subject}.json": json_bytes(one) for subject, one in events.items()}
    files[FORWARDING / "routes.json"] = json_bytes(openapi_documents.routes(documents))
    whole = openapi_documents.merged(documents)
    ids = operation_ids.operation_ids(whole)
    operation_ids.refuse_changed(operation_ids.promised(ROOT / OPERATION_IDS), ids)
    files[OPERATION_IDS] = json_bytes(ids)
    files[CATALOGUE / "openapi.json"] = json_bytes(whole)
    files[CATALOGUE / "asyncapi.json"] = json_bytes(event_documents.asyncapi(events))
    files[CATALOGUE / "data/problems.json"] = json_bytes(reference_data.problems())
    files[CATALOGUE / "data/rule_sets.json"] = json_bytes(reference_data.rule_sets())
    files[CATALOGUE / "data/reference.json"] = json_bytes(reference_data.lists())
    files[CATALOGUE / "data/divisions.csv"] = reference_data.divisions()
    return files


def differences(files: Mapping[Path, bytes], root: Path = ROOT) -> list[str]:
    """One sentence for each file that is not as it would be written, and for each that nothing writes any more."""
    found = []
    for path, body in sorted(files.items()):
        held = (root / path).read_bytes() if (root / path).exists() else None
        if held != body:
            found.append(f"{path} {'is missing' if held is None else 'differs'}")
    return found + [f"{path} is left over" for path in _left_over(files, root)]


def _left_over(files: Mapping[Path, bytes], root: Path) -> list[Path]:
    held = [path.relative_to(root) for folder in (OPENAPI, EVENTS) for path in (root / folder).glob("*.json")]
    return sorted(path for path in held if path not in files)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    chosen = parser.parse_args(arguments)
    files = contracts()
    found = differences(files)
    if chosen.check:
        for one in found:
            print(one, file=sys.stderr)
        return 1 if found else 0
    for path in _left_over(files, ROOT):
        (ROOT / path).unlink()
    for path, body in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(body)
    print(f"{len(files)} files, {len(found)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
