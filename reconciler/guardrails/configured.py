"""What a team has set of the rules: which are asked, how much they weigh, and with which parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from reconciler.guardrails.catalogue import own_rules
from reconciler.guardrails.judging import Asked, Guardrails
from reconciler.guardrails.rule import Rule, Sensitivity
from reconciler.problems import Severity, did_you_mean
from reconciler.settings import GuardrailSettings

WORDS = ("error", "warning", "none")
"""What a rule may weigh; `none`: it is not asked."""
WEIGHT, ENABLED = "severity", "enabled"


class Mistake(NamedTuple):
    """Something in the settings that no rule understands."""

    path: tuple[str | int, ...]
    """From the settings."""
    message: str
    help: str
    at_name: bool = False
    """Whether it is the name at the end of the path that is wrong, not what it stands for."""


def guardrails_of(settings: GuardrailSettings, teams: Iterable[Rule] = ()) -> tuple[Guardrails, tuple[Mistake, ...]]:
    """The rules that a team asks, its own (`teams`) among them; and all that is wrong with what it has set."""
    rules = {**own_rules(), **{rule.id: rule for rule in teams}}
    mistakes = [*unknown(settings.rules, rules)]
    asked: list[Asked] = []
    for rule in rules.values():
        try:
            found = as_set(rule, settings.rules.get(rule.id))
        except ValidationError as error:
            mistakes.extend(in_words(rule, error))
        except ValueError as error:
            said, hint = error.args
            mistakes.append(Mistake(("guardrails", "rules", rule.id), said, hint))
        else:
            asked += [found] if found else []
    words = {level.name.lower(): level for level in Sensitivity}
    words |= {word.lower(): Sensitivity[level.upper()] for word, level in settings.classification.words.items()}
    return Guardrails(tuple(asked), tuple(sorted(rules)), settings.classification.tag, words), tuple(mistakes)


def unknown(said: Mapping[str, Any], rules: Mapping[str, Rule]) -> Iterator[Mistake]:
    """Settings of rules that there are not."""
    for name in said:
        if name not in rules:
            near = did_you_mean(name, rules)
            hint = f"did you mean `{near}`?" if near else "`reconcile explain guardrails` lists them all"
            yield Mistake(("guardrails", "rules", name), f"there is no rule `{name}`", hint, at_name=True)


def as_set(rule: Rule, said: Any) -> Asked | None:
    """One rule as it is set; None where it is not asked. Raises ValueError, with what to do, for a weight that is none.

    A rule that is off unless the settings say otherwise is on as soon as they say anything of it.
    """
    if said is None:
        return Asked(rule, None, rule.parameters()) if rule.is_on else None
    values = dict(said) if isinstance(said, Mapping) else {WEIGHT: said}
    weight, is_enabled = values.pop(WEIGHT, None), values.pop(ENABLED, True)
    if weight is not None and weight not in WORDS:
        raise ValueError(f"`{weight}` is no weight of a rule", f"write one of {', '.join(WORDS)}")
    if not isinstance(is_enabled, bool):
        said, hint = f"`{ENABLED}` is true or false", f"write `{ENABLED}: false`, or leave it out"
        raise ValueError(said, hint)  # noqa: TRY004 - told like the others
    is_asked = weight != "none" and is_enabled
    if not is_asked and not values:
        return None  # a rule that is not asked need not be given what it cannot do without
    parameters = rule.parameters.model_validate(values)
    if not is_asked:
        return None
    return Asked(rule, Severity(weight) if weight else None, parameters)


def in_words(rule: Rule, error: ValidationError) -> Iterator[Mistake]:
    """What is wrong with the parameters of a rule."""
    for found in error.errors(include_url=False):
        path = ("guardrails", "rules", rule.id, *found["loc"])
        if found["type"] == "extra_forbidden":
            names = [WEIGHT, ENABLED, *rule.parameters.model_fields]
            near = did_you_mean(str(found["loc"][-1]), names)
            hint = f"did you mean `{near}`?" if near else f"it has {', '.join(names)}"
            yield Mistake(path, f"{rule.id} has no `{found['loc'][-1]}`", hint, at_name=True)
        else:
            wanted = found["msg"].removeprefix("Input should be ")
            hint = wanted if wanted == found["msg"] else f"expected is {wanted}"
            yield Mistake(path, f"{rule.id}: this cannot stand here", hint)
