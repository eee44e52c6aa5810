"""A check as one page: what is risky first, a table of buckets, every change with its picture.

It asks for nothing from anywhere, works without scripts, and is read on paper, on a telephone and aloud. What it
may run and how it may look is fixed by the hashes in its policy.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files

from reconciler.planning.changeset import worst
from reconciler.reports.findings import Finding, findings_of
from reconciler.reports.groups import groups_of
from reconciler.reports.html_buckets import buckets_section
from reconciler.reports.html_changes import changes_section
from reconciler.reports.html_findings import findings_section, risks_section
from reconciler.reports.html_markup import Content, Html, element, link
from reconciler.reports.needs import sentence
from reconciler.reports.review import About, Compared, Document, Review, Stage
from reconciler.reports.text import DANGEROUS, RISKS, TO_DO, risk_of
from reconciler.reports.values import count

TITLES = {
    Stage.PLANNED: "Plan",
    Stage.APPLYING: "Applying",
    Stage.APPLIED: "Applied",
    Stage.NOT_CHECKED: "Not checked",
    Stage.NOT_APPLIED: "Not applied",
}
COMPARED = {
    Compared.BASE: "Not compared with live buckets: this is the difference between the specs of two commits.",
    Compared.NOTHING: "Not compared with live buckets: the specs were only read.",
}
SECTIONS = {
    "told": "What happened",
    "risks": "Look twice",
    "findings": "Findings",
    "needs": "Apply also needs",
    "buckets": "Buckets",
    "changes": "What changes",
}
DONE = {"create": "created", "update": "changed", "delete": "deleted"}


def render(review: Review) -> str:
    """The whole page."""
    findings = findings_of(review)
    document = review.document
    groups = groups_of(document["buckets"]) if document else ()
    sections = {
        "told": told_section(review.about),
        "risks": risks_section(groups),
        "findings": findings_section(findings),
        "needs": needs_section(document) if document else None,
        "buckets": buckets_section(document, groups, findings) if document and document["buckets"] else None,
        "changes": changes_section(groups),
    }
    tone, said = verdict(review, findings)
    title = f"reconcile: {said}" if review.about.target is None else f"reconcile, {review.about.target}: {said}"
    body = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        page_header(review, tone, said),
        page_contents([name for name, section in sections.items() if section]),
        element("main", sections.values(), id="report"),
        page_footer(review),
        Html(f"<script>{page_file('js')}</script>"),
        class_=tone,
    )
    return f"<!doctype html>\n{element('html', page_head(title), body, lang='en')}\n"


@cache
def page_file(kind: str) -> str:
    """The style or the script of the page."""
    return files(__package__).joinpath(f"html_page.{kind}").read_text(encoding="utf-8")


def page_head(title: str) -> Html:
    """Title, policy and style."""
    style, script = (
        f"'sha256-{b64encode(sha256(page_file(kind).encode()).digest()).decode()}'" for kind in ("css", "js")
    )
    policy = f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Html(f"<style>{page_file('css')}</style>"),
    )


# ── what it comes to ─────────────────────────────────────────────────────────────────────────────────


def verdict(review: Review, findings: Sequence[Finding]) -> tuple[str, str]:
    """The tone of the page, and its title: counts, and the worst of it."""
    document = review.document
    errors = sum(finding.level == "error" for finding in findings)
    if document is None:
        return ("bad", f"{count(errors, 'error')} in the specs") if errors else ("good", "The specs are valid")
    risk = worst(map(risk_of, document["buckets"]))
    parts = counts_of(document, review.about.stage)
    said = f"{TITLES[review.about.stage]}: {', '.join(parts) or 'no changes'}"
    if errors:
        said += f" – {count(errors, 'error')}"
    if risk in DANGEROUS:
        said += f" – {RISKS[risk]}"
    if errors or review.about.stage is Stage.NOT_APPLIED:
        return "bad", said
    return "warn" if risk in DANGEROUS else "calm" if parts else "good", said


def counts_of(document: Document, stage: Stage) -> list[str]:
    """``2 to create``, or once it is done ``2 created``."""
    words = {**(DONE if stage is Stage.APPLIED else TO_DO), "blocked": "blocked"}
    summary = document["summary"]
    return [f"{summary[action]:,} {said}" for action, said in words.items() if summary[action]]


# ── around the sections ──────────────────────────────────────────────────────────────────────────────


def page_header(review: Review, tone: str, said: str) -> Html:
    """The verdict, what it is about, and where to go."""
    about, document = review.about, review.document
    facts = list(facts_of(review))
    banners = list(banners_of(about, document))
    return element(
        "header",
        element("p", f"reconcile · {about.target}" if about.target else "reconcile", class_="kicker"),
        element("h1", said, class_=tone),
        [element("p", banner, class_="banner") for banner in banners],
        element("dl", [element("div", element("dt", name), element("dd", fact)) for name, fact in facts]),
    )


def page_contents(names: Sequence[str]) -> Html | None:
    """Where to go."""
    links = [element("li", link(f"#{name}", SECTIONS[name])) for name in names]
    return element("nav", element("ul", links), aria_label="Sections") if links else None


def facts_of(review: Review) -> Iterator[tuple[str, Content]]:
    """What is known around the plan."""
    about, document = review.about, review.document
    if document:
        accounts = sorted({bucket["account"] or "unknown" for bucket in document["buckets"]})
        yield "Buckets", f"{len(document['buckets']):,}"
        if accounts:
            yield "Account", accounts[0] if len(accounts) == 1 else f"{len(accounts):,} accounts"
        yield "Specs", ", ".join(document["inputs"]["paths"])
        yield "Fingerprint", element("code", document["fingerprint"][:12])
    for name, commit in (("Commit", about.head), ("Compared with", about.base)):
        if commit:
            yield name, element("code", commit[:12])
    if about.run_url:
        yield "Run", link(about.run_url, "log of the run", rel="noreferrer noopener")


def banners_of(about: About, document: Document | None) -> Iterator[str]:
    """What must not be overlooked before the plan is believed."""
    if about.compared in COMPARED:
        yield COMPARED[about.compared]
    if document is None:
        return
    if document["endpoint"] == "sandbox":
        yield "Sandbox: an embedded S3 on this machine; nothing is real."
    elif document["endpoint"]:
        yield f"At {document['endpoint']}"
    shard, targets = document["inputs"].get("shard"), document["inputs"]["targets"]
    if shard:
        yield f"Only shard {shard['index']}/{shard['total']} of {count(shard['of_buckets'], 'bucket')}."
    if targets:
        yield f"Only a part of the specs: --target {', '.join(targets)}"


def told_section(about: About) -> Html | None:
    """What an apply has to say."""
    if not about.told:
        return None
    told = element("ul", [element("li", said) for said in about.told])
    return element("section", element("h2", "What happened"), told, id="told", aria_label="What happened")


def needs_section(document: Document) -> Html | None:
    """What an apply needs beyond a yes."""
    needs = document.get("needs", ())
    if not needs:
        return None
    listed = [element("li", sentence(need), " ", element("code", need["flag"])) for need in needs]
    return element("section", element("h2", "Apply also needs"), element("ul", listed), id="needs", aria_label="Needs")


def page_footer(review: Review) -> Html:
    """What to do next, and what made the page."""
    command, document = review.about.next_command, review.document
    has_changes = document is not None and any(bucket["changes"] for bucket in document["buckets"])
    return element(
        "footer",
        element("p", "Next: ", element("code", command)) if command and has_changes else None,
        element("p", "Fingerprint ", element("code", document["fingerprint"])) if document else None,
        element("p", f"reconcile {document['tool_version']}") if document else None,
    )
