"""ENC-03: with KMS, the bucket has a key of its own."""

from collections.abc import Iterator

from reconciler.aspects.encryption import Encryption
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity


def check(subject: Subject) -> Iterator[Offence]:
    """KMS without a bucket key; with two layers (aws:kms:dsse) there is none."""
    encryption = subject.value("encryption")
    if not isinstance(encryption, Encryption) or encryption.sse_algorithm != "aws:kms":
        return
    if encryption.bucket_key_enabled is False:
        yield Offence(("encryption", "bucket_key_enabled"), "each object costs KMS requests of its own")
    elif encryption.bucket_key_enabled is None:
        yield Offence(("encryption",), "the spec does not turn on the bucket key: each object may cost KMS requests")


RULE = Rule(
    id="ENC-03",
    title="With KMS, the bucket key is on",
    why="Without a bucket key, S3 asks KMS for each object that is written or read, which is billed per request and "
    "counts against KMS's limits. With one, a key that is good for a while is made for the bucket: AWS says that it "
    "cuts the cost of requests to KMS by up to 99 percent (S3 User Guide, *Reducing the cost of SSE-KMS with Amazon "
    "S3 Bucket Keys*). It is off unless it is asked for. Permissions that name an object's ARN as the encryption "
    "context have to name the bucket's instead.",
    mend="Write `bucket_key_enabled: true` under `encryption:`.",
    check=check,
    severity=Severity.WARNING,
)
