"""What the reader knows of variables is what stands in the specs."""

from pathlib import Path

import pytest

from reconciler.aspects.variables import variables_in
from reconciler.specs.loader import load

ROOT = Path(__file__).parents[2]
OPEN = """\
variables: {team: "lake-${region}"}
defaults: {tags: {Account: "${account_id}"}}
buckets:
  - {name: acme-one}
  - {name: acme-two, tags: {Team: "${team}"}}
  - {name: acme-three, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*",
     Resource: "arn:${partition}:s3:::${bucket}/*"}]}}
"""


def test_variables_that_are_open_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(OPEN)
    found = {bucket.spec.name: bucket.spec.variables for bucket in load(["spec.yaml"]).buckets}
    assert found == {
        "acme-one": {"tags": {"account_id"}},
        "acme-two": {"tags": {"account_id", "region"}},
        "acme-three": {"tags": {"account_id"}, "policy": {"partition", "bucket"}},
    }


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_where_the_reader_has_seen_none_there_is_none(path: Path) -> None:
    for bucket in load([str(path)]).buckets:
        written = {name: frozenset(variables_in(value)) for name, value in bucket.spec}
        assert bucket.spec.variables == {name: names for name, names in written.items() if names}
