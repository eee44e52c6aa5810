"""What Git knows: which files two commits differ in, and what stood in a file.

Only commands that read objects are used: no checkout, no hook, no filter, no program that an attribute names.
"""

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import ReconcileError
from reconciler.specs.includes import as_text

CANNOT_ASK = "RCL7001"
MOST_BROUGHT = 20
"""Commits of one push that are looked at."""
LONGEST = 120
"""Seconds that one question to Git may take."""
ORDINARY_FILES = ("100644", "100755")
"""Modes of a tree's entries; a link (120000) is never followed, and a submodule (160000) has no content here."""
CREDENTIALS = re.compile(r"//[^/@\s]*@")
"""What stands before the host in the address of a remote, and may be a token."""
UNATTENDED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
UNATTENDED |= {"GIT_NO_REPLACE_OBJECTS": "1"}
"""Git's words in English; nobody is asked, nothing is locked, fetched or replaced by something else."""
USUAL_BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
WHOLE_HISTORY = (
    "fetch more of the history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` on GitLab, or "
    "`git fetch --unshallow`"
)


class File(NamedTuple):
    """A file of a commit."""

    path: str
    """From the root of the repository."""
    blob: str
    size: int


class Repository:
    """The repository around a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path()
        self.prefix = self._text("rev-parse", "--show-prefix").rstrip("\n")
        """Where the folder lies in the repository: empty, or with a slash at its end."""

    # ── commits ──────────────────────────────────────────────────────────────────────────────────────

    def commit(self, name: str) -> str | None:
        """The full hash of a commit; None where Git knows none of this name."""
        ended = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return ended.stdout.decode().strip() or None if ended.returncode == 0 else None

    def base(self, named: str | None) -> str:
        """The commit that a base names: here, or as the remote has it. Raises `ReconcileError` where there is none."""
        for name in (named, f"origin/{named}") if named else USUAL_BASES:
            found = self.commit(name)
            if found:
                return found
        if named is None:
            raise ReconcileError(
                "nothing says what to compare with", remedy="pass --base REF, like --base origin/main", code=CANNOT_ASK
            )
        raise ReconcileError(
            f"the base {named} is not in this clone",
            remedy=WHOLE_HISTORY if self.is_shallow else f"`git fetch origin {named}`, or pass another --base",
            code=CANNOT_ASK,
        )

    def parents(self) -> tuple[str, ...]:
        """The parents of what is checked out, as far as they are in this clone."""
        ended = self._run("rev-parse", "HEAD^@")
        return tuple(ended.stdout.decode().split()) if ended.returncode == 0 else ()

    def merge_base(self, base: str, head: str = "HEAD") -> str:
        """Where two commits part. Raises `ReconcileError` where this clone does not reach back that far."""
        ended = self._run("merge-base", base, head)
        if ended.returncode == 0:
            return ended.stdout.decode().strip()
        raise ReconcileError(
            "this clone does not show where the pull request began",
            remedy=WHOLE_HISTORY if self.is_shallow else "the two have no common history: pass another --base",
            code=CANNOT_ASK,
        )

    def brought(self, before: str, commit: str) -> tuple[str, ...]:
        """The commits that a push has brought to a branch before this one, newest first, as far as they are here."""
        ended = self._run("rev-list", "--first-parent", f"--max-count={MOST_BROUGHT}", f"{before}..{commit}^")
        return tuple(ended.stdout.decode().split()) if ended.returncode == 0 else ()

    @property
    def is_shallow(self) -> bool:
        """Whether only a part of the history is here."""
        return self._run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    def changed(self, base: str, head: str = "HEAD") -> frozenset[str]:
        """What two commits differ in, as seen from the folder; a file that moved is in both places."""
        names = self._bytes("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--name-only", base, head)
        return frozenset(self.seen_from_here(os.fsdecode(name)) for name in names.split(b"\0") if name)

    def files(self, commit: str, paths: Sequence[str]) -> Iterator[File]:
        """The ordinary files of a commit at or below these paths, which are seen from the folder."""
        wanted = [posixpath.normpath(posixpath.join(self.prefix, path)) for path in paths]
        inside = [path for path in wanted if path != ".." and not path.startswith(("../", "/"))]
        if not inside:
            return
        everywhere = "." in inside
        listed = self._bytes(
            "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *(() if everywhere else ("--", *inside))
        )
        for entry in listed.split(b"\0"):
            about, tab, path = entry.partition(b"\t")
            if not tab:
                continue
            mode, kind, blob, size = about.decode().split()
            if kind == "blob" and mode in ORDINARY_FILES:
                yield File(os.fsdecode(path), blob, int(size))

    def contents(self, files: Iterable[File]) -> Iterator[tuple[File, bytes]]:
        """What stands in these files, unfiltered."""
        wanted = list(files)
        asked = "".join(f"{file.blob}\n" for file in wanted).encode()
        answer = self._bytes("cat-file", "--batch", given=asked) if wanted else b""
        at = 0
        for file in wanted:
            first = f"{file.blob} blob {file.size}\n".encode()
            if not answer.startswith(first, at):
                raise ReconcileError(f"this clone does not hold {file.path}", remedy=WHOLE_HISTORY, code=CANNOT_ASK)
            at += len(first)
            yield file, answer[at : at + file.size]
            at += file.size + 1

    def seen_from_here(self, path: str) -> str:
        """A path of the repository as problems and plans name it: from the folder."""
        return as_text(Path(posixpath.relpath(path, self.prefix or ".")))

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────

    def _text(self, *words: str) -> str:
        return os.fsdecode(self._bytes(*words))

    def _bytes(self, *words: str, given: bytes = b"") -> bytes:
        ended = self._run(*words, given=given)
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip() or f"git {words[0]} ended with {ended.returncode}"
            raise ReconcileError(
                f"Git cannot say it: {CREDENTIALS.sub('//', said.splitlines()[0])}",
                remedy="run it in a clone of the repository; where Git speaks of ownership: "
                '`git config --global --add safe.directory "$PWD"`',
                code=CANNOT_ASK,
            )
        return ended.stdout

    def _run(self, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **UNATTENDED}
        try:
            return subprocess.run(  # noqa: S603 - no shell, and no word of these is an option of somebody else's
                ["git", "-c", "safe.bareRepository=explicit", "--literal-pathspecs", *words],  # noqa: S607 - whichever Git is installed
                cwd=self.folder,
                env=environment,
                input=given,
                capture_output=True,
                timeout=LONGEST,
                check=False,
            )
        except FileNotFoundError as error:
            raise ReconcileError("there is no git here", remedy="install Git", code=CANNOT_ASK) from error
        except subprocess.TimeoutExpired as error:
            raise ReconcileError(
                f"Git has not answered in {LONGEST} seconds", remedy="look at the disk and the clone", code=CANNOT_ASK
            ) from error
