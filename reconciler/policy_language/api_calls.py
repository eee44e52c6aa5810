"""Calls of S3's API that are no actions, by what they need: the names that people write by mistake.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3", API operations; S3 User
Guide, "Required permissions for Amazon S3 API operations".
"""

from collections.abc import Mapping

CONFIGURATIONS = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
"""Configurations of which a bucket has several: who may put one may delete it, who may get one may list them."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "HeadBucket": ("s3:ListBucket",),
    "ListObjects": ("s3:ListBucket",),
    "ListObjectsV2": ("s3:ListBucket",),
    "ListObjectVersions": ("s3:ListBucketVersions",),
    "ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "ListParts": ("s3:ListMultipartUploadParts",),
    "HeadObject": ("s3:GetObject",),
    "SelectObjectContent": ("s3:GetObject",),
    "CopyObject": ("s3:GetObject", "s3:PutObject"),
    "UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
    "CreateMultipartUpload": ("s3:PutObject",),
    "UploadPart": ("s3:PutObject",),
    "CompleteMultipartUpload": ("s3:PutObject",),
    "DeleteObjects": ("s3:DeleteObject",),
    "GetBucketLifecycle": ("s3:GetLifecycleConfiguration",),
    "GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "PutBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "DeleteBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "PutBucketReplication": ("s3:PutReplicationConfiguration",),
    "DeleteBucketReplication": ("s3:PutReplicationConfiguration",),
    "GetBucketAccelerateConfiguration": ("s3:GetAccelerateConfiguration",),
    "PutBucketAccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
    "GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "PutObjectLockConfiguration": ("s3:PutBucketObjectLockConfiguration",),
    "DeleteBucketCors": ("s3:PutBucketCORS",),
    "DeleteBucketOwnershipControls": ("s3:PutBucketOwnershipControls",),
    "DeleteBucketTagging": ("s3:PutBucketTagging",),
    **{f"GetBucket{name}Configuration": (f"s3:Get{name}Configuration",) for name in CONFIGURATIONS},
    **{f"ListBucket{name}Configurations": (f"s3:Get{name}Configuration",) for name in CONFIGURATIONS},
    **{f"PutBucket{name}Configuration": (f"s3:Put{name}Configuration",) for name in CONFIGURATIONS},
    **{f"DeleteBucket{name}Configuration": (f"s3:Put{name}Configuration",) for name in CONFIGURATIONS},
}


def needed_by(action: str) -> tuple[str, ...]:
    """The actions that a call needs which somebody took for an action; none for what is no call."""
    call = action.lower().removeprefix("s3:")
    return next((needed for name, needed in NEEDED.items() if name.lower() == call), ())
