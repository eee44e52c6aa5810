"""Who agrees to what: limits are lifted by a flag, risks are agreed to bucket by bucket, and the plan by a yes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.errors import ConsentMissing, GuardrailBroken, LimitExceeded, UsageError
from reconciler.inert import inert

if TYPE_CHECKING:
    from reconciler.planning.changeset import Changeset
    from reconciler.planning.needs import Need
    from reconciler.planning.sharding import Shard
    from reconciler.settings import Limits

Needs = Sequence["Need"]
MOST_TOLD = 5
"""Broken rules that a refusal tells one by one; it names the flag of each."""


def consent_arguments(parser: ArgumentParser) -> None:
    """Whose word is given on the command line, and for what."""
    parser.add_argument("--auto-approve", action="store_true", help="do not ask for the plan as a whole")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="RISK:BUCKET",
        help="agree to one risk in one bucket: loses-data, loses-protection or widens-access; or to the rule that it "
        "breaks, like PUB-01:my-bucket (repeatable)",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another limit for this run, like buckets_changed=200 (repeatable; reconcile.yaml has them all)",
    )


def check_words(arguments: Namespace) -> None:
    """Refuse consent that cannot mean anything, before anything is read."""
    from reconciler.planning.consent import wrong_with_word

    for word in arguments.allow:
        wrong = wrong_with_word(word)
        if wrong:
            raise UsageError(f"--allow {word} allows nothing", remedy=wrong)


def limits_of(arguments: Namespace, limits: "Limits", shard: "Shard | None" = None) -> "Limits":
    """The team's limits, or what a shard has of them; some of them lifted for this run."""
    from reconciler.planning.limits import NoSuchLimitError, lifted, shared_out

    words: dict[str, str] = {}
    limits = shared_out(limits, shard.total) if shard else limits
    for written in getattr(arguments, "limit", ()):
        name, equals, value = written.partition("=")
        if not equals:
            raise UsageError(f"`--limit {written}` has no value", remedy="write --limit buckets_changed=200")
        words[name] = value
    try:
        return lifted(limits, words)
    except NoSuchLimitError as error:
        raise UsageError("--limit cannot be taken", remedy=str(error)) from error


def needs_of(
    changeset: "Changeset", limits: "Limits", begun: Collection[str] = (), forgotten: Collection[str] = ()
) -> Needs:
    """Everything beyond a yes that this plan needs."""
    from reconciler.planning.consent import broken, consents
    from reconciler.planning.limits import exceeded

    return (*exceeded(changeset, limits, forgotten), *broken(changeset), *consents(changeset, begun))


def get_consent(arguments: Namespace, console: Console, needs: Needs) -> None:
    """Raise unless every limit holds or is lifted, and somebody agrees to each risk by name and to the plan."""
    from reconciler.planning.consent import missing, unneeded
    from reconciler.planning.needs import Kind

    beyond = [need for need in needs if need.kind is Kind.LIMIT]
    if beyond:
        raise LimitExceeded(
            "; ".join(need.why for need in beyond),
            remedy="if it is meant, pass " + " ".join(need.flag for need in beyond),
        )
    for word in unneeded(needs, arguments.allow):
        console.notice(f"--allow {word} is not needed: nothing in this plan asks for it")
    open_rules = missing([need for need in needs if need.kind is Kind.GUARDRAIL], arguments.allow)
    if open_rules:
        raise GuardrailBroken(
            "; ".join(f"{need.about} {need.why}" for need in open_rules[:MOST_TOLD])
            + (f" (and {len(open_rules) - MOST_TOLD} more)" if len(open_rules) > MOST_TOLD else ""),
            remedy="mend the specs, or write a waiver; for this one run, pass "
            + " ".join(need.flag for need in open_rules),
        )
    open_risks = missing([need for need in needs if need.kind is Kind.CONSENT], arguments.allow)
    if open_risks and not console.may_ask:
        more = f" (and {len(open_risks) - 1} more)" if len(open_risks) > 1 else ""
        raise ConsentMissing(
            f"{open_risks[0].about} {open_risks[0].why}{more}, and nobody has agreed to that",
            remedy="if it is meant, pass " + " ".join(need.flag for need in open_risks),
        )
    for bucket, needed in groupby(open_risks, key=lambda need: need.about):
        told = ", ".join(need.why for need in needed)
        if console.ask(f"\n{inert(bucket)} {inert(told)}.\nType the bucket's name to agree: ") != bucket:
            raise ConsentMissing(f"{bucket} {told}, and you have not agreed to that; nothing was written")
    if not arguments.auto_approve:
        get_a_yes(console)


def get_a_yes(console: Console) -> None:
    """Raise `ConsentMissing` unless somebody says yes to the plan as a whole."""
    if not console.may_ask:
        raise ConsentMissing(
            "nobody is here to agree to this plan",
            remedy="review it and pass --auto-approve, or apply a reviewed plan with --plan FILE --auto-approve",
        )
    if console.ask("\nApply these changes? Only `yes` is a yes: ") != "yes":
        raise ConsentMissing("you have not said `yes`; nothing was written")
