"""The worst inputs that anybody has thought of, each answered by a process of its own with little memory and time.

``python -m tests.fuzz.worst`` says of each what it took, and ends with 1 if one of them did not end by itself;
``python -m tests.fuzz.worst 0 3`` looks at the first third of them.
"""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.cli import saved
from reconciler.errors import InvalidSpecs, ReconcileError
from reconciler.policy_language.patterns import like, like_arn
from reconciler.reports.problems import problems_document, render_problems
from reconciler.reports.style import Style
from reconciler.specs.loader import load
from tests.fuzz.test_policies import looked_at

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space."""
SECONDS = 60
"""Of computing. The slowest of all takes two on a small machine, and what has no bound takes years."""
HEAD = "buckets:\n  - name: aaa\n    region: us-east-1\n"
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::aaa/*"}
Case = Callable[[], None]


def spec(text: str) -> Case:
    """A spec is loaded or refused, and what is wrong with it is shown."""

    def answered() -> None:
        Path("spec.yaml").write_text(text, encoding="utf-8")
        try:
            load(["spec.yaml"])
        except InvalidSpecs as refused:
            problems = refused.problems
        else:
            return
        assert len(render_problems(problems, Style())) < 1_000_000
        problems_document(problems)

    return answered


def under(field: str, *values: str) -> Case:
    """A bucket with a field that holds all of these."""
    return spec(HEAD + f"    {field}:\n" + "".join(f"      {value}\n" for value in values))


def policy(written: Any, beside: Any = None) -> Case:
    """A live policy, and the same one in a spec, with everything that is asked of them."""

    def answered() -> None:
        with suppress(ValueError):
            text = written if isinstance(written, str) else json.dumps(written)
            read = Policy.from_s3({"Policy": text})
            looked_at(read, Policy.from_s3({"Policy": json.dumps(beside or written)}))
            list(BucketSpec(name="aaa", region="us-east-1", policy=read).refusals())

    return answered


def statements(number: int, **elements: str) -> dict[str, Any]:
    """As many statements, each with its number in these elements."""
    return {"Statement": [DENY | {name: f"{text}{at}" for name, text in elements.items()} for at in range(number)]}


def plan(text: str) -> Case:
    """A saved plan that is none."""

    def answered() -> None:
        Path("plan.json").write_text(text)
        try:
            saved.read(Path("plan.json"))
        except ReconcileError:
            return
        raise AssertionError("this is no plan")

    return answered


def schema(written: dict[str, Any]) -> Case:
    """A team's schema for manifests."""
    return spec(HEAD + f"    manifest: {{purpose: x, json_schema: {json.dumps(written)}}}\n")


def doubling(depth: int) -> dict[str, Any]:
    """A schema that asks for each of its definitions twice as often as for the one before."""
    twice = {f"a{at}": {"allOf": [{"$ref": f"#/definitions/a{at + 1}"}] * 2} for at in range(depth)}
    return {"$ref": "#/definitions/a0", "definitions": {**twice, f"a{depth}": {"type": "object"}}}


def patterns() -> None:
    """Wildcards against texts that almost match."""
    for pattern in ("*a" * 5000, "*" * 10_000 + "b", "?*" * 5000, "*a*?" * 2500 + "b"):
        like(pattern, "a" * 300)
        like(pattern, "a\0" * 100)
        like_arn("arn:aws:iam::1:" + pattern, "arn:aws:iam::1:" + "a" * 200)


RULES = "".join(f"      - {{id: r{at}, filter: {{prefix: p{at}/}}, expiration: {{days: 3}}}}\n" for at in range(300))
CASES: dict[str, Case] = {
    "aliases of aliases": spec("a: &a [x, x]\n" + "".join(f"b{at}: &b{at} [*a, *a, *a]\n" for at in range(5000))),
    "an anchor that holds itself": spec("a: &a [*a]\n"),
    "brackets": spec(HEAD + "    tags: " + "[" * 100_000),
    "braces": spec(HEAD + "    tags: " + "{a: " * 100_000),
    "a long text": under("tags", "a: " + "x" * 1_000_000),
    "a long key": under("tags", "? " + "k" * 1_000_000, ": v"),
    "a long name": spec("buckets:\n  - name: " + "a" * 1_000_000 + "\n    tags: {a: '" + "${bucket}" * 50_000 + "'}\n"),
    "a long region": spec(
        "buckets:\n  - name: aaa\n    region: us" + "-a" * 300_000 + "-1\n    tags: {a: '" + "${region}" * 50_000 + "'}"
    ),
    "a long number": under("tags", "a: " + "9" * 1_000_000),
    "dollars and braces": under("tags", "a: '" + "${" * 200_000 + "'"),
    "many keys": under("tags", *(f"k{at}: v" for at in range(20_000))),
    "the same key": under("tags", *["k: v"] * 50_000),
    "many unknown fields": spec(HEAD + "".join(f"    lifecicle{at}: v\n" for at in range(20_000))),
    "many unknown variables": under("tags", "a: '" + "".join(f"${{nope{at}}}" for at in range(20_000)) + "'"),
    "many rules": spec(HEAD + "    lifecycle:\n      rules:\n" + RULES.replace("      - ", "        - ") * 10),
    "many tags, and as many to ignore": spec(
        HEAD + "    tags: {" + ", ".join(f"k{at}: v" for at in range(10_000)) + "}\n"
        "    ignore_tags: [" + ", ".join(f"'j{at}*'" for at in range(10_000)) + "]\n"
    ),
    "everything in one line": spec("buckets: [" + ", ".join(f"{{name: aaa{at}, x: 1}}" for at in range(10_000)) + "]"),
    "a variable that is used again and again": spec(
        f"variables: {{a: {'x' * 100_000}}}\n{HEAD}    tags: {{a: '{'${a}' * 30_000}'}}\n"
    ),
    "defaults of many buckets": spec(
        f"defaults:\n  lifecycle:\n    rules:\n{RULES}buckets:\n" + "".join(f"  - name: a{at}\n" for at in range(2000))
    ),
    "a schema that doubles": schema(doubling(30)),
    "a schema of itself": schema({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}),
    "a policy that is far too large": under(
        "policy", "Statement: [{Action: [" + ", ".join(f"s3:GetObjekt{at}" for at in range(50_000)) + "]}]"
    ),
    "wildcards": patterns,
    "an action of wildcards": policy({"Statement": [DENY | {"Action": "s3:" + "*" * 9000 + "x"}]}),
    "an action that almost matches": policy({"Statement": [DENY | {"Action": "s3:" + "*e" * 12 + "*x"}]}),
    "a resource of wildcards": policy({"Statement": [DENY | {"Resource": "arn:aws:s3:::" + "*a" * 9000}]}),
    "a condition of wildcards": policy(
        {"Statement": [DENY | {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:" + "*a" * 9000}}}]}
    ),
    "empty statements": policy({"Statement": [{}] * 2500}),
    "other statements": policy(
        statements(250, Resource="arn:aws:s3:::aaa/"), statements(250, Resource="arn:aws:s3:::b")
    ),
    "far too many other statements": policy(
        statements(400, Sid="a", Resource="x"), statements(400, Sid="b", Resource="y")
    ),
    "one Sid": policy({"Statement": [DENY | {"Sid": "a", "Resource": f"x{at}"} for at in range(250)]}),
    "many names in an object": policy(
        '{"Statement": [{' + "".join(f'"a{at}": 1, ' for at in range(100_000)) + '"a0": 1}]}'
    ),
    "unknown actions": policy({"Statement": [DENY | {"Action": [f"s3:GetObjekt{at}" for at in range(300)]}]}),
    "huge numbers": policy(
        '{"Statement": [{"Condition": {"NumericEquals": {"a": [1e999999999, ' + "9" * 100_000 + "]}}}]}"
    ),
    "a deep policy": policy('{"Statement":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "a rather deep policy": policy('{"Statement":[' + '{"a":' * 150 + "1" + "}" * 150 + "]}"),
    "a deep plan": plan("[" * 100_000),
    "a plan that is deep enough": plan('{"format_version": "1.1", "inputs": ' + "[" * 900 + "]" * 900 + "}"),
    "a wide plan": plan("[" + "[]," * 1_000_000 + "[]]"),
    "a plan of one number": plan("9" * 1_000_000),
    "a plan with many names": plan("{" + ", ".join(f'"a{at}": 1' for at in range(200_000)) + "}"),
}


def ends_by_itself(case: Case) -> tuple[bool, float]:
    """Whether a case ends within its bounds, and the seconds of computing that it took."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            case()
        except BaseException as error:  # whatever it is: it is told, and the process ends
            sys.stderr.write(f"{type(error).__name__}: {str(error)[:300]}\n")
            os._exit(1)
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status) == 0, used.ru_utime + used.ru_stime


def main(part: int = 0, parts: int = 1) -> int:
    """Each case of a part of them in turn."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, case in list(CASES.items())[part::parts]:
            fine, seconds = ends_by_itself(case)
            sys.stdout.write(f"{'ok    ' if fine else 'FAILED'} {seconds:6.2f} s  {name}\n")
            failed += [] if fine else [name]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
