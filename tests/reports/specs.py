"""Specs before and after: one change of every kind in every aspect."""

BEFORE = """
name: acme-lake
region: us-east-1
versioning: Enabled
encryption:
  sse_algorithm: aws:kms
  kms_master_key_id: arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
  bucket_key_enabled: true
  blocked_encryption_types: [SSE-C]
public_access_block:
  {block_public_acls: true, ignore_public_acls: true, block_public_policy: true, restrict_public_buckets: true}
policy:
  Version: "2012-10-17"
  Statement:
    - Sid: LetTheDataEngineerWork
      Effect: Allow
      Principal: {AWS: "arn:aws:iam::123456789012:user/data-engineer"}
      Action: ["s3:GetObject", "s3:PutObject"]
      Resource: "arn:aws:s3:::acme-lake/*"
    - Sid: DenyPlainHttp
      Effect: Deny
      Principal: "*"
      Action: "s3:*"
      Resource: ["arn:aws:s3:::acme-lake", "arn:aws:s3:::acme-lake/*"]
      Condition: {Bool: {"aws:SecureTransport": "false"}}
    - Effect: Allow
      Principal: {Service: logging.s3.amazonaws.com}
      Action: "s3:PutObject"
      Resource: "arn:aws:s3:::acme-lake/logs/*"
    - Sid: LetTheAuditorsLook
      Effect: Allow
      Principal: {AWS: "210987654321"}
      Action: ["s3:GetObject", "s3:ListBucket"]
      Resource: ["arn:aws:s3:::acme-lake", "arn:aws:s3:::acme-lake/*"]
    - {Sid: KeepTheBucket, Effect: Deny, Principal: "*", Action: "s3:DeleteBucket", Resource: "arn:aws:s3:::acme-lake"}
lifecycle:
  rules:
    - id: archive-raw
      filter: {prefix: raw/}
      transitions: [{days: 30, storage_class: STANDARD_IA}, {days: 90, storage_class: GLACIER}]
      expiration: {days: 365}
    - {id: archive-old, filter: {prefix: old/}, transitions: [{days: 30, storage_class: STANDARD_IA}]}
    - {id: clean-up-old-versions, noncurrent_version_expiration: {noncurrent_days: 90}}
    - {id: expire-logs, filter: {prefix: logs/}, expiration: {days: 30}}
    - {id: expire-temporary-data, filter: {prefix: temp/}, expiration: {days: 7}}
tags: {Owner: data-platform, Domain: sales, CostCenter: "4200", Environment: prod}
manifest:
  environment: prod
  purpose: The lake
  owner: {name: Data Platform}
  data: {domains: [sales, finance]}
  access: everybody
"""

AFTER = """
name: acme-lake
region: us-east-1
versioning: Suspended
encryption: AES256
public_access_block: {block_public_policy: false, restrict_public_buckets: false}
policy:
  Version: "2012-10-17"
  Statement:
    - Sid: LetTheDataEngineerWork
      Effect: Allow
      Principal: {AWS: ["arn:aws:iam::123456789012:user/data-engineer", "arn:aws:iam::123456789012:role/etl"]}
      Action: ["s3:GetObject", "s3:DeleteObject"]
      Resource: "arn:aws:s3:::acme-lake/*"
    - Sid: DenyPlainHttp
      Effect: Deny
      Principal: "*"
      Action: "s3:*"
      Resource: ["arn:aws:s3:::acme-lake", "arn:aws:s3:::acme-lake/*"]
      Condition: {Bool: {"aws:SecureTransport": "false"}, NumericLessThan: {"s3:TlsVersion": "1.2"}}
    - Effect: Allow
      Principal: {Service: logging.s3.amazonaws.com}
      Action: "s3:PutObject"
      Resource: "arn:aws:s3:::acme-lake/access/*"
    - {Sid: KeepTheBucket, Effect: Deny, Principal: "*", Action: "s3:DeleteBucket", Resource: "arn:aws:s3:::acme-lake"}
lifecycle:
  rules:
    - id: archive-raw
      filter: {prefix: raw/}
      transitions: [{days: 60, storage_class: STANDARD_IA}, {days: 180, storage_class: DEEP_ARCHIVE}]
      expiration: {days: 300}
    - {id: archive-old, filter: {prefix: old/}, transitions: [{days: 30, storage_class: STANDARD_IA}]}
    - {id: expire-logs, filter: {prefix: logs/}, expiration: {days: 30}, status: Disabled}
    - {id: expire-temporary-data, filter: {prefix: temp/}, expiration: {days: 7}}
    - {id: clean-up-unfinished-uploads, abort_incomplete_multipart_upload: {days_after_initiation: 7}}
tags: {Owner: data-platform-and-analytics, Domain: sales, Classification: internal, Environment: prod}
manifest:
  environment: prod
  purpose: The lake of the sales domain, which has by now a rather long purpose
  owner: {name: Data Platform}
  data: {domains: [sales, marketing]}
  access: {who: everybody}
"""

ABSENT = """
name: acme-lake
region: us-east-1
encryption: absent
public_access_block: absent
policy: absent
lifecycle: absent
tags: absent
manifest: absent
"""

HOSTILE = """
name: acme-hostile
region: us-east-1
tags:
  "Erase\\x1b[2K\\x1b[1A": "\\x1b]0;title\\x07 and \\x9b31m"
  "Backwards": "abc\\u202eexe.txt"
  "Lines": "one\\ntwo\\rthree\\u2028four"
  "Spaces": "  twice  "
  "Cost Center": "a\\u00a0b\\u200bc"
  "": ""
  "quoted": '"yes"'
  "宽的键": "値"
manifest:
  environment: ::error::not a workflow command
  purpose: "%s"
""" % ("a very long purpose " * 20)
