"""A server of somebody else as a place to plan and apply in, by the same `converges` as everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.live import Identity
from reconciler.planning.outcomes import Applied
from reconciler.planning.planner import plan_bucket
from reconciler.s3.clients import Clients
from reconciler.s3.executor import Executor
from reconciler.s3.reader import Reader
from tests.s3.world import NOON, Clock
from tests.servers.processes import Running


@dataclass
class Remote:
    """A server and everything that is needed to reconcile with it."""

    clients: Clients
    identity: Identity
    s3: Any
    clock: Clock = field(default_factory=Clock)

    def reset(self) -> None:
        """Delete every bucket with all it holds: such a server cannot be asked to forget."""
        for bucket in self.s3.list_buckets()["Buckets"]:
            self.delete(bucket["Name"])
        self.clients.calls.clear()
        self.clock = Clock()

    def delete(self, name: str) -> None:
        with suppress(ClientError):  # a policy that an example has written may forbid the listing
            self.s3.delete_bucket_policy(Bucket=name)
            self.s3.delete_bucket_tagging(Bucket=name)  # LocalStack gives them to the next bucket of this name
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self.s3.delete_object(Bucket=name, Key=item["Key"], VersionId=item["VersionId"])
        self.s3.delete_bucket(Bucket=name)

    def plan(self, spec: BucketSpec) -> Plan:
        live = self.reader.read([spec])
        return plan_bucket(spec, live[spec.name], self.identity, Origin("spec.yaml", 1))

    def apply(self, *plans: Plan) -> Applied:
        return Executor(self.clients, self.reader, self.clock.patience(), now=lambda: NOON).apply(plans)

    @property
    def reader(self) -> Reader:
        return Reader(self.clients, self.identity)


@contextmanager
def place_at(server: Running) -> Iterator[Remote]:
    """Clients of that server; its keys are in the environment for as long."""
    clients = Clients(region="us-east-1", endpoint_url=server.endpoint)
    s3 = boto3.session.Session(server.access_key, server.secret_key).client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    yield Remote(clients, clients.identity(), s3)
    clients.close()
    s3.close()
