"""A team's own rules: JSON Schemas beside its settings, and packages that are installed, never code under review."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import InvalidSettings
from reconciler.guardrails.judging import verdicts
from reconciler.settings import Settings
from reconciler.specs.guardrails import load_guardrails
from reconciler.specs.settings import load_settings

TODAY = date(2026, 11, 23)
OWN = "guardrails: {own: [{id: ACME-01, title: Says its account, json_schema: rules/account.json, severity: warning}]}"
RULE = """\
from reconciler.guardrails.rule import Offence, Rule
RULE = Rule("PACK-01", "A rule of a package", "because", "do it", lambda subject: iter([Offence((), "no")]))
SOMETHING = "else"
"""


def asked(text: str) -> Settings:
    Path("reconcile.yaml").write_text(text)
    return load_settings()


def mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSettings) as refused:
        asked(text)
    return [(str(problem.place), problem.message) for problem in refused.value.problems]


def schema(text: str, name: str = "rules/account.json") -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)


def said(settings: Settings, **bucket: object) -> list[tuple[str, str, tuple[str | int, ...], str, str]]:
    spec = BucketSpec.model_validate({"name": "acme-lake", **bucket})
    found = verdicts(spec, load_guardrails(settings), TODAY)
    return [(one.rule, one.severity.value, one.path, one.message, one.remedy) for one in found]


def test_a_schema_is_a_rule() -> None:
    schema('{"required": ["account"], "properties": {"tags": {"required": ["Owner"]}}}')
    settings = asked(OWN)
    mend = "Write what rules/account.json asks for."
    assert said(settings, account="123456789012", tags={"Owner": "lake"}) == []
    assert said(settings) == [("ACME-01", "warning", (), "'account' is a required property", mend)]
    assert said(settings, account="123456789012", tags={"a": "b"}) == [
        ("ACME-01", "warning", ("tags",), "'Owner' is a required property", mend)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "`rules/account.json` is no JSON Schema: it is no mapping"),
        ('{"type": "obj"}', "`rules/account.json`: this is not a JSON Schema: 'obj' is not valid under any of the"),
        ('{"$ref": "https://example.com/x"}', "`rules/account.json`: this refers to a schema that is not in it"),
        ("{", "`rules/account.json` is no JSON Schema: "),
    ],
)
def test_what_is_no_schema_is_told_at_its_place(text: str, message: str) -> None:
    schema(text)
    ((place, said),) = mistakes(OWN)
    assert place == "reconcile.yaml:1:72"
    assert said.startswith(message)


def test_a_schema_that_cannot_be_read() -> None:
    assert mistakes(OWN) == [("reconcile.yaml:1:72", "`rules/account.json` cannot be read: No such file or directory")]
    outside = OWN.replace("rules/account.json", "../account.json")
    ((_, said),) = mistakes(outside)
    assert said == "`../account.json` lies outside of the settings' folder"


def test_a_schema_that_only_fails_on_a_spec_is_told_as_a_finding() -> None:
    schema('{"properties": {"tags": {"$ref": "#/nowhere"}}}')
    ((rule, _, path, message, _),) = said(asked(OWN), tags={"a": "b"})
    assert (rule, path) == ("ACME-01", ())
    assert message.startswith("nobody can tell: this refers to a schema that is not in it")


# ── packages ─────────────────────────────────────────────────────────────────────────────────────────


def install(folder: Path, entries: str, module: str | None = RULE) -> None:
    """What pip would leave behind."""
    info = folder / "acme_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entries)
    if module is not None:
        (folder / "acme_rules.py").write_text(module)


ENTRIES = "[reconcile.guardrails]\nfirst = acme_rules:RULE\n"
NAMED = "guardrails: {packages: [acme-rules]}"


@pytest.fixture(autouse=True)
def not_loaded_yet() -> Iterator[None]:
    sys.modules.pop("acme_rules", None)
    yield
    sys.modules.pop("acme_rules", None)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages that is not the one in which the test runs."""
    folder = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_package_that_is_named_has_rules(site: Path) -> None:
    install(site, ENTRIES)
    assert ("PACK-01", "error", (), "no", "do it") in said(asked(NAMED))
    assert said(asked("guardrails: {packages: [acme-rules], rules: {PACK-01: none}}")) == []


def test_a_package_that_is_not_named_is_not_loaded(site: Path) -> None:
    install(site, ENTRIES, "raise RuntimeError('loaded')")
    assert said(asked("guardrails: {rules: {LIF-01: none}}")) == []
    assert "acme_rules" not in sys.modules


def test_code_under_review_never_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a package in it, as a pull request could bring it, and a Python that looks there first."""
    install(Path.cwd(), ENTRIES, "raise RuntimeError('loaded')")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    ((place, said),) = mistakes(NAMED)
    assert place == "reconcile.yaml:1:25"
    assert said == "the package `acme-rules` lies in the folder that is being checked, and is not loaded"


def test_a_module_of_the_checkout_does_not_stand_in_for_an_installed_one(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, ENTRIES)
    Path("acme_rules.py").write_text("raise RuntimeError('loaded')")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    ((_, said),) = mistakes(NAMED)
    assert said == "the package `acme-rules` lies in the folder that is being checked, and is not loaded"


@pytest.mark.parametrize("inner", ["infra", "infra/lake"])
@pytest.mark.parametrize("from_there", [True, False])
def test_all_of_the_checkout_is_under_review(monkeypatch: pytest.MonkeyPatch, inner: str, from_there: bool) -> None:
    """A run in a folder of the repository, or with settings that lie there, and a package elsewhere in it."""
    repository = Path.cwd() / "repository"
    (repository / ".git").mkdir(parents=True)
    install(repository / "src", ENTRIES, "raise RuntimeError('loaded')")
    monkeypatch.syspath_prepend(str(repository / "src"))
    folder = repository / inner
    folder.mkdir(parents=True)
    (folder / "reconcile.yaml").write_text(NAMED)
    elsewhere = Path.cwd() / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(folder if from_there else elsewhere)
    with pytest.raises(InvalidSettings) as refused:
        load_settings(None if from_there else str(folder / "reconcile.yaml"))
    (problem,) = refused.value.problems
    assert problem.message == "the package `acme-rules` lies in the folder that is being checked, and is not loaded"
    assert "acme_rules" not in sys.modules


def test_what_is_installed_in_an_environment_of_the_checkout_is_no_code_under_review(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = Path.cwd() / ".venv/lib/site-packages"
    install(place, ENTRIES)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setattr("reconciler.specs.guardrails.getsitepackages", lambda: [str(place)])
    assert ("PACK-01", "error", (), "no", "do it") in said(asked(NAMED))


@pytest.mark.parametrize("taken", ["PUB-01", "WVR-01"])
def test_no_rule_takes_the_place_of_another(site: Path, taken: str) -> None:
    schema("{}")
    message = f"there is a rule `{taken}` already"
    assert mistakes(OWN.replace("ACME-01", taken)) == [("reconcile.yaml:1:25", message)]
    install(site, ENTRIES, RULE.replace("PACK-01", taken))
    assert mistakes(NAMED) == [("reconcile.yaml:1:25", message)]
    sys.modules.pop("acme_rules")
    (site / "acme_rules.py").write_text(RULE)
    both = NAMED.replace("}", ", " + OWN.partition("{")[2].replace("ACME-01", "PACK-01"))
    ((_, said),) = mistakes(both)
    assert said == "there is a rule `PACK-01` already"


def test_a_rule_of_a_package_that_fails_says_so(site: Path) -> None:
    install(site, ENTRIES, RULE.replace('Offence((), "no")', "1 / 0"))
    said_of = ("PACK-01", "error", (), "nobody can tell: ZeroDivisionError: division by zero")
    assert said(asked(NAMED)) == [(*said_of, "mend the rule in its package")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("'no'", "TypeError: 'no' is no Offence with a message"),
        ("Offence((), 7)", "is no Offence with a message"),
        ("exit(0)", "SystemExit: 0"),
    ],
)
def test_what_a_rule_of_a_package_says_has_to_be_an_offence(site: Path, given: str, told: str) -> None:
    install(site, ENTRIES, RULE.replace('Offence((), "no")', given))
    ((_, severity, _, message, _),) = said(asked(NAMED))
    assert severity == "error"
    assert message.startswith("nobody can tell: ")
    assert message.endswith(told)


@pytest.mark.parametrize(
    ("entries", "module", "said"),
    [
        ("", RULE, "the package `acme-rules` has no entry point in the group reconcile.guardrails"),
        (ENTRIES, None, "the package `acme-rules` has no module `acme_rules`"),
        (ENTRIES, "exit(7)", "`acme_rules:RULE` of `acme-rules` cannot be loaded: SystemExit: 7"),
        (ENTRIES, "raise RuntimeError('x')", "`acme_rules:RULE` of `acme-rules` cannot be loaded: RuntimeError: x"),
        (ENTRIES.replace("RULE", "SOMETHING"), RULE, "`acme_rules:SOMETHING` of `acme-rules` is no Rule"),
        (ENTRIES, RULE.replace("PACK-01", "x"), "`acme_rules:RULE` of `acme-rules` has no id like `ACME-01`"),
    ],
)
def test_a_package_that_cannot_be_used_is_told(site: Path, entries: str, module: str | None, said: str) -> None:
    install(site, entries, module)
    ((place, message),) = mistakes(NAMED)
    assert place == "reconcile.yaml:1:25"
    assert message == said


def test_a_package_that_is_not_installed_is_told() -> None:
    assert mistakes(NAMED) == [("reconcile.yaml:1:25", "the package `acme-rules` is not installed")]


def test_whoever_asks_for_guardrails_of_bad_settings_is_refused() -> None:
    """Settings that did not come from a file."""
    settings = Settings.model_validate({"guardrails": {"rules": {"PUB-1": "none"}}})
    with pytest.raises(InvalidSettings):
        load_guardrails(settings)
    assert json.dumps(settings.model_dump(mode="json"))


def test_a_module_that_nobody_can_find(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, ENTRIES)
    monkeypatch.setitem(sys.modules, "acme_rules", type(sys)("acme_rules"))  # without a spec, as __main__ has none
    ((_, said),) = mistakes(NAMED)
    assert said == "the package `acme-rules` has no module `acme_rules`"
