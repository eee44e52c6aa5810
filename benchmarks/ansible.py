"""Ansible: the same fleet as a playbook for amazon.aws, and community.aws for the lifecycle."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.fleet import MANIFEST_KEY, fleet_data, policy_json

RULES: list[dict[str, Any]] = [
    {"rule_id": "abort-uploads", "prefix": "", "abort_incomplete_multipart_upload_days": 7},
    {"rule_id": "expire-temp", "prefix": "temp/", "expiration_days": 30},
    {
        "rule_id": "archive-raw",
        "prefix": "raw/",
        "transitions": [
            {"transition_days": 90, "storage_class": "standard_ia"},
            {"transition_days": 365, "storage_class": "glacier"},
        ],
    },
]


def program() -> str | None:
    """ansible-playbook."""
    return shutil.which("ansible-playbook")


def version() -> str:
    """Its version and the collection's."""
    said = subprocess.run([str(program()), "--version"], capture_output=True, text=True, check=True).stdout
    galaxy = Path(str(program())).with_name("ansible-galaxy")
    listed = subprocess.run([galaxy, "collection", "list", "amazon.aws"], capture_output=True, text=True).stdout
    core, collection = re.search(r"core ([\d.]+)", said), re.search(r"amazon\.aws +([\d.]+)", listed)
    return f"core {core and core[1]}, amazon.aws {collection and collection[1]}"


def write_playbook(folder: Path, buckets: int, texts: Iterable[str]) -> Path:
    """The playbook; what each bucket has is in a file of variables beside it."""
    folder.mkdir(exist_ok=True)
    found = [
        {"name": one["name"], "tags": one["tags"], "policy": policy_json(one), "manifest": text}
        for one, text in zip(fleet_data(buckets), texts, strict=True)
    ]
    (folder / "buckets.json").write_text(json.dumps({"buckets": found}))
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": ["buckets.json"],
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": tasks(),
    }
    path = folder / "playbook.yml"
    path.write_text(json.dumps([play], indent=1))
    return path


def tasks() -> list[dict[str, Any]]:
    """What is asked of every bucket."""
    loop = {"loop": "{{ buckets }}", "loop_control": {"label": "{{ item.name }}"}}
    bucket: dict[str, Any] = {
        "name": "{{ item.name }}",
        "versioning": True,
        "tags": "{{ item.tags }}",
        "policy": "{{ item.policy }}",
        "public_access": dict.fromkeys(
            ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"), True
        ),
        "encryption": "AES256",
    }
    rules = [{"community.aws.s3_lifecycle": {"name": "{{ item.name }}", **rule}, **loop} for rule in RULES]
    manifest = {
        "bucket": "{{ item.name }}",
        "object": MANIFEST_KEY,
        "content": "{{ item.manifest }}",
        "mode": "put",
        "overwrite": "different",
    }
    return [{"amazon.aws.s3_bucket": bucket, **loop}, *rules, {"amazon.aws.s3_object": manifest, **loop}]
