"""Saved plans: written whole or not at all, and believed only if nobody has changed them since."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.errors import PlanIsStale, ReconcileError, UsageError

LARGEST = 512 * 1024 * 1024
"""Bytes that are written and read; a plan that creates ten thousand buckets, the largest there are, has 157 million."""
LARGE = 16 * 1024 * 1024
"""Bytes that take some seconds to be read, which is said."""
DEEPEST = 100
"""Levels of nesting; a spec has at most 40."""


def check_out(out: str | None) -> None:
    """Refuse, before anything is read, a place where no plan could be saved, or would be taken for a spec."""
    if out is None:
        return
    if out == "":
        raise UsageError("--out names no file", remedy="write --out plan.json")
    if out.endswith((".yaml", ".yml")):
        raise UsageError(f"--out {out} would be taken for a spec", remedy="write --out plan.json")
    target = Path(out).resolve()
    if target.is_dir():
        raise UsageError(f"--out {out} is a folder", remedy="name a file in it, like plan.json")
    if not target.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {target.parent}", remedy="make it, or name another file")
    written = target if target.exists() and not target.is_file() else target.parent  # files are replaced
    if not os.access(written, os.W_OK):
        raise UsageError(f"--out {out} may not be written", remedy="name another file")


def saved(document: Mapping[str, Any], out: str | None) -> ReconcileError | None:
    """Save the plan where ``--out`` says; why it is not saved. A plan that took minutes is shown all the same."""
    try:
        if out is not None:
            save(document, Path(out))
    except ReconcileError as error:
        return error
    return None


def save(document: Mapping[str, Any], path: Path) -> None:
    """Write the plan whole or not at all; only here does it carry a time: its own, or now."""
    from datetime import UTC, datetime

    from reconciler.inert import inert_json
    from reconciler.planning.storage import to_text
    from reconciler.scalars import moment

    made = document.get("created_at") or moment(datetime.now(UTC).replace(microsecond=0))
    text = inert_json(to_text({**document, "created_at": made}))
    size = len(text.encode())
    if size > LARGEST:
        raise ReconcileError(
            f"the plan is not saved: it has {size:,} bytes, and nobody reads one of more than {LARGEST:,}",
            remedy="plan and apply it in parts: `reconcile plan --shard 1/2 --out FILE`, then `apply --plan FILE`",
        )
    try:
        write_whole(text, path.resolve())
    except OSError as error:
        raise ReconcileError(f"the plan cannot be saved to {path}: {error.strerror}", remedy="check --out") from error


def in_place_of_a_link(path: str) -> Path:
    """Where a report goes: a link that a checkout brings along is replaced, and leads nowhere.

    Whoever names a whole path means what it leads to. Raises ValueError for a folder that is a link.
    """
    if Path(path).is_absolute():
        return Path(path).resolve()
    meant = Path(os.path.normpath(Path.cwd().resolve() / path))
    if meant.parent.resolve() != meant.parent:
        raise ValueError("a folder of this path is a link: write where it leads")
    if meant.is_symlink():
        meant.unlink()
    return meant


def write_whole(text: str, target: Path) -> None:
    """Write a file whole or not at all."""
    import tempfile

    if target.exists() and not target.is_file():  # a pipe or device is written to, not replaced
        target.write_text(text, encoding="utf-8")
        return
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def umask() -> int:
    """What a new file of this process may not be."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def read(path: Path, notice: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """A saved plan. Raises `PlanIsStale` for one that is not as it was written."""
    from reconciler.planning.staleness import NOT_A_PLAN, check_format
    from reconciler.planning.storage import fingerprint

    content = bytes_of(path)
    if len(content) > LARGE:
        notice(f"Reading {path}, which has {len(content) // 2**20:,} MiB")
    document: dict[str, Any] = json_in(content, path)
    check_format(document, str(path))
    try:
        wrong = "it nests too deeply" if too_deep(document) else next(wrong_with(document), None)
        found = fingerprint(document) if wrong is None else ""
    except UnicodeEncodeError:  # \ud800 is JSON, and no character
        wrong = "it holds half of a character"
    if wrong is not None:
        raise ReconcileError(
            f"{path} is not a saved plan: {wrong}", remedy="make one with `reconcile plan --out`", code=NOT_A_PLAN
        )
    if found != document["fingerprint"]:
        raise PlanIsStale([f"{path} itself was changed after it was written"])
    return document


def bytes_of(path: Path) -> bytes:
    """What a file holds."""
    from reconciler.planning.staleness import NOT_A_PLAN

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ReconcileError(f"{path} cannot be read: {error.strerror}", code=NOT_A_PLAN) from error
    if len(content) > LARGEST:
        raise ReconcileError(f"{path} has more than {LARGEST:,} bytes: no saved plan has", code=NOT_A_PLAN)
    return content


def json_in(content: bytes, path: Path) -> Any:
    """What a file of JSON says."""
    from reconciler.planning.staleness import NOT_A_PLAN

    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ReconcileError(
            f"{path} is not a saved plan: {error}", remedy="make one with `reconcile plan --out`", code=NOT_A_PLAN
        ) from error


def too_deep(value: Any) -> bool:
    """Whether plain data nests deeper than any plan, and than whoever reads it can follow."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inside
            for one in level
            if isinstance(one, dict | list)
            for inside in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def wrong_with(document: Mapping[str, Any]) -> Iterator[str]:
    """What the schema of plans has against this document, and what this version has."""
    from jsonschema import Draft7Validator

    from reconciler.bucket import BucketSpec
    from reconciler.planning.changeset import BUCKET
    from reconciler.planning.plan_schema import plan_schema

    schema = plan_schema()
    plan = {"$ref": "#/definitions/plan", "definitions": schema["definitions"]}
    for error in Draft7Validator(plan).iter_errors(document):
        yield f"{error.json_path.removeprefix('$.')}: {error.message}"[:300]
    for bucket in document.get("buckets", ()):
        for change in bucket["changes"]:
            if change["aspect"] not in (BUCKET, *BucketSpec.aspects()):
                yield f"this version does not know the aspect {change['aspect']}"
            elif change["aspect"] != BUCKET and not can_be_shown(change):
                yield f"nobody can tell what its calls would do to {change['aspect']} of {bucket['name']}"


def can_be_shown(change: Mapping[str, Any]) -> bool:
    """Whether a change makes sense to whoever shows it: anything may stand in its fields and calls."""
    from reconciler.reports.view import change_view

    try:
        change_view(change)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return True
