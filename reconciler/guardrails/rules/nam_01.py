"""NAM-01: names of buckets follow the team's convention."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reconciler.guardrails.naming import misfit, parts_of
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.scalars import Text
from reconciler.settings import write

LONGEST = 200
"""Characters of a convention."""


def a_convention(value: str) -> str:
    """A convention with places in it."""
    try:
        parts_of(value)
    except ValueError as error:
        raise write(f"it like `<company>-<environment>`: {error}") from None
    return value


Word = Annotated[Text, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]


class Convention(Parameters):
    """What names are made of."""

    convention: Annotated[
        Annotated[Text, StringConstraints(max_length=LONGEST), AfterValidator(a_convention)] | None,
        Field(examples=["<company>-<environment>-<purpose>-<region>"]),
    ] = None
    """Places in angle brackets, and what stands between them. `<region>` and `<account>` are the bucket's own, where
    the spec says them."""
    words: Annotated[
        Mapping[Text, tuple[Word, ...]], Field(examples=[{"company": ["acme"], "environment": ["dev", "prod"]}])
    ] = {}
    """What may stand in a place, by its name; in one that is not named here, whatever letters, digits and hyphens."""

    @model_validator(mode="after")
    def _it_asks_for_something(self) -> "Convention":
        """Without a convention the rule would be on and ask nothing; words without a place are misspelled."""
        if self.convention is None:
            raise write("its `convention:`, like `<company>-<environment>`: without one it asks nothing")
        places = {part.text for part in parts_of(self.convention) if part.is_place}
        unknown = sorted({*self.words} - places)
        if unknown:
            raise write(f"words for places of the convention only: there is no <{unknown[0]}>")
        return self


def check(subject: Subject) -> Iterator[Offence]:
    """A name that leaves the convention somewhere."""
    asked: Convention = subject.parameters
    if asked.convention is None:
        return
    words = words_for(subject)
    found = misfit(subject.spec.name, asked.convention, words)
    if found is None:
        return
    if found.wanted is None:
        rest = subject.spec.name[len(found.after) :]
        said = f"the name goes on with `{rest}` where {asked.convention} ends"
    else:
        wanted = f"<{found.wanted.text}>" if found.wanted.is_place else f"`{found.wanted.text}`"
        where = f"after `{found.after}`" if found.after else "at its beginning"
        said = f"{where} the name has no {wanted}, which {asked.convention} asks for"
        known = words.get(found.wanted.text) if found.wanted.is_place else None
        said += f" ({', '.join(known)})" if known else ""
    yield Offence(("name",), said)


def words_for(subject: Subject) -> dict[str, tuple[str, ...]]:
    """What may stand in each place: the team's words, and what is known of the bucket."""
    own = {"region": subject.around.region, "account": subject.around.account}
    known: dict[str, tuple[str, ...]] = {
        name: (value,) for name, value in own.items() if value and name not in subject.around.stand_ins
    }
    return known | dict(subject.parameters.words)


RULE = Rule(
    id="NAM-01",
    title="The name follows the team's convention",
    why="A name is all that many lists, bills and logs show of a bucket, and it can never be changed. One that says "
    "company, environment, purpose and region is found and understood by whoever has not made it. AWS suggests such a "
    "convention for each layer of a data lake (AWS Prescriptive Guidance, *Defining S3 bucket and path names for data "
    "lake layers on the AWS Cloud*). Which one it is only the team knows: the rule asks nothing until "
    "`convention:` is set.",
    mend="Choose a name that fits before the bucket is there; for one that is there, write a waiver.",
    check=check,
    is_on=False,
    parameters=Convention,
)
