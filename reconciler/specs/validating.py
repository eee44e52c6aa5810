"""One bucket as it is meant in; its `BucketSpec`, or everything that is wrong with it, out."""

from collections.abc import Iterator

from pydantic import ValidationError

from reconciler.aspects.variables import VARIABLE
from reconciler.bucket import OF_DELETION, BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.nodes import HAS_NULL, HAS_VARIABLE, Node
from reconciler.problems import Code, Place, Problem
from reconciler.specs.fields import documents_of_others, keyed_lists
from reconciler.specs.sharing import Shared
from reconciler.specs.telling import Told
from reconciler.specs.variables import Filling
from reconciler.specs.wording import EMPTY_VALUE, problems_of

SAME_IDENTITY = Code(
    "RCL1308",
    "two items with one name",
    "The rules of a lifecycle are known by their `id`: it is how a plan names them, and how `defaults:` are merged. "
    "Each has its own, or none. S3 answers InvalidArgument to the same one twice.",
)
NOT_TYPED_OUT = Code(
    "RCL1322",
    "a confirmation that nobody has typed",
    "`confirm_delete` and `confirm_lock_out` are the bucket's name once more, typed out. A variable there would follow "
    "the name wherever it leads, and confirm nothing.",
)
CODES = (SAME_IDENTITY, NOT_TYPED_OUT)

ABOUT_DELETION = {"name", "state", *OF_DELETION}
"""Fields that only mean something together: when one is wrong, nothing is said of the others."""
CONFIRMATIONS = ("confirm_delete", "confirm_lock_out")
NAMELESS = "a-bucket-without-a-name"
"""Stands for a name that is missing or no name, while the rest of the bucket is looked at."""


class Validation:
    """Makes specs of the buckets of one file."""

    def __init__(self, filling: Filling, told: Told, profile: Profile, shared: Shared) -> None:
        self.filling = filling
        self.told = told
        self.profile = profile
        self.shared = shared
        self.names: list[tuple[str, Place]] = []
        """Every bucket that has a name, in order or not."""

    def spec_of(self, whole: Node, place: Place) -> BucketSpec | None:
        """The spec that a merged bucket says, if it is in order."""
        aspects = BucketSpec.aspects()
        children = {
            name: child for name, child in whole.value.items() if not (name in aspects and child.value == "unmanaged")
        }
        for confirmed in (children[name] for name in CONFIRMATIONS if name in children):
            if VARIABLE.search(confirmed.text):
                hint = "type the name of the bucket that is meant"
                self.told.tell_misread([confirmed.problem(NOT_TYPED_OUT, "this holds a variable", (), hint)])
        node = self.filling.filled(Node(children, whole.where, whole.source, whole.keys, whole.holds))
        name = node.value.get("name")
        if name is not None and isinstance(name.value, str):
            self.names.append((name.value, place))
        if node.holds & HAS_NULL:
            self.told.tell_misread(empty_values(node))
        self._tell_unclear_identities(node)
        plain = self.shared.plain(node)
        try:
            spec = BucketSpec.model_validate(plain, by_name=True, by_alias=False)
        except ValidationError as error:
            found = error.errors(include_url=False)
            self.told.tell(problems_of(found, node))
            # what is in order is looked at all the same, so that one run tells everything
            wrong = {mistake["loc"][0] for mistake in found}
            wrong |= ABOUT_DELETION - {"name"} if wrong & ABOUT_DELETION else set()
            wrong |= {*CONFIRMATIONS} if "name" in wrong else set()
            rest = {"name": NAMELESS} | {name: value for name, value in plain.items() if name not in wrong}
            self._tell_refusals(BucketSpec.model_validate(rest, by_name=True, by_alias=False), node)
            return None
        if not node.holds & HAS_VARIABLE:
            spec = spec.without_variables()
        self._tell_refusals(spec, node)
        return spec

    def _tell_refusals(self, spec: BucketSpec, node: Node) -> None:
        self.told.tell(
            node.problem(refusal.code, refusal.message, refusal.path, refusal.help)
            for refusal in self.profile.refusals(spec)
        )

    def _tell_unclear_identities(self, bucket: Node) -> None:
        """Items of lists with identity that have that of another."""
        for path, key in keyed_lists().items():
            *_, (listed, missing) = bucket.follow(path)
            items = listed.value if missing is None and isinstance(listed.value, list) else []
            first: dict[str, Node] = {}
            for item in items:
                if not isinstance(item.value, dict) or key not in item.value:
                    continue
                named = item.value[key]
                if named.text in first:
                    place = first[named.text].place
                    said = f"the `{key}` `{named.text}` is taken"
                    self.told.tell_misread([named.problem(SAME_IDENTITY, said, (), f"the first is at {place}")])
                    self.told.misread.add(place)
                first.setdefault(named.text, named)


def empty_values(node: Node, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Names with nothing after the colon, but in documents of other people's languages, where null is a value.

    An aspect that is empty is told by the aspect itself, which knows what it could mean.
    """
    if not node.holds & HAS_NULL:
        return
    if isinstance(node.value, list):
        for item in node.value:
            yield from empty_values(item, path)
    elif isinstance(node.value, dict) and path not in documents_of_others():
        for name, child in node.value.items():
            if child.value is not None:
                yield from empty_values(child, (*path, name))
            elif path or name not in BucketSpec.aspects():
                hint = "write a value, or leave the line out"
                yield node.problem(EMPTY_VALUE, "this is empty", (name,), hint, at_key=True)
