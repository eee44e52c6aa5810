"""What a guardrail means: a page of `reconcile explain`, and docs/guardrails.md. Read off the rules."""

import re
import textwrap
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from reconciler.guardrails.catalogue import own_rules
from reconciler.guardrails.configured import ENABLED, WEIGHT
from reconciler.guardrails.rule import Rule
from reconciler.guardrails.waiving import ABOUT_WAIVERS
from reconciler.specs.docstrings import docstrings_of

WIDTH = 80
ROOMS = {
    "PUB": "Who gets in",
    "POL": "Policies",
    "ENC": "Encryption",
    "VER": "Versions",
    "LIF": "Lifecycle",
    "MAN": "The manifest",
    "TAG": "Tags",
    "NAM": "Names",
    "WVR": "Waivers",
}
"""Headings by the first part of the ids."""
CONTROLS = ("Security Hub", "CIS 5.0", "Checkov", "Trivy", "Prowler")


def about_rule(rule: Rule) -> Iterator[str]:
    """A page of plain text about one rule."""
    yield from wrapped(f"{rule.id} ({weight(rule)}): {rule.title}")
    yield ""
    yield from wrapped(plain(rule.why))
    yield ""
    yield from wrapped(f"What to do: {plain(rule.mend)}")
    fields = rule.parameters.model_fields
    if fields:
        yield from ("", "What reconcile.yaml may set of it, below guardrails.rules:", f"  {rule.id}:")
        said = docstrings_of(rule.parameters)
        yield f"    {WEIGHT}: error, warning or none; {ENABLED}: true or false"
        for name, field in fields.items():
            default = default_of(field)
            yield from wrapped(f"{name}: {default}" if default else name, "    ")
            yield from wrapped(plain(said.get(name, "")), "      ")
    others = [f"{name} {', '.join(rule.controls[name])}" for name in CONTROLS if name in rule.controls]
    if others:
        yield ""
        yield from wrapped(f"Elsewhere: {'; '.join(others)}")
    if rule not in ABOUT_WAIVERS:
        yield from ("", "To let one bucket off for a while, write into its spec:", "  waivers:")
        yield f"    - {{rule: {rule.id}, reason: …, owner: …, expires: 2027-03-31}}"


def about_all() -> Iterator[str]:
    """All rules, a line each."""
    yield from ("guardrails", "")
    yield from wrapped("What is asked of specs beyond what S3 takes: `reconcile lint`, and part of every plan.")
    yield ""
    for rule in own_rules().values():
        yield from wrapped(f"{rule.id}  {weight(rule):<8} {rule.title}", "  ", " " * 20)
    yield from ("", "See also: reconcile explain PUB-01, reconcile explain settings.guardrails")


def weight(rule: Rule) -> str:
    """What a rule weighs unless the settings say otherwise."""
    return rule.severity.value if rule.is_on else "off"


def default_of(field: FieldInfo) -> str:
    """The default of a parameter, as YAML would say it; nothing where it is empty."""
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, (), {}, []) else str(value)


def plain(markdown: str) -> str:
    """Text without the marks of emphasis that a terminal would show."""
    return re.sub(r"(?<![\w*])\*([^*]+)\*", r"\1", markdown)


def wrapped(text: str, indent: str = "", later: str | None = None) -> list[str]:
    """Lines of a paragraph."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent if later is None else later)


# ── docs/guardrails.md ───────────────────────────────────────────────────────────────────────────────

INTRODUCTION = """\
What is asked of specs beyond what S3 takes: `reconcile lint` asks it, and so does every `plan`, `apply` and `ci`. A
rule speaks of what a spec says; of what it leaves out only where the bucket's `purpose:` or its classification asks
for it. A finding never changes what a plan says of a bucket. An error ends with exit code 3 after everything was shown,
and keeps `apply` from writing anything while a bucket that would change has one, until it is mended or let pass. A
warning ends nothing. The severity in a heading is the usual one; some cases weigh less, or more, as their finding says.

One bucket is let off one rule for a while by a waiver in its spec; from the day after the last one, the waiver is an
error of its own. For one run, `apply --allow PUB-01:acme-lake` does the same. `waivers:` may stand in `defaults:`, for
all buckets of the file that have no `waivers:` of their own: those of a bucket stand in their place.

```yaml
buckets:
  - name: acme-prod-raw-us-east-1
    purpose: raw            # raw, processed, curated, reference, temp, lake, logs, backup, artifacts, website, other
    tags: {Classification: confidential}       # public, internal, confidential, restricted
    waivers:
      - {rule: LIF-01, reason: ends with the migration, owner: data-platform, expires: 2027-03-31}
```

A team sets rules in `reconcile.yaml`, adds its own as JSON Schemas of a bucket's spec, or has them in an installed
Python package with entry points in the group `reconcile.guardrails`. Only packages that are named are loaded, and none
that lies in the Git repository (or the folder) in which the command runs or the settings lie, but for what pip has
installed there: whoever opens a pull request never runs code with the check's credentials. Each rule has an id of its
own; none takes the place of another.

```yaml
guardrails:
  rules:
    LIF-01: none                               # error, warning or none
    LIF-03: {severity: error, days: 3}
    LIF-05: {enabled: false}                   # the same as none
    NAM-01: {convention: "<company>-<environment>-<purpose>-<region>", words: {company: [acme]}}
  classification: {tag: Classification, words: {secret: restricted}}
  own:
    - {id: ACME-01, title: Every bucket says its account, json_schema: guardrails/acme-01.json}
  packages: [acme-guardrails]
```

`guardrails/acme-01.json` would be `{"required": ["account"]}`. A rule of a package is a
`reconciler.guardrails.rule.Rule`, as those in [reconciler/guardrails/rules/](../reconciler/guardrails/rules/) are.
"""


def guardrails_page(made: str) -> Iterator[str]:
    """All rules with what they are for, and what others call them."""
    yield from ("# Guardrails", "", made, "", INTRODUCTION)
    rules = own_rules()
    for start, heading in ROOMS.items():
        yield from (f"## {heading}", "")
        for rule in (rule for rule in rules.values() if rule.id.startswith(f"{start}-")):
            yield from (f"### {rule.id}: {rule.title} ({weight(rule)})", "", rule.why, "", rule.mend, "")
            yield from parameters(rule)
    yield from ("## What others call them", "", f"| rule | {' | '.join(CONTROLS)} |", "|---|" + "---|" * len(CONTROLS))
    for rule in rules.values():
        if rule.controls:
            cells = (", ".join(rule.controls.get(name, ())) for name in CONTROLS)
            yield f"| {rule.id} | {' | '.join(cells)} |"


def parameters(rule: Rule) -> Iterator[str]:
    """What may be set of a rule."""
    said = docstrings_of(rule.parameters)
    for name, field in rule.parameters.model_fields.items():
        default = default_of(field)
        yield f"- `{name}`" + (f" (`{default}`)" if default else "") + f": {said.get(name, '')}"
    if rule.parameters.model_fields:
        yield ""
