"""ci: check a pull request and comment on it; apply what was reviewed"""

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reconciler.cli.consent import check_words, consent_arguments, limits_of, needs_of
from reconciler.cli.console import Console
from reconciler.cli.question import access, command_line, endpoint_profile, question, spec_arguments, spec_words
from reconciler.cli.settings import guardrails_asked, settings_of
from reconciler.errors import ExitCode, InvalidSpecs, NoCredentials, PlanIsStale, ReconcileError, UsageError

if TYPE_CHECKING:
    from reconciler.guardrails.judging import Guardrails
    from reconciler.planning.changeset import Changeset
    from reconciler.pull_request.comment import Reviewed, Telling
    from reconciler.pull_request.concern import Concern
    from reconciler.pull_request.hosts import Pull
    from reconciler.pull_request.job import Job
    from reconciler.reports.review import About, Review

DESCRIPTION = """\
Check a pull request: validate all specs, plan those that it changes, say it in one comment. On GitHub Actions and
GitLab CI nothing has to be passed; anywhere else: --base. Without credentials specs are compared with the base's.

  reconcile ci                                 on each push to a pull request
  reconcile ci --base origin/main              anywhere else
  reconcile ci --apply                         after the merge: what was reviewed, or nothing (exit 4)
"""
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}\Z")


def arguments(parser: ArgumentParser) -> None:
    """Which specs, compared with what, and who is told."""
    from reconciler.cli.reports import report_argument

    spec_arguments(parser)
    parser.add_argument("--base", metavar="REF", help="what it is compared with (default: as the job says)")
    parser.add_argument("--head", metavar="COMMIT", help="the commit that is checked (default: as the job says)")
    parser.add_argument("--all", action="store_true", help="plan all specs, not only those that are changed")
    parser.add_argument("--offline", action="store_true", help="ask no S3: compare with the specs of the base")
    parser.add_argument("--no-comment", action="store_true", help="write no comment")
    parser.add_argument(
        "--comment-key", metavar="NAME", default=None, help="which comment, where there are several: prod, say"
    )
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 when there are changes, 0 when there are none"
    )
    parser.add_argument("--apply", action="store_true", help="after the merge: apply what was reviewed, by the comment")
    report_argument(parser)
    consent_arguments(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Check or apply; how it ends is an output of the step, too."""
    from reconciler.pull_request.job import job_of

    check_words(arguments)
    key_of(arguments)
    job = job_of(os.environ)
    try:
        if arguments.apply:
            return ended(None, apply_reviewed(arguments, console, job))
        return check(arguments, console, job)
    except InvalidSpecs as error:
        tell_elsewhere(invalid(arguments, job, error), ExitCode.ERROR, arguments, console, job)
        raise
    except ReconcileError as error:
        if arguments.apply or isinstance(error, UsageError):
            ended(None, error.exit_code)
        else:
            tell_elsewhere(not_checked(arguments, job, error), error.exit_code, arguments, console, job)
        raise


def key_of(arguments: Namespace) -> str:
    """Which comment."""
    from reconciler.pull_request.comment import KEY as DEFAULT

    key: str = arguments.comment_key or DEFAULT
    if not KEY.match(key):
        raise UsageError(f"--comment-key {key} is no name", remedy="use up to 64 letters, digits and ._/-")
    return key


# ── before review ────────────────────────────────────────────────────────────────────────────────────


def check(arguments: Namespace, console: Console, job: "Job") -> ExitCode:
    """Validate everything, plan what is changed, and say it wherever somebody looks."""
    from reconciler.planning.changeset import exit_code_of
    from reconciler.reports.text import render

    review = reviewed(arguments, console, job, concern(arguments, job))
    document = review.document
    assert document is not None, "whatever is concerned is planned"
    if review.problems:
        from reconciler.reports.problems import render_problems

        console.message(render_problems(review.problems, console.style(sys.stderr)).rstrip("\n"))
    if document["buckets"] and (review.about.compared == "live" or has_changes(document)):
        console.result(render(document, console.style(sys.stdout), next_command=review.about.next_command))
    else:
        console.result("No spec that is planned would change anything.\n")
    code = exit_code_of(document, arguments.detailed_exitcode)
    tell_elsewhere(review, code, arguments, console, job)
    return code


def concern(arguments: Namespace, job: "Job") -> "Concern":
    """What the pull request is about."""
    from reconciler.pull_request.concern import Asked, concern_of

    named = getattr(arguments, "settings", None)
    accounts = settings_of(arguments).accounts
    asked = question(arguments)
    return concern_of(
        Asked(asked, endpoint_profile(arguments), accounts, named, arguments.all, arguments.base, arguments.head), job
    )


def reviewed(arguments: Namespace, console: Console, job: "Job", concern: "Concern") -> "Review":
    """The plan of what is changed, compared with the best that there is."""
    from reconciler.planning.storage import to_document
    from reconciler.pull_request.base import compared_with
    from reconciler.reports.review import Compared, Review
    from reconciler.version import __version__

    settings = settings_of(arguments)
    compared, changeset = Compared.NOTHING, None
    if concern.loaded.buckets and not arguments.offline:
        changeset = planned_live(arguments, console, concern)
        compared = Compared.LIVE
    if changeset is None:
        changeset = compared_with(concern.before.specs, concern.loaded.buckets, concern.question)
        changeset = judged_offline(changeset, concern, guardrails_asked(arguments, settings))
        compared = Compared.BASE if concern.loaded.buckets else compared
    if compared is Compared.BASE:
        console.notice(f"Not compared with live buckets, but with the specs of {concern.base[:12]}")
    needs = needs_of(changeset, limits_of(arguments, settings.limits))
    document = to_document(changeset, __version__, needs)
    problems = (*concern.problems, *(concern.before.problems if compared is Compared.BASE else ()))
    about = about_of(arguments, job)._replace(compared=compared, head=concern.head, base=concern.base)
    if compared is Compared.LIVE and changeset.has_changes:
        words = [*spec_words(concern.question), "--expect-fingerprint", document["fingerprint"]]
        about = about._replace(next_command=command_line(arguments, "apply", words))
    return Review(document, problems, about)


def judged_offline(changeset: "Changeset", concern: "Concern", guardrails: "Guardrails") -> "Changeset":
    """The same with what the guardrails say of the specs, of whose accounts nobody knows."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from reconciler.specs.judged import by_bucket, judged

    found = by_bucket(judged(concern.loaded.buckets, guardrails, datetime.now(UTC).date()))
    return replace(changeset, plans=tuple(replace(plan, verdicts=found.get(plan.name, ())) for plan in changeset.plans))


def planned_live(arguments: Namespace, console: Console, concern: "Concern") -> Any:
    """The changeset as S3 has it; None where nobody has given us credentials."""
    from reconciler.cli.progress import Progress
    from reconciler.run import plan_loaded

    settings = settings_of(arguments)
    asked = guardrails_asked(arguments, settings)
    try:
        s3 = access(arguments, console, settings.accounts)
        with Progress(console).shown() as progress:
            return plan_loaded(concern.loaded, concern.question, s3, console.notice, None, progress, asked).changeset
    except NoCredentials:
        console.line("warning: there are no AWS credentials")
        return None


def has_changes(document: Any) -> bool:
    """Whether anything would be written."""
    return any(bucket["changes"] for bucket in document["buckets"])


def about_of(arguments: Namespace, job: "Job") -> "About":
    """What is known of the run."""
    from reconciler.reports.review import About

    return About(target=arguments.comment_key, head=job.head, run_url=job.run_url)


def invalid(arguments: Namespace, job: "Job", error: InvalidSpecs) -> "Review":
    """The check of specs that are not valid."""
    from reconciler.reports.review import Compared, Review

    about = about_of(arguments, job)
    return Review(None, error.problems, about._replace(compared=Compared.NOTHING, head=arguments.head or job.head))


def not_checked(arguments: Namespace, job: "Job", error: ReconcileError) -> "Review":
    """The check that somebody else has kept us from: what it said before is about another commit."""
    from reconciler.problems import Problem
    from reconciler.reports.review import Review, Stage

    about = about_of(arguments, job)._replace(stage=Stage.NOT_CHECKED, head=arguments.head or job.head)
    return Review(None, (Problem(error.code, error.message, None, error.remedy),), about)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────


def tell_elsewhere(review: "Review", code: ExitCode, arguments: Namespace, console: Console, job: "Job") -> None:
    """Annotations, the summary and outputs of the job, reports, and the comment. None of it changes the exit code."""
    from reconciler.cli.reports import write_reports
    from reconciler.pull_request.job import GITHUB

    if job.host == GITHUB:
        from reconciler.reports.formats import render

        console.commands(render("github", review))
    write_summary_of(review, arguments, console)
    ended(review, code)
    write_reports(arguments, review)
    if not arguments.no_comment and job.number is not None:
        tell_in_comment(review, arguments, console, job)


def write_summary_of(review: "Review", arguments: Namespace, console: Console) -> None:
    """The page of the job, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from reconciler.pull_request.outputs import LARGEST_SUMMARY, write_summary
    from reconciler.reports.markdown import render

    try:
        write_summary(path, render(review, key=key_of(arguments), largest=LARGEST_SUMMARY))
    except OSError as error:
        console.line(f"warning: the summary of the job cannot be written: {error.strerror}")


def ended(review: "Review | None", code: ExitCode) -> ExitCode:
    """The outputs of the step, where there are steps."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        from reconciler.pull_request.outputs import outputs_of, write_outputs

        with suppress(OSError):  # nobody reads them then
            write_outputs(path, outputs_of(review, code))
    return code


def tell_in_comment(review: "Review", arguments: Namespace, console: Console, job: "Job") -> None:
    """The comment. A fork's token may not write one, and no check fails because of that."""
    from reconciler.pull_request.comment import comment_on
    from reconciler.pull_request.hosts import HostRefuses, host_of

    assert job.number is not None, "there is a pull request"
    try:
        console.notice(comment_on(host_of(job, os.environ), job.number, key_of(arguments), review).capitalize())
    except Exception as error:  # whatever a host does, the check is what it is
        refusal = error if isinstance(error, HostRefuses) else HostRefuses(f"{type(error).__name__} of its client")
        if job.is_fork:
            console.notice(f"No comment, as from every fork: {refusal.message}. The summary of the job has it all")
        else:
            console.line(f"warning: no comment: {refusal.message}" + (f": {refusal.remedy}" if refusal.remedy else ""))


# ── after review ─────────────────────────────────────────────────────────────────────────────────────


def apply_reviewed(arguments: Namespace, console: Console, job: "Job") -> ExitCode:
    """Apply what the comment of the merged pull request says was reviewed; anything else is refused (exit 4)."""
    from reconciler.cli import apply
    from reconciler.pull_request.comment import reviewed_in
    from reconciler.pull_request.concern import variables_of

    if job.number is not None and not job.is_merged:
        raise UsageError(
            f"#{job.number} is not merged", remedy="run `reconcile ci --apply` on pushes to the main branch"
        )
    pull = merged_pull(job)
    telling = telling_in(pull, arguments, console, job) if pull else None
    found = reviewed_in(telling.posted) if telling and telling.posted else None
    if pull is None or telling is None or found is None:
        return fine_if_nothing_changes(arguments, console, job, pull)
    tell_what_else_was_merged(job, pull, console)
    with telling:
        refuse_other_specs(arguments, pull, found)
    given = variables_of(found.paths, question(arguments).variables)
    words = {
        "paths": [*found.paths],
        "var": [f"{name}={value}" for name, value in given.items()],
        "expect_fingerprint": found.fingerprint,
        "auto_approve": True,
        "telling": telling,
    }
    unasked: dict[str, Any] = {
        "plan": None,
        "target": [],
        "shard": None,
        "evidence": [],
        "evidence_limit": None,
        "stats": False,
    }
    return apply.run(Namespace(**{**vars(arguments), **unasked, **words}), console)


def merged_pull(job: "Job") -> "Pull | None":
    """The pull request that was merged; of a job that is about one, that one."""
    from reconciler.pull_request.git import Repository
    from reconciler.pull_request.hosts import Pull, host_of

    host = host_of(job, os.environ)
    if job.number is not None and job.head is not None:
        return Pull(job.number, job.head)
    commit = job.commit or Repository().commit("HEAD")
    return host.merged(commit, job.branch) if commit else None


def tell_what_else_was_merged(job: "Job", pull: "Pull", console: Console) -> None:
    """A push may bring several pull requests; what was reviewed in the others is not applied by this run."""
    from reconciler.pull_request.git import Repository
    from reconciler.pull_request.hosts import HostRefuses, host_of

    if job.before is None or job.commit is None:
        return
    with suppress(HostRefuses):
        host = host_of(job, os.environ)
        merged = [host.merged(commit, job.branch) for commit in Repository().brought(job.before, job.commit)]
        others = sorted({found.number for found in merged if found is not None} - {pull.number})
        if others:
            named = ", ".join(f"#{number}" for number in others)
            console.line(
                f"warning: this push has also brought {named}, and nothing of that is applied: what it changes stands "
                "in the plan of the next pull request that touches the same specs, or of `reconcile plan`"
            )


def telling_in(pull: "Pull", arguments: Namespace, console: Console, job: "Job") -> "Telling":
    """What speaks in the comment of a pull request."""
    from reconciler.pull_request.comment import telling_of
    from reconciler.pull_request.hosts import host_of

    def warn(said: str) -> None:
        console.line(f"warning: {said}")

    about = about_of(arguments, job)._replace(head=pull.head)
    return telling_of(host_of(job, os.environ), pull, key_of(arguments), about, warn)


def telling_asked(arguments: Namespace, console: Console) -> "Telling | None":
    """What `apply --comment` speaks in; None where the host does not let us: that holds no apply up.

    Raises `UsageError` where there is no pull request.
    """
    from reconciler.pull_request.hosts import HostRefuses
    from reconciler.pull_request.job import job_of

    job = job_of(os.environ)
    key_of(arguments)
    try:
        pull = merged_pull(job)
        if pull is None:
            raise UsageError("no pull request has brought this commit", remedy="leave --comment out")
        return telling_in(pull, arguments, console, job)
    except HostRefuses as error:
        console.line(f"warning: no comment: {error.message}" + (f": {error.remedy}" if error.remedy else ""))
        return None


def refuse_other_specs(arguments: Namespace, pull: "Pull", found: "Reviewed") -> None:
    """Raise `PlanIsStale` for a review of another commit, or of specs that are none of those that are asked for."""
    from reconciler.question import load_specs

    again = "nothing was applied that was not reviewed"
    if found.head != pull.head:
        said = f"the comment is about {found.head[:12]}, and {pull.head[:12]} was merged"
        raise PlanIsStale([said], again)
    files = load_specs(question(arguments), endpoint_profile(arguments)).files
    missing = [path for path in found.paths if path not in files]
    if missing:
        raise PlanIsStale([f"{path}: no spec among those that are asked for" for path in missing], again)


def fine_if_nothing_changes(arguments: Namespace, console: Console, job: "Job", pull: "Pull | None") -> ExitCode:
    """Where nothing was reviewed: raise `PlanIsStale` unless there is nothing to apply either."""
    review = reviewed(arguments, console, job, concern(arguments, job))
    document = review.document
    if document is not None and review.about.compared != "base" and not has_changes(document):
        console.notice("Nothing was reviewed, and nothing is to be applied")
        from reconciler.planning.changeset import exit_code_of

        return exit_code_of(document)
    where = f"#{pull.number}, which has brought this commit," if pull else "no merged pull request"
    said = f"{where} has no comment with a plan" if pull else f"{where} has brought this commit"
    raise PlanIsStale([said], "nothing says that this plan was reviewed")
