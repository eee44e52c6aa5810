"""A fleet of N buckets with seven aspects each, sixty lines of YAML a bucket, as every tool of the benchmark has it.

The YAML is the source; whatever another tool needs is made of it, so that all describe the same buckets.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REGION = "us-east-1"
KINDS = 31
"""After so many buckets, all but the name repeats."""
MANIFEST_KEY = "metadata/bucket-manifest.yaml"
EACH_CHANGED = 20
"""Of how many buckets one is changed: 5 %."""

BUCKET = """\
  - name: {name}
    region: us-east-1
    versioning: Enabled
    encryption: AES256
    public_access_block:
      block_public_acls: true
      ignore_public_acls: true
      block_public_policy: true
      restrict_public_buckets: true
    tags:
      Name: {name}
      Owner: team-{owner}
      Environment: {environment}
      CostCenter: "{cost_center}"
      Classification: internal
    policy:
      Version: "2012-10-17"
      Statement:
        - Sid: DenyInsecureTransport
          Effect: Deny
          Principal: "*"
          Action: s3:*
          Resource:
            - arn:aws:s3:::{name}
            - arn:aws:s3:::{name}/*
          Condition:
            Bool:
              aws:SecureTransport: "false"
    lifecycle:
      rules:
        - id: abort-uploads
          status: Enabled
          filter:
            prefix: ""
          abort_incomplete_multipart_upload:
            days_after_initiation: 7
        - id: expire-temp
          status: Enabled
          filter:
            prefix: temp/
          expiration:
            days: 30
        - id: archive-raw
          status: Enabled
          filter:
            prefix: raw/
          transitions:
            - days: 90
              storage_class: STANDARD_IA
            - days: 365
              storage_class: GLACIER
"""
MANIFEST = """\
    manifest:
      environment: prod
      purpose: The data lake of domain {owner}
      owner:
        name: Data Platform
        contact_email: data-{owner}@example.com
      data:
        classification: internal
        contains_pii: false
        domains: [sales, finance]
"""


def name_of(number: int) -> str:
    """The name of a bucket; names of all are equally long."""
    return f"acme-prod-b{number:05d}"


def is_changed(number: int) -> bool:
    """Whether a bucket is one of the 5 % that a changed fleet differs in."""
    return number % EACH_CHANGED == EACH_CHANGED // 2


def bucket_text(number: int, *, changed: bool = False, manifest: bool = True) -> str:
    """One bucket of a spec, as YAML. What is changed is a tag."""
    text = BUCKET + MANIFEST if manifest else BUCKET
    return text.format(
        name=name_of(number),
        owner=number % KINDS % 17,
        cost_center=1000 + number % KINDS,
        environment="staging" if changed and is_changed(number) else "prod",
    )


def spec_text(buckets: int, *, changed: bool = False, manifest: bool = True) -> str:
    """All buckets in one file."""
    texts = (bucket_text(number, changed=changed, manifest=manifest) for number in range(buckets))
    return "buckets:\n" + "".join(texts)


def bucket_data(number: int, *, changed: bool = False) -> dict[str, Any]:
    """One bucket as plain data, for the generators of other tools' files."""
    found: list[dict[str, Any]] = yaml.load(bucket_text(number, changed=changed), yaml.CSafeLoader)
    return found[0]


def fleet_data(buckets: int, *, changed: bool = False) -> Iterator[dict[str, Any]]:
    """All buckets as plain data."""
    return (bucket_data(number, changed=changed) for number in range(buckets))


def policy_json(bucket: dict[str, Any]) -> str:
    """The policy as a tool sends it."""
    return json.dumps(bucket["policy"], separators=(",", ":"))


def manifest_texts(buckets: int) -> Iterator[str]:
    """The manifests as a tool that knows no manifests would write them."""
    return (json.dumps(bucket["manifest"], indent=2) for bucket in fleet_data(buckets))


def write_spec(folder: Path, buckets: int, *, changed: bool = False, apart: bool = False) -> Path:
    """Write the specs: one file, or a folder with a file for each bucket; what `plan` is given."""
    stem = f"fleet-{buckets}{'-changed' if changed else ''}"
    if not apart:
        path = folder / f"{stem}.yaml"
        path.write_text(spec_text(buckets, changed=changed))
        return path
    path = folder / stem
    path.mkdir(exist_ok=True)
    for number in range(buckets):
        file = path / f"{name_of(number)}.yaml"
        file.write_text("buckets:\n" + bucket_text(number, changed=changed))
    return path
