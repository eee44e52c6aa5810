"""What GitHub's and GitLab's runners do with the files that we give away: every step as it is written.

Only what lies outside of this machine is replaced: a checkout is a clone of a folder, credentials are given without
asking AWS, and what pip would install is installed already.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
RECONCILE = Path(sys.executable).parent / "reconcile"
WORDS = re.compile(r"'[^']*'|\"[^\"]*\"|&&|\|\||!(?!=)|\$?[A-Za-z_][\w-]*(?:\.[\w-]+)*")
OPERATORS = {"&&": " and ", "||": " or ", "!": " not ", "format": "formatted", "always": "bool", "true": "True"}
PYTHON = f"""\
#!/bin/sh
case "$*" in
  "-I -m venv "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-I -m pip "*)
    printf '%s\\n' "$*" >> "$PIP_WAS_CALLED" && ln -s "${{RECONCILE_IS:-{RECONCILE}}}" "${{0%/*}}/reconcile" ;;
  *) exec "{sys.executable}" "$@" ;;
esac
"""


STUB = """\
#!/bin/sh
printf '<%s>' "$@"
for word in "$@"; do
  case "$word" in --report=markdown=*) echo seen > "${word##*=}" ;; esac
done
"""


class Ended(NamedTuple):
    """How a script has ended."""

    code: int
    said: str


class Step(NamedTuple):
    """A step that was run."""

    name: str
    code: int
    said: str
    outputs: dict[str, str]


class Job(NamedTuple):
    """A job that was run."""

    name: str
    code: int
    steps: tuple[Step, ...]
    outputs: dict[str, str]

    @property
    def said(self) -> str:
        """All that its steps have said."""
        return "".join(step.said for step in self.steps)


def stub(folder: Path) -> str:
    """Something in the place of `reconcile` that says what it is called with, which is quicker than to do it."""
    path = folder / "stub"
    path.write_text(STUB)
    path.chmod(0o755)
    return str(path)


# ── expressions ──────────────────────────────────────────────────────────────────────────────────────


def value_of(expression: str, contexts: Mapping[str, Any]) -> Any:
    """What an expression of a workflow, or a rule of a pipeline, comes to."""

    def word(found: re.Match[str]) -> str:
        text = found[0]
        if text[0] in "'\"":
            return repr(text[1:-1])
        return OPERATORS.get(text, f"look({text.removeprefix('$')!r})")

    def look(name: str) -> Any:
        value: Any = contexts
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    python = " ".join(WORDS.sub(word, expression).split())
    return eval(python, {"look": look, "bool": lambda: True, "formatted": lambda text, *values: text.format(*values)})


def filled(text: Any, contexts: Mapping[str, Any]) -> str:
    """A text with its expressions filled in."""

    def as_text(found: re.Match[str]) -> str:
        value = value_of(found[1], contexts)
        return str(value).lower() if isinstance(value, bool) else str(value)

    return re.sub(r"\$\{\{ (.*?) \}\}", as_text, str(text))


# ── a machine ────────────────────────────────────────────────────────────────────────────────────────


class Machine:
    """Where jobs run: a folder, and an environment that has nothing of ours but what a job is given."""

    def __init__(self, folder: Path, repository: Path, given: Mapping[str, str]) -> None:
        self.folder, self.repository, self.given = folder, repository, dict(given)
        self.pip = folder / "pip.txt"
        (folder / "bin").mkdir(parents=True)
        python = folder / "bin" / "python3"
        python.write_text(PYTHON)
        python.chmod(0o755)

    def environment(self, **others: str) -> dict[str, str]:
        """What a script sees."""
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "PIP_WAS_CALLED": str(self.pip),
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.given,
            **others,
        }

    def run(self, script: str, folder: Path, environment: Mapping[str, str]) -> Ended:
        """Run a script as both runners do: bash, which stops at the first command that fails."""
        path = self.folder / "script.sh"
        path.write_text(script)
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Ended(ended.returncode, ended.stdout)

    def check_out(self, commit: str, target: Path, depth: int) -> None:
        """A commit of the team's repository; all of the history, if depth is 0."""
        target.mkdir(parents=True, exist_ok=True)
        git = ["git", "-C", str(target), "-c", "advice.detachedHead=false"]
        history = ["--depth", str(depth)] if depth else []
        for words in (
            ["init", "-q"],
            ["fetch", "-q", *history, f"file://{self.repository}", "+refs/heads/*:refs/remotes/origin/*"],
            ["checkout", "-q", "--detach", commit],
        ):
            subprocess.run([*git, *words], check=True, capture_output=True, env=self.environment())


# ── GitHub ───────────────────────────────────────────────────────────────────────────────────────────


class OnGitHub(Machine):
    """One job of GitHub Actions."""

    roles: list[str]
    fetched: list[dict[str, str]]

    def workflow(self, path: Path, github: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[Job]:
        """The jobs of a reusable workflow that an event starts."""
        document = yaml.safe_load(path.read_text())
        declared = document[True]["workflow_call"]["inputs"]  # `on` is true to YAML 1.1
        values = {name: inputs.get(name, one.get("default", "")) for name, one in declared.items()}
        assert not inputs.keys() - declared.keys()
        contexts = {
            "github": github,
            "inputs": values,
            "job": {"workflow_repository": "acme/reconcile", "workflow_sha": "f" * 40},
        }
        jobs = document["jobs"].items()
        return [self.job(name, job, contexts) for name, job in jobs if value_of(job["if"], contexts)]

    def job(self, name: str, job: Mapping[str, Any], contexts: Mapping[str, Any]) -> Job:
        """One job, on a fresh machine."""
        self.roles, self.fetched = [], []
        workspace = self.folder / f"job-{len(list(self.folder.iterdir()))}"
        workspace.mkdir()
        given: dict[str, str] = {}
        steps: list[Step] = []
        outputs: dict[str, Any] = {}
        for step in job["steps"]:
            if not value_of(step.get("if", "true"), contexts):
                continue
            words = {key: filled(value, contexts) for key, value in step.get("with", {}).items()}
            action = step.get("uses", "").partition("@")[0]
            if action == "actions/checkout":
                self.fetch(words, workspace, contexts)
            elif action == "aws-actions/configure-aws-credentials":
                self.roles.append(words["role-to-assume"])
                given = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "else"}
                given["AWS_REGION"] = words["aws-region"]
            elif action:
                path = workspace / action if action.startswith("./") else ROOT
                steps += self.action(workspace, path, words, contexts, given)
                outputs[step.get("id", "")] = {"outputs": steps[-1].outputs}
            else:
                inside = {**contexts, "steps": outputs}
                told = {name: filled(value, inside) for name, value in step.get("env", {}).items()}
                steps.append(Step(step["name"], *self.run(step["run"], workspace, self.environment(**told)), {}))
            if steps and steps[-1].code:
                break
        return Job(name, max((step.code for step in steps), default=0), tuple(steps), steps[-1].outputs)

    def fetch(self, words: dict[str, str], workspace: Path, contexts: Mapping[str, Any]) -> None:
        """What actions/checkout does."""
        self.fetched.append(words)
        if "repository" in words:
            (workspace / words["path"]).symlink_to(ROOT)
        else:
            depth = int(words.get("fetch-depth", "1"))
            self.check_out(contexts["github"]["sha"], workspace / words.get("path", "."), depth)

    def action(
        self,
        workspace: Path,
        path: Path,
        words: Mapping[str, str],
        contexts: Mapping[str, Any],
        given: Mapping[str, str],
    ) -> Iterator[Step]:
        """The steps of our composite action."""
        document = yaml.safe_load((path / "action.yml").read_text())
        assert not words.keys() - document["inputs"].keys()
        inputs = {name: filled(one.get("default", ""), contexts) for name, one in document["inputs"].items()}
        outputs: dict[str, Any] = {}
        inside = {"github": contexts["github"], "inputs": {**inputs, **words}, "steps": outputs}
        for step in document["runs"]["steps"]:
            assert step["shell"] == "bash"
            written = workspace / f"outputs-of-{step['id']}"
            written.touch()
            environment = self.environment(
                GITHUB_ACTION_PATH=str(path),
                GITHUB_WORKSPACE=str(workspace),
                GITHUB_OUTPUT=str(written),
                RUNNER_TEMP=str(workspace),
                **given,
                **{name: filled(value, inside) for name, value in step.get("env", {}).items()},
            )
            ended = self.run(step["run"], workspace / filled(step.get("working-directory", "."), inside), environment)
            outputs[step["id"]] = {"outputs": outputs_in(written.read_text())}
            yield Step(step["name"], *ended, outputs[step["id"]]["outputs"])
            if ended.code:
                return


def outputs_in(text: str) -> dict[str, str]:
    """The outputs of a step: `name=value`, or several lines between two that are alike."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, equals, value = line.partition("=")
        if "<<" in name or not equals:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        outputs[name] = value
    return outputs


# ── GitLab ───────────────────────────────────────────────────────────────────────────────────────────


class OnGitLab(Machine):
    """Jobs of GitLab CI."""

    def pipeline(self, path: Path, variables: Mapping[str, str], inputs: Mapping[str, str]) -> list[Job]:
        """The jobs of a component that a pipeline of this kind has."""
        jobs = component(path, inputs)
        chosen = {
            name: job for name, job in jobs.items() if any(value_of(rule["if"], variables) for rule in job["rules"])
        }
        return [self.job(name, job, variables) for name, job in chosen.items()]

    def job(self, name: str, job: Mapping[str, Any], variables: Mapping[str, str]) -> Job:
        """One job, in a clone of its own."""
        folder = self.folder / f"job-{len(list(self.folder.iterdir()))}"
        values = {key: str(value) for key, value in job["variables"].items()}
        self.check_out(variables["CI_COMMIT_SHA"], folder, int(values["GIT_DEPTH"]))
        [token] = job["id_tokens"]
        environment = self.environment(**variables, **values, **{token: "a.signed.token"})
        ended = self.run("\n".join([*job["before_script"], *job["script"]]), folder, environment)
        reports = job.get("artifacts", {}).get("reports", {})
        left = {kind: (folder / file).read_text() for kind, file in reports.items() if (folder / file).exists()}
        return Job(name, ended.code, (Step(name, *ended, left),), left)


def component(path: Path, inputs: Mapping[str, str]) -> dict[str, Any]:
    """The jobs of a component, with inputs filled in and what they extend."""
    head, _, body = path.read_text().partition("\n---\n")
    declared = yaml.safe_load(head)["spec"]["inputs"]
    assert not inputs.keys() - declared.keys()
    values = {name: inputs.get(name, one.get("default")) for name, one in declared.items()}
    jobs = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: values[found[1]], body))
    base = jobs.pop(".reconcile")
    return {name: {**base, **job, "variables": {**base["variables"], **job["variables"]}} for name, job in jobs.items()}
