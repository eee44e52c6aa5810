"""ENC-05: no KMS where logs are delivered without."""

from collections.abc import Iterator

from reconciler.aspects.encryption import Encryption
from reconciler.guardrails.log_delivery import deliverers_without_kms
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity

ELSEWHERE = "have logs delivered to a bucket of their own, with `encryption: AES256`"


def check(subject: Subject) -> Iterator[Offence]:
    """KMS in a bucket whose policy lets in somebody for whose logs AWS supports AES256 only."""
    encryption = subject.value("encryption")
    if not isinstance(encryption, Encryption) or encryption.sse_algorithm in (None, "AES256"):
        return
    deliverers = deliverers_without_kms(subject)
    if deliverers:
        said = f"the policy lets {' and '.join(deliverers)} deliver logs, for which AWS does not support KMS"
        yield Offence(("encryption",), said, None if subject.purpose == "logs" else ELSEWHERE)


RULE = Rule(
    id="ENC-05",
    title="Logs that come without KMS go to a bucket without KMS",
    why="AWS supports server access logs only in buckets with AES256 (S3 User Guide, *Enabling Amazon S3 server access "
    "logging*), and so the access logs of Application and Classic Load Balancers (their User Guides, *Enable access "
    "logs*). With KMS, logs may be missing, and nobody knows before they are looked for. Asked of buckets whose policy "
    "lets in `logging.s3.amazonaws.com`, or the service or accounts of load balancing, to write.",
    mend="Write `encryption: AES256`.",
    check=check,
    severity=Severity.WARNING,
)
