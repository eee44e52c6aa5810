"""A stage for a scenario: an S3, somebody who meddles with it, and the reconciler with a folder for its specs.

After every step that was applied, two things hold that no scenario has to say. U1: the next plan is empty, and
applying it writes nothing. U2: so is the plan of what `import` writes for the bucket, both short and in full.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import yaml
from botocore import xform_name
from botocore.exceptions import ClientError

from reconciler.bucket import BucketSpec
from reconciler.errors import InvalidSpecs
from reconciler.nodes import Node, Source
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.live import Existence
from reconciler.planning.outcomes import Applied, Result
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import path_text
from reconciler.planning.taking_over import everything_of, taken_over
from reconciler.problems import Place, Problem
from reconciler.s3.errors import code_of
from reconciler.sandbox.documents import tag_set
from reconciler.sandbox.messages import Answer
from reconciler.specs.loader import load
from reconciler.specs.writing import spec_file
from reconciler.strict_yaml import parse
from tests.s3.faults import error
from tests.s3.hostile import HostileWorld, Unknown
from tests.s3.world import outcomes

NAME, REGION = "acme-lake", "us-east-1"
MANY = 3


@dataclass
class Stage:
    """Where one scenario is played."""

    world: HostileWorld
    folder: Path
    name: str = NAME
    is_new: bool = True
    """Whether the bucket has changed since it was last imported."""

    def prepare(self, scenario: Mapping[str, Any]) -> None:
        """What was there before, and what S3 answers from now on."""
        self.name = scenario.get("bucket", NAME)
        live = scenario.get("live", [])
        if live != "missing":
            live = live if any("create_bucket" in action for action in live) else ["create_bucket", *live]
            self.meddle(live)
        hostility = self.world.hostility
        hostility.deleted.update(scenario.get("deleted", {}))
        hostility.created.update({arn: Unknown(puts) for arn, puts in scenario.get("created", {}).items()})
        for operation, (code, status) in scenario.get("answers", {}).items():
            self.world.faults.on(operation, error(code, status))

    def play(self, step: Mapping[str, Any], *, importing: bool = True) -> None:
        """One step, and everything that is expected of it; U2 where `importing`."""
        if "meddle" in step:
            self.meddle(step["meddle"])
        elif "refused" in step:
            refused = self.refused(step["spec"])
            assert [code for code, _ in refused] == [code for code, _ in step["refused"]], refused
            for (_, written), (_, path) in zip(refused, step["refused"], strict=True):
                assert path in written
        else:
            self.carry_out(step)
            if importing and self.is_new and "fails" not in step and "bucket" not in step.get("blocked", {}):
                self.can_be_imported(step.get("unsaid", []))
                self.is_new = False

    # ── somebody else ────────────────────────────────────────────────────────────────────────────────

    def meddle(self, actions: list[Any]) -> None:
        """Operations of boto3 that somebody else performs on the bucket."""
        self.is_new = True
        for action in actions:
            [(operation, params)] = {action: {}}.items() if isinstance(action, str) else action.items()
            if operation == "tag_as_aws_does":
                self.tag_as_aws_does(params)
            else:
                getattr(self.world.s3, operation)(Bucket=self.name, **wire(params))

    def tag_as_aws_does(self, tags: Mapping[str, str]) -> None:
        """Tags that only AWS's own services can give, beside those that are there."""
        memory, elements = self.world.layer.memory[self.name], []
        for key, value in {**memory.tags(), **tags}.items():
            elements.append(Element("Tag"))
            SubElement(elements[-1], "Key").text, SubElement(elements[-1], "Value").text = key, value
        memory.documents["tagging"] = Answer(headers={"content-type": "application/xml"}, body=tag_set(elements))

    def sees(self, operation: str, expected: Any) -> None:
        """That S3 answers somebody else with these parts, or with this error."""
        parts: dict[str, Any] = {"Error": expected} if isinstance(expected, str) else dict(expected)
        params = parts.pop("with", {})
        try:
            answer = getattr(self.world.s3, operation)(Bucket=self.name, **params)
        except ClientError as failed:
            answer = {"Error": code_of(failed)}
        if "Policy" in answer:
            answer["Policy"] = json.loads(answer["Policy"])
        assert {"Error": None, **parts} == {name: answer.get(name) for name in ("Error", *parts)}

    # ── specs ────────────────────────────────────────────────────────────────────────────────────────

    def text(self, spec: Any) -> str:
        """A spec file with this one bucket."""
        if isinstance(spec, str):
            body = "".join(f"    {line}\n" for line in spec.splitlines())
            return f"buckets:\n  - name: {self.name}\n    region: {REGION}\n{body}"
        whole = {"name": self.name, "region": REGION} | spec
        return yaml.safe_dump({"buckets": [whole]}, sort_keys=False, allow_unicode=True, width=1_000_000)

    def load(self, text: str) -> BucketSpec:
        """The spec of the only bucket in a file of this text."""
        file = self.folder / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        [declared] = load([str(file)]).buckets
        return declared.spec

    def refused(self, spec: Any) -> list[tuple[str, set[str]]]:
        """Codes of the problems that the loader tells, in the order of their places, and what is written there."""
        text = self.text(spec)
        try:
            self.load(text)
        except InvalidSpecs as refused:
            node, _ = parse(Source("spec.yaml", text))
            assert node is not None
            bucket = node.value["buckets"].value[0]
            return [(problem.code, written_at(problem, bucket)) for problem in refused.problems]
        return []

    # ── the reconciler ───────────────────────────────────────────────────────────────────────────────

    def carry_out(self, step: Mapping[str, Any]) -> None:
        """Plan and apply, with what is expected of both."""
        spec = self.load(self.text(step["spec"]))
        plan = self.world.plan(spec)
        expect(told(plan), step)
        if "meanwhile" in step:
            self.meddle(step["meanwhile"])
        self.world.faults.forget()
        applied = self.world.apply(plan)
        assert list(self.writes()) == step.get("calls", [])
        check_outcomes(applied, step.get("fails", {}))
        for operation, answer in step.get("then", {}).items():
            self.sees(operation, answer)
        self.is_new |= bool(plan.changes)
        if plan.changes and "fails" not in step:
            self.is_done(spec, plan)

    def writes(self) -> Iterator[str]:
        """The operations that changed something, in order; more than three in a row as `put_bucket_policy …`."""
        for name, row in groupby(xform_name(name) for name in self.world.faults.writes()):
            times = list(row)
            yield from times if len(times) <= MANY else [f"{name} …"]

    def is_done(self, spec: BucketSpec, plan: Plan) -> None:
        """U1: what was applied needs no more changes, whatever S3 did to its spelling."""
        again = self.world.plan(spec)
        assert again.changes == ()
        assert again.blockers == plan.blockers
        self.world.faults.forget()
        self.world.apply(again)
        assert self.world.faults.writes() == []

    def can_be_imported(self, unsaid: list[str]) -> None:
        """U2: what `import` writes for the bucket leaves it alone, said shortly or in full."""
        live = self.read()
        if live.existence is Existence.MISSING:
            return
        for full in (False, True):
            found = taken_over(live, self.world.identity, full=full)
            assert list(found.remarks) == unsaid, found.remarks
            spec = self.load(spec_file([found]))
            plan = plan_bucket(spec, live, self.world.identity, Origin("spec.yaml", 1))
            assert plan.changes == ()
            assert plan.blockers == ()

    def read(self) -> Any:
        """Every document of the bucket."""
        return self.world.reader.read([everything_of(self.name)])[self.name]


def wire(value: dict[str, Any]) -> dict[str, Any]:
    """Parameters as boto3 takes them: a policy may be written as data."""
    return value | ({"Policy": json.dumps(value["Policy"])} if isinstance(value.get("Policy"), dict) else {})


def places(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Every path of a document with the places of its name and of its value."""
    yield path, node.place
    if isinstance(node.value, dict):
        for name, child in node.value.items():
            source, where = node.written(name)
            yield (*path, name), source.place(source.span_of(where))
            yield from places(child, (*path, name))
    if isinstance(node.value, list):
        for position, child in enumerate(node.value):
            yield from places(child, (*path, str(position)))


def written_at(problem: Problem, bucket: Node) -> set[str]:
    """The paths in the bucket whose name or value begins where a problem is told."""
    assert problem.place is not None
    at = (problem.place.line, problem.place.column)
    return {path_text(path) for path, place in places(bucket) if (place.line, place.column) == at}


def told(plan: Plan) -> dict[str, Any]:
    """What a plan says, in the words of a scenario."""
    return {
        "changes": {change.aspect: change.action.value for change in plan.changes},
        "blocked": {blocker.aspect: blocker.why for blocker in plan.blockers},
        "findings": [finding.code for finding in plan.findings],
        "fields": {
            path_text((change.aspect, *field.path)): [field.before, field.after]
            for change in plan.changes
            for field in change.fields
        },
    }


def expect(said: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    """That a plan says what a step expects of it, and nothing else."""
    assert said["changes"] == step.get("changes", {}), said
    assert said["findings"] == step.get("findings", [])
    assert said["blocked"].keys() == step.get("blocked", {}).keys(), said
    for aspect, words in step.get("blocked", {}).items():
        assert words in said["blocked"][aspect]
    if "fields" in step:
        assert said["fields"] == step["fields"]


def check_outcomes(applied: Applied, fails: Mapping[str, str]) -> None:
    """That what should fail does, for the reason that is given, and everything else is applied."""
    failed = {name: outcome.why for name, outcome in outcomes(applied).items() if outcome.result is not Result.APPLIED}
    assert failed.keys() == fails.keys(), failed
    for aspect, words in fails.items():
        assert words in failed[aspect]
