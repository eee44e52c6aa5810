"""Plan documents made in this process: a spec as YAML, and the live bucket as the YAML of a spec that it follows."""

from collections.abc import Mapping
from typing import Any

from reconciler import strict_yaml
from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.nodes import Source
from reconciler.planning.changeset import Changeset, Inputs, Origin, Plan
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket
from reconciler.planning.planner import plan_bucket
from reconciler.planning.second_look import Found, given, wants_a_second_look, with_exposure
from reconciler.planning.storage import to_document

ACCOUNT = "123456789012"
IDENTITY = Identity(ACCOUNT, None, "us-east-1")


def spec_of(text: str) -> BucketSpec:
    """One bucket, as it stands under `buckets:`."""
    node, problems = strict_yaml.parse(Source("spec", text))
    assert node is not None, problems
    return BucketSpec.model_validate(node.plain(), by_name=True, by_alias=False)


def live_as(spec: BucketSpec, **others: LiveAspect) -> LiveBucket:
    """The bucket as it is once this spec has been applied; `others` say otherwise, aspect by aspect."""
    around = spec.surroundings(account=ACCOUNT, region="us-east-1")
    filled = spec.filled(around)
    around = filled.surroundings(account=ACCOUNT, region="us-east-1")
    aspects: dict[str, LiveAspect] = {
        name: value.target(None, around) for name, value in filled.declared().items() if isinstance(value, Aspect)
    }
    return LiveBucket(spec.name, Existence.EXISTS, spec.region or "us-east-1", aspects=aspects | others)


def plan(wanted: BucketSpec | str, live: LiveBucket | str | None = None, line: int = 3) -> Plan:
    """The plan of one bucket: from nothing, from a live bucket, or from one that follows another spec."""
    spec = spec_of(wanted) if isinstance(wanted, str) else wanted
    if isinstance(live, str):
        live = live_as(spec_of(live))
    live = live or LiveBucket(spec.name, Existence.MISSING)
    planned = plan_bucket(spec, live, IDENTITY, Origin("specs/lake.yaml", line))
    if not wants_a_second_look(planned):
        return planned
    return with_exposure(planned, Found(live.aspects if planned.exists else given(planned)))


def document(*plans: Plan, endpoint: str | None = None, **inputs: Any) -> dict[str, Any]:
    """The document of a run over these plans."""
    asked: Mapping[str, Any] = {"paths": ("specs/lake.yaml",), "spec_digest": "0" * 64} | inputs
    return to_document(Changeset(plans, endpoint, Inputs(**asked)), "1.2.3")
