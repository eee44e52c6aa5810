"""All codes in one table: what ``reconcile explain CODE`` and docs/errors.md know.

A code is written beside the rule that it names; here they are only gathered. Those that name no rule of a
spec, but how a run ended, are explained here.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from reconciler import bucket, settings, strict_yaml
from reconciler.bucket import BucketSpec
from reconciler.endpoints import profile
from reconciler.errors import (
    CannotReachS3,
    ConsentMissing,
    GuardrailBroken,
    InvalidSettings,
    InvalidSpecs,
    LimitExceeded,
    Locked,
    OutputLost,
    PlanIsStale,
    ReconcileError,
    SandboxError,
    UsageError,
    WrongAccount,
)
from reconciler.planning import planner, second_look
from reconciler.problems import Code, Severity
from reconciler.specs import (
    accounts,
    files,
    formatting,
    guardrails,
    includes,
    loader,
    spec_file,
    telling,
    validating,
    variables,
    wording,
)
from reconciler.specs import settings as settings_file

READING = (strict_yaml, wording, includes, files, loader, spec_file, validating, variables, telling, formatting)

GENERAL = (
    Code(
        InvalidSpecs.code,
        "the specs have problems",
        "Each problem is shown with its place and a code of its own. Nothing was read from S3 and nothing was written.",
    ),
    Code(
        InvalidSettings.code,
        "the settings have problems",
        "Each problem of reconcile.yaml, or of the file that --settings names, is shown with its place and a code of "
        "its own. Nothing was read from S3 and nothing was written.",
    ),
    Code(
        ConsentMissing.code,
        "nobody agreed to this",
        "A change is only made when somebody says yes: at the prompt, with --auto-approve, or by applying a saved "
        "plan. What may lose data or protection or widen access wants a word of its own in each bucket: "
        "--allow RISK:BUCKET, or the bucket's name typed at the prompt. Exit code 3.",
    ),
    Code(
        PlanIsStale.code,
        "the saved plan is no longer true",
        "The specs, the account, the endpoint or a live document that the plan was based on has changed since. Nothing "
        "was written. Plan again and review what is new. Exit code 4.",
    ),
    Code(
        "RCL4003",
        "this is not a saved plan",
        "The file is no plan, is one that another major version of the format made, or holds the error of a plan that "
        "failed.",
    ),
    Code(
        LimitExceeded.code,
        "more than one run may do",
        "`limits:` in reconcile.yaml says how many buckets a run may change or delete, which share of them, and how "
        "many bytes may expire. The plan is shown whole; --limit NAME=VALUE lifts one limit for one run. Nothing was "
        "written. Exit code 3.",
    ),
    Code(
        GuardrailBroken.code,
        "a spec breaks a rule of the team",
        "A guardrail has found an error in the spec of a bucket that is to be changed. Mend the spec; or write a "
        "waiver with a reason, an owner and a last day into it; or, for this one run, pass --allow RULE:BUCKET. "
        "`reconcile explain RULE` says why the rule is there. Nothing was written. Exit code 3.",
    ),
    Code(
        "RCL4005",
        "parts that do not make one plan",
        "`reconcile merge` wants the plan of each shard once, all of them made of the same specs and variables, by the "
        "same version, for the same account and S3. Only then is the whole what a single run would have planned.",
    ),
    Code(
        CannotReachS3.code,
        "S3 cannot be reached",
        "The endpoint does not answer: a wrong --endpoint-url or region, no network, a proxy or a firewall. Nothing "
        "was written.",
    ),
    Code(
        "RCL5002",
        "no usable credentials",
        "There are no credentials, they have expired, or the profile does not exist. They come from where the AWS "
        "command line takes them: environment, ~/.aws, single sign-on, or the role of the machine.",
    ),
    Code(
        WrongAccount.code,
        "the wrong account",
        "The credentials belong to another account than the spec's `account:` says. No S3 call was made.",
    ),
    Code(
        Locked.code,
        "another run holds the lock",
        "`lock:` in reconcile.yaml names an object that keeps two applies from running at once. The message says who "
        "holds it, since when, and until when at most: a run that died does not renew it, and it expires by itself. "
        "Nothing was written. Exit code 3.",
    ),
    Code(
        "RCL5006",
        "the lock cannot be used",
        "The bucket of `lock:` does not exist, is not this account's, or may not be read and written "
        "(s3:GetObject, s3:PutObject, s3:DeleteObject on the key); or the server has no conditional writes, without "
        "which no object is a lock; or something else lies under the key. Nothing was written.",
    ),
    Code(
        "RCL5007",
        "credentials that end too soon",
        "The credentials say when they end, and that is sooner than this run is expected to take. A run that loses "
        "them half-way can be taken up again, but it is better not to begin it. Nothing was written.",
    ),
    Code(
        "RCL5008",
        "this machine's clock is wrong",
        "AWS refuses requests that are signed with a time 15 minutes off its own. From five minutes on nothing is "
        "begun: the clock may still be drifting. Nothing was written.",
    ),
    Code(
        "RCL5009",
        "an account that lets nobody in",
        "A role or profile of `accounts:` in reconcile.yaml gives no credentials, or the endpoint does not say whose "
        "they are. The buckets of that account are blocked; those of all others are planned and applied.",
    ),
    Code(
        SandboxError.code,
        "the sandbox does not work",
        "The embedded S3 could not be started, found or stopped. It needs the extra: pip install "
        "'reconcile-s3[sandbox]'. `reconcile sandbox reset` forgets what it holds.",
    ),
    Code(
        "RCL7001",
        "a clone that cannot say what a pull request changes",
        "`reconcile ci` asks Git where the pull request began and which files differ since. A clone that was made with "
        "a part of the history only does not know: fetch all of it (`fetch-depth: 0`, `GIT_DEPTH: 0`).",
    ),
    Code(
        "RCL7002",
        "the host of the pull request refuses",
        "GitHub or GitLab does not answer, or the token may not do what is asked. A comment that cannot be written "
        "never fails a check; without the comment nothing says what was reviewed, so `reconcile ci --apply` does "
        "nothing.",
    ),
    Code(
        "RCL7011",
        "the spec of a bucket is gone",
        "No spec describes the bucket any more. Nothing happens to it: it stays in S3 as it is, and nobody looks after "
        "it. To delete a bucket, leave its spec and write `state: absent` and `confirm_delete:` into it.",
        Severity.WARNING,
    ),
    Code(
        "RCL7012",
        "specs of the base that cannot be read",
        "The specs before the pull request are not valid for this version. Without live buckets to compare with, what "
        "they describe is shown as if it were new.",
        Severity.WARNING,
    ),
    Code(
        "RCL7013",
        "what a check goes by is changed",
        "The pull request changes the team's settings, a rule of its own, the purpose of a bucket or a waiver. None of "
        "that changes a bucket, so that no plan tells it; but a rule that is no longer asked finds nothing. Look at "
        "it as at any other change.",
        Severity.WARNING,
    ),
    Code(
        "RCL7014",
        "another plan for the same commit",
        "The check of a commit was run again, and the live buckets have changed meanwhile: what would be applied is "
        "not what was shown first. Hosts dismiss approvals for new commits only, so that somebody has to look again.",
        Severity.WARNING,
    ),
    Code(ReconcileError.code, "a refusal", "Something stands in the way; the message says what, and what to do."),
    Code(
        UsageError.code,
        "the command line makes no sense",
        "An option, a name or a combination of both that does not exist. `reconcile COMMAND --help` shows what does. "
        "Exit code 64.",
    ),
    Code(
        "RCL9002",
        "interrupted",
        "Somebody pressed Ctrl-C. The message says whether anything had been written; `reconcile plan` shows what is "
        "left to do. Exit code 130.",
    ),
    Code(
        OutputLost.code,
        "the output cannot be written",
        "Where stdout goes to takes no more: a full disk, for instance. Nothing is lost but what was to be printed. An "
        "apply ends with the exit code of what it has done, which is in the journal: `reconcile runs`.",
    ),
    Code(
        "RCL9999",
        "this should not have happened",
        "A mistake in reconcile itself. Run the command again with --debug, and report what it prints.",
    ),
)
"""How a run ends that is no rule of a spec."""

SECTIONS: Mapping[str, str] = {
    "RCL10": "YAML",
    "RCL11": "Fields and values",
    "RCL12": "Files that a spec includes",
    "RCL13": "Files, buckets and variables",
    "RCL14": "Settings",
    "RCL2": "What S3 refuses, or a person would regret",
    "RCL3": "What a plan finds",
    "RCL4": "Plans and consent",
    "RCL5": "AWS",
    "RCL6": "The sandbox",
    "RCL7": "Pull requests",
    "RCL9": "Everything else",
}
"""Headings by what the codes below them begin with."""


def all_codes() -> Iterator[Code]:
    """Every code there is, as often as it is declared."""
    for room in (*READING, settings, settings_file, guardrails, accounts, bucket, profile, planner, second_look):
        yield from room.CODES
    for aspect in BucketSpec.aspects().values():
        yield from aspect.codes
    yield from GENERAL


@cache
def catalogue() -> Mapping[str, Code]:
    """Every code by its number, in order."""
    return {code.code: code for code in sorted(all_codes(), key=lambda code: code.code)}


def owner_of(code: Code) -> str | None:
    """The aspect that a code belongs to."""
    return next((name for name, aspect in BucketSpec.aspects().items() if code in aspect.codes), None)


def section_of(code: Code) -> str:
    """The heading that a code stands under."""
    return next(heading for start, heading in SECTIONS.items() if code.code.startswith(start))
