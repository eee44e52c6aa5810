"""Whatever a server answers for a document: it is one, or nothing, or a ValueError."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.manifest import DEFAULT_KEY
from reconciler.bucket import BucketSpec
from tests.aspects.strategies import LIVE, anything
from tests.fuzz.mutations import SCALARS, spoiled

VALUES = SCALARS | st.sampled_from([[], {}, [[]], {"Rules": []}, "Enabled", "AES256", "2030-01-01T00:00:00Z"])
every_aspect = pytest.mark.parametrize(("name", "kind"), BucketSpec.aspects().items(), ids=BucketSpec.aspects().keys())


def is_read_or_refused(kind: type[Aspect], answer: Any) -> None:
    """What is read can be looked at and written."""
    try:
        document = kind.from_response(answer)
    except ValueError:
        return
    if document is not None:
        document.picture()
        list(document.remarks())
        list(document.item_words())
        document.to_s3()


@every_aspect
@given(data=st.data())
def test_a_spoiled_answer(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    answers = LIVE[name].map(lambda document: dict(document.to_s3()))
    answer = data.draw(spoiled(answers, VALUES))
    if name == "manifest":  # the reader itself makes it: a key and a text
        answer = {"Key": DEFAULT_KEY, "Body": str(answer.get("Body", ""))}
    is_read_or_refused(kind, answer)


@every_aspect
@given(answer=st.dictionaries(st.text(max_size=8), anything, max_size=4))
def test_an_answer_about_something_else(name: str, kind: type[Aspect], answer: Any) -> None:
    if name != "manifest":
        is_read_or_refused(kind, answer)
