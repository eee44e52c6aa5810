"""What `make test-servers` found out, as a file that is checked in; docs/endpoints.md is made of it."""

import json
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


class Results:
    """Outcomes by server and row of the table; servers that did not run keep what was known of them."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, str]] = {}

    def note(self, server: str, row: str, outcome: str) -> None:
        """One cell of the table."""
        self.outcomes.setdefault(server, {})[row] = outcome

    def write(self) -> None:
        """Replace what the file says of the servers that ran."""
        known: dict[str, dict[str, str]] = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps(known | self.outcomes, indent=2, sort_keys=True) + "\n")


def recorded() -> dict[str, dict[str, str]]:
    """What the file says."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return found
