"""What buckets say alike is one object.

A thousand buckets of a fleet have the same lifecycle. It is read once, and kept once: aspects are never
changed, so it makes no difference whose they are.
"""

import json
from typing import Any

from pydantic import ValidationError

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.managed import Absent
from reconciler.bucket import BucketSpec
from reconciler.nodes import HAS_RESPELLED, Node


class Shared:
    """The aspects that the buckets of a run have been found to say."""

    def __init__(self) -> None:
        self.aspects: dict[tuple[str, str], Aspect] = {}
        """By name and by what is written, as JSON: it tells 1 from 1.0 and true, and has the order of the names."""

    def plain(self, bucket: Node) -> dict[str, Any]:
        """What a bucket says, as plain data; aspects that are in order as themselves."""
        kinds = BucketSpec.aspects()
        return {
            name: self.aspect(name, kinds[name], child) if name in kinds else child.plain()
            for name, child in bucket.value.items()
        }

    def aspect(self, name: str, kind: type[Aspect], node: Node) -> Any:
        """An aspect, or plain data where that is none."""
        written = node.plain()
        if written is None or written == Absent.ABSENT.value or node.holds & HAS_RESPELLED:
            return written
        key = (name, json.dumps(written))
        found = self.aspects.get(key)
        if found is None:
            try:
                found = kind.model_validate(written, by_name=True, by_alias=False)
            except ValidationError:
                return written
            self.aspects[key] = found
        return found
