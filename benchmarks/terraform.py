"""Terraform: the same fleet in HCL, and a state for it.

Terraform takes minutes to create fifty buckets, so for a plan its state is made of one bucket that it has created:
the same entry for each bucket, with that one's name, tags, policy and manifest in it. That the plan then finds
nothing to do shows that the state is right.
"""

import copy
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.filling import manifests
from benchmarks.fleet import MANIFEST_KEY, bucket_text, fleet_data, name_of, policy_json
from benchmarks.stub import BUILT, Stub

HCL = Path(__file__).with_name("terraform.tf")
PLUGINS = "TF_PLUGIN_DIR"
"""Names a folder with the AWS provider in the layout of a filesystem mirror; without it, `init` asks the registry."""


def program() -> str | None:
    """Terraform, or OpenTofu."""
    return shutil.which("terraform") or shutil.which("tofu")


def environment(stub: Stub) -> Mapping[str, str]:
    """What Terraform needs to ask the stub."""
    kept = {name: value for name, value in stub.environment().items() if not name.startswith("TF_")}
    return kept | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def version(folder: Path) -> str:
    """Its version and the provider's."""
    said = subprocess.run([str(program()), "version", "-json"], capture_output=True, check=True, cwd=folder)
    told = json.loads(said.stdout)
    providers = ", ".join(f"{name.rpartition('/')[2]} {of}" for name, of in told["provider_selections"].items())
    return f"{told['terraform_version']}, provider {providers}"


def prepare(folder: Path, stub: Stub) -> None:
    """Have the provider installed into a folder of its own; the configuration lies there from then on."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(HCL.read_text())
    (folder / "buckets.json").write_text("{}")
    plugins = os.environ.get(PLUGINS)
    words = ["init", "-input=false", "-no-color", *([f"-plugin-dir={plugins}"] if plugins else [])]
    run(folder, stub, *words)


def run(folder: Path, stub: Stub, *words: str) -> None:
    """A command that must succeed, and is not measured."""
    ended = subprocess.run([str(program()), *words], cwd=folder, env=environment(stub), capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"terraform {words[0]} failed:\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}")


def write_buckets(folder: Path, buckets: int, texts: Iterable[str], *, changed: bool = False) -> None:
    """What each bucket has, with the texts of their manifests."""
    found = {
        bucket["name"]: {"tags": bucket["tags"], "policy": policy_json(bucket), "manifest": text}
        for bucket, text in zip(fleet_data(buckets, changed=changed), texts, strict=True)
    }
    (folder / "buckets.json").write_text(json.dumps(found, indent=1))


def make_state(folder: Path, stub: Stub, buckets: int) -> None:
    """A state that says that Terraform has made all buckets of the stub, which must hold the fleet."""
    write_buckets(folder, buckets, manifests(stub, buckets))
    wanted = (folder / "buckets.json").read_text()
    state = json.loads(sample_state(folder, stub).read_text())
    (folder / "buckets.json").write_text(wanted)
    etags = dict(manifest_tags(stub, buckets))
    for resource in state["resources"]:
        instance = resource["instances"][0]
        resource["instances"] = [
            instance_of(instance, name_of(0), name, bucket, etags[name]) for name, bucket in json.loads(wanted).items()
        ]
    (folder / "terraform.tfstate").write_text(json.dumps(state))


def sample_state(folder: Path, stub: Stub) -> Path:
    """The state of one bucket that Terraform has created, in a stub of its own; kept for the next time."""
    about = f"{HCL.read_text()}{bucket_text(0)}{version(folder)}"
    kept = BUILT / f"terraform-{hashlib.sha256(about.encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        write_buckets(folder, 1, manifests(stub, 1))
        (folder / "terraform.tfstate").unlink(missing_ok=True)
        with Stub() as empty:
            run(folder, empty, "apply", "-auto-approve", "-input=false", "-no-color")
        kept.write_text((folder / "terraform.tfstate").read_text())
    return kept


def manifest_tags(stub: Stub, buckets: int) -> Iterator[tuple[str, str]]:
    """The ETag of each manifest in the stub."""
    with stub.connection() as connection:
        for number in range(buckets):
            connection.request("HEAD", f"/{name_of(number)}/{MANIFEST_KEY}")
            answer = connection.getresponse()
            answer.read()
            yield name_of(number), (answer.getheader("ETag") or "").strip('"')


def instance_of(instance: dict[str, Any], sample: str, name: str, bucket: Mapping[str, Any], etag: str) -> Any:
    """The entry of one bucket, made of the sample's."""
    made = copy.deepcopy(instance)
    made["index_key"] = name
    attributes = renamed(made["attributes"], sample, name)
    if "content" in attributes:
        attributes |= {"content": bucket["manifest"], "etag": etag}
    if attributes.get("tags"):
        attributes |= {"tags": bucket["tags"], "tags_all": bucket["tags"]}
    made["attributes"] = attributes
    return made


def renamed(value: Any, sample: str, name: str) -> Any:
    """The same data with another bucket's name in it."""
    text: str = json.dumps(value)
    return json.loads(text.replace(sample, name))
