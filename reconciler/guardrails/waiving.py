"""Waivers: what lets a finding pass, and what is wrong with waivers themselves."""

from collections.abc import Iterator, Sequence
from datetime import date

from reconciler.governance import Waiver
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity, did_you_mean


def never_by_itself(subject: Subject) -> Iterator[Offence]:
    """What is wrong with waivers depends on the day and on what other rules say: see `wrong_with`."""
    yield from ()


EXPIRED = Rule(
    id="WVR-01",
    title="No waiver is older than its last day",
    why="A waiver is a promise to mend something by a day. When the day is over, whoever gave it decides again; "
    "otherwise every exception would be one for ever.",
    mend="Mend what the rule is about and take the waiver out, or agree on another day.",
    check=never_by_itself,
)
UNKNOWN = Rule(
    id="WVR-02",
    title="Every waiver names a rule that there is",
    why="A waiver for a rule that is misspelled lets nothing pass, and whoever reads it believes that it does.",
    mend="Write the id as `reconcile lint` shows it.",
    check=never_by_itself,
)
UNUSED = Rule(
    id="WVR-03",
    title="Every waiver is needed",
    why="What was mended needs no waiver any more; one that stays would hide the same mistake the next time.",
    mend="Take the waiver out.",
    check=never_by_itself,
    severity=Severity.WARNING,
)
ABOUT_WAIVERS = (EXPIRED, UNKNOWN, UNUSED)


def in_force(waivers: Sequence[Waiver], today: date) -> dict[str, Waiver]:
    """The waivers that hold on a day, by the rules that they let pass; of two for one rule, the one that lasts."""
    return {one.rule: one for one in sorted(waivers, key=lambda one: one.expires) if one.expires >= today}


def wrong_with(
    waivers: Sequence[Waiver], today: date, known: Sequence[str], broken: frozenset[str]
) -> Iterator[tuple[Rule, Offence]]:
    """What is wrong with the waivers of a bucket whose spec breaks these rules."""
    about = {rule.id for rule in ABOUT_WAIVERS}
    for number, waiver in enumerate(waivers):
        path = ("waivers", number)
        if waiver.rule in about:
            yield UNKNOWN, Offence((*path, "rule"), f"{waiver.rule} is about waivers and cannot be waived")
        elif waiver.rule not in known:
            near = did_you_mean(waiver.rule, known)
            yield (
                UNKNOWN,
                Offence(
                    (*path, "rule"),
                    f"there is no rule `{waiver.rule}`",
                    f"did you mean `{near}`?" if near else None,
                ),
            )
        elif waiver.expires < today:
            said = f"the waiver of {waiver.owner} for {waiver.rule} has expired on {waiver.expires}"
            yield EXPIRED, Offence((*path, "expires"), said)
        elif waiver.rule not in broken:
            yield UNUSED, Offence((*path, "rule"), f"{waiver.rule} has nothing against this bucket")
