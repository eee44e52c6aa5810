import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.planning.digests import canonical_json, digest, digest_in_parts, digest_of_specs
from tests.aspects.strategies import SPECS

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=5), st.text(max_size=5), st.lists(PLAIN, max_size=4))
def test_a_digest_in_parts_is_that_of_the_whole(value: dict[str, Any], name: str, items: list[Any]) -> None:
    assert digest_in_parts(value, name, iter(items)) == digest({**value, name: items})
    assert json.loads(canonical_json(value)) == value


@given(st.data())
def test_the_digest_of_specs_is_of_all_they_say_in_any_order(data: st.DataObject) -> None:
    def one(name: str) -> BucketSpec:
        said = data.draw(st.lists(st.sampled_from(sorted(SPECS)), max_size=3, unique=True))
        return BucketSpec(name=name, **{aspect: data.draw(SPECS[aspect] | st.just("absent")) for aspect in said})

    specs = [one(name) for name in ("aaa", "bbb", "ccc")]
    plain = [spec.model_dump(mode="json", exclude_none=True, exclude={"waivers"}) for spec in specs]
    assert digest_of_specs(specs[::-1]) == digest(sorted(plain, key=canonical_json))


def test_what_only_reviewers_read_is_no_part_of_it() -> None:
    waiver = {"rule": "LIF-01", "reason": "for a while", "owner": "lake", "expires": "2027-03-31"}
    told = BucketSpec.model_validate({"name": "aaa", "purpose": "raw", "waivers": [waiver]})
    assert digest_of_specs([told]) == digest_of_specs([BucketSpec(name="aaa")])
