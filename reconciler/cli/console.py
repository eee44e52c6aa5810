"""Where output goes and how it looks: results to stdout, everything else to stderr."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping

from reconciler.cli.reports import Reports
from reconciler.errors import OutputLost

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to load: a fifth of what `--help` may cost
if TYPE_CHECKING:
    from typing import Any, TextIO

    from reconciler.cli.progress import Progress
    from reconciler.reports.style import Style


class Console:
    """The two streams of a command, and whether a person sits at them."""

    def __init__(self, arguments: Namespace, environment: Mapping[str, str] | None = None) -> None:
        self.environment = os.environ if environment is None else environment
        self.color: str = getattr(arguments, "color", "auto")
        self.quiet: bool = getattr(arguments, "quiet", False)
        self.verbose: bool = getattr(arguments, "verbose", False)
        self.debug: bool = getattr(arguments, "debug", False)
        self.json: bool = getattr(arguments, "format", "text") == "json"
        wants_no_question = getattr(arguments, "no_input", False) or self.json
        self.may_ask: bool = not wants_no_question and is_terminal(sys.stdin)
        self.progress: Progress | None = None
        """The line that shows how far the run has come, while there is one."""
        self.reports: Reports = Reports(())
        """What this run leaves behind for others: nothing, unless somebody has asked for it."""
        self.stdout_is_taken = False
        """Whether a report goes to stdout: then the result goes where everything else does."""

    def style(self, stream: TextIO | None) -> Style:
        """How text looks on a stream."""
        from reconciler.reports.style import Style

        wraps = is_terminal(stream)
        width = columns_of_terminal(self.environment) if wraps else 80
        return Style(self.wants_color(stream), encoding_of(stream).startswith("utf"), width, wraps)

    def wants_color(self, stream: TextIO | None) -> bool:
        """``--color``, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
        if self.color != "auto":
            return self.color == "always"
        if self.environment.get("NO_COLOR"):
            return False
        if self.environment.get("FORCE_COLOR") or self.environment.get("CLICOLOR_FORCE"):
            return True
        return self.environment.get("TERM") != "dumb" and is_terminal(stream)

    def result(self, text: str) -> None:
        """The result: the one thing on stdout."""
        write(text, sys.stderr if self.stdout_is_taken else sys.stdout)

    def file(self, text: str) -> None:
        """A file as the result: byte by byte what it is to hold, but for a terminal, which might obey it."""
        stream = sys.stderr if self.stdout_is_taken else sys.stdout
        binary = getattr(stream, "buffer", None)
        if binary is None or is_terminal(stream):
            self.result(text)
            return
        with lost_if_full(stream):
            stream.flush()
            binary.write(text.encode())
            binary.flush()

    def commands(self, text: str) -> None:
        """Commands to a runner, which everything else that is printed is kept from being."""
        with lost_if_full(sys.stdout):
            sys.stdout.write(text)
            sys.stdout.flush()

    def document(self, document: Mapping[str, Any]) -> None:
        """The result as JSON."""
        import json

        from reconciler.inert import inert_json

        escape = not encoding_of(sys.stdout).startswith("utf")
        self.result(inert_json(json.dumps(document, indent=2, ensure_ascii=escape)) + "\n")

    def notice(self, text: str) -> None:
        """What is going on, for whoever watches."""
        if not self.quiet and not self.json:
            style = self.style(sys.stderr)
            self.message(style.dim(style.fit(text)))

    def line(self, text: str) -> None:
        """One line on stderr, whatever stands in it."""
        from reconciler.inert import inert

        self.message(self.style(sys.stderr).fit(inert(text)))

    def message(self, text: str) -> None:
        """Lines on stderr. Where they cannot be written, the work goes on without them."""
        hidden = self.progress.hidden() if self.progress else contextlib.nullcontext()
        with hidden, contextlib.suppress(OutputLost):
            write(text + "\n", sys.stderr)

    def ask(self, question: str) -> str:
        """A person's answer; the question stands on stderr."""
        write(question, sys.stderr)
        return sys.stdin.readline().strip()


def write(text: str, stream: TextIO | None) -> None:
    """Write at once; what the stream cannot spell is written as an escape, and to a closed one nothing is.

    Whatever comes out of the program comes by here, and nothing in it but line breaks and our colours does anything.
    Raises `OutputLost` where the stream takes no more.
    """
    if stream is not None:
        from reconciler.inert import inert_lines

        text = inert_lines(text)
        with lost_if_full(stream):
            stream.write(text.encode(encoding_of(stream), "backslashreplace").decode(encoding_of(stream)))
            stream.flush()


@contextlib.contextmanager
def lost_if_full(stream: TextIO) -> Iterator[None]:
    """Raise `OutputLost` for what cannot be written; whoever reads no more, as `head` does, is nobody's mistake."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up(stream)
        name = "stderr" if stream is sys.stderr else "stdout"
        raise OutputLost(f"{name} cannot be written: {error.strerror}", remedy=f"see where {name} goes") from error


def give_up(stream: TextIO) -> None:
    """Send what is left of a stream nowhere: Python would try once more at its exit, and complain."""
    with contextlib.suppress(OSError, ValueError):  # not every stream is a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def encoding_of(stream: TextIO | None) -> str:
    """How a stream spells its letters, like ``utf-8`` or ``iso8859-1``; ``ascii`` where nobody knows."""
    try:
        return codecs.lookup(getattr(stream, "encoding", None) or "ascii").name
    except LookupError:
        return "ascii"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at this stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def columns_of_terminal(environment: Mapping[str, str] = os.environ) -> int:
    """How wide the terminal is, or is to be taken for; what `shutil` says too, which takes 7 ms to load.

    A wider line than fits would wrap, and leave behind what is drawn over.
    """
    said = environment.get("COLUMNS", "")
    asked = int(said) if said.isdecimal() else 0
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            wide = os.get_terminal_size(descriptor).columns or 80
            return min(asked or wide, wide)
    return asked or 80
