"""Git repositories in temporary folders, as short as tests can say it."""

import os
import subprocess
from pathlib import Path

QUIET = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Work:
    """A repository with a working tree."""

    def __init__(self, folder: Path, *, new: bool = True) -> None:
        self.folder = folder
        if new:
            self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        """What Git says."""
        ended = subprocess.run(
            ["git", *words], cwd=self.folder, env={**os.environ, **QUIET}, capture_output=True, text=True, check=True
        )
        return ended.stdout.strip()

    def write(self, **files: str | None) -> None:
        """Files of `specs/`, by name without ending; None takes one away."""
        for name, text in files.items():
            path = self.folder / "specs" / f"{name}.yaml"
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def commit(self, **files: str | None) -> str:
        """A commit of these files and whatever else lies there; its hash."""
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, start: str = "main") -> None:
        """Work on a new branch."""
        self.git("checkout", "-q", "-b", name, start)

    def merged(self, name: str) -> str:
        """The branch merged into main, and checked out; its hash."""
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "merged", name)
        return self.git("rev-parse", "HEAD")
