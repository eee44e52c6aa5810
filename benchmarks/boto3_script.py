"""What a person writes in an afternoon: a plain boto3 script with boto3's defaults.

    python boto3_script.py read BUCKETS [THREADS]       ListBuckets, then seven documents of each bucket
    python boto3_script.py create BUCKETS [THREADS]     each bucket, with its seven documents

It compares nothing and verifies nothing. The endpoint and the credentials come from the environment.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

NAME = "acme-prod-b{:05d}"
MANIFEST = "metadata/bucket-manifest.yaml"


def read(s3: Any, number: int) -> None:
    """The seven documents of one bucket."""
    name = NAME.format(number)
    s3.get_bucket_versioning(Bucket=name)
    s3.get_bucket_encryption(Bucket=name)
    s3.get_public_access_block(Bucket=name)
    s3.get_bucket_policy(Bucket=name)
    s3.get_bucket_lifecycle_configuration(Bucket=name)
    s3.get_bucket_tagging(Bucket=name)
    s3.get_object(Bucket=name, Key=MANIFEST)["Body"].read()


def create(s3: Any, number: int) -> None:
    """One bucket with its seven documents."""
    name = NAME.format(number)
    everything = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
    policy = {
        "Version": "2012-10-17",
        "Statement": [deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
    }
    transitions = [{"Days": 90, "StorageClass": "STANDARD_IA"}, {"Days": 365, "StorageClass": "GLACIER"}]
    rules: list[dict[str, Any]] = [
        {"ID": "abort", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {"ID": "expire-temp", "Filter": {"Prefix": "temp/"}, "Expiration": {"Days": 30}},
        {"ID": "archive-raw", "Filter": {"Prefix": "raw/"}, "Transitions": transitions},
    ]
    tags = {"Name": name, "Owner": "team-1", "Environment": "prod", "CostCenter": "1000", "Classification": "internal"}
    block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    aes = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.create_bucket(Bucket=name)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(block, True))
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [aes]})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": key, "Value": tags[key]} for key in tags]})
    s3.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": [rule | {"Status": "Enabled"} for rule in rules]}
    )
    s3.put_object(Bucket=name, Key=MANIFEST, Body=b"purpose: The data lake of domain 1\n")


def main() -> None:
    """All buckets, one after another or on threads that share one client."""
    work = {"read": read, "create": create}[sys.argv[1]]
    buckets, threads = int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    s3 = boto3.client("s3")
    if work is read:
        list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1000}))
    if threads == 1:
        for number in range(buckets):
            work(s3, number)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda number: work(s3, number), range(buckets)))


if __name__ == "__main__":
    main()
