"""What can be wrong with lifecycle rules: the codes, each with what the API answers.

`lifecycle_refusals` finds them.
"""

from reconciler.problems import Code, Severity

NO_RULES = Code(
    "RCL2501",
    "a lifecycle without rules",
    "S3 has no empty lifecycle: it answers MalformedXML. `lifecycle: absent` removes all rules; leaving the line out "
    "leaves the live rules alone.",
)
BAD_ID = Code(
    "RCL2502",
    "a rule without a usable id",
    "An `id` has 1 to 255 characters and is its own in the bucket. S3 answers InvalidArgument to a longer one, and to "
    "the same one twice. A rule may leave it out: it is then known by what it says, so two of them that say the same "
    "are one too many.",
)
NO_ACTION = Code(
    "RCL2503",
    "a rule that does nothing",
    'S3 answers InvalidRequest: "At least one action needs to be specified in a rule".',
)
NOT_ONE_TIME = Code(
    "RCL2504",
    "an action without exactly one time",
    "An expiration has exactly one of `days`, `date` and `expired_object_delete_marker`; a transition has at most one "
    "of `days` and `date`; and a rule does not mix days with dates. S3 answers MalformedXML or InvalidRequest.",
)
OUT_OF_RANGE = Code(
    "RCL2505",
    "a number outside of what S3 takes",
    "Days of an expiration are at least 1, of a transition at least 0; NewerNoncurrentVersions is 1 to 100: S3 answers "
    "InvalidArgument. Sizes are 0 to 1,000 TiB with the lower below the upper, and a configuration has at most 1,000 "
    "rules: S3 answers InvalidRequest. To a number that is missing it answers MalformedXML.",
)
NOT_MIDNIGHT = Code(
    "RCL2506",
    "a date that is not midnight UTC",
    "S3 answers InvalidArgument: \"'Date' must be at midnight GMT\".",
)
OUT_OF_ORDER = Code(
    "RCL2507",
    "steps that S3 would not do in this order",
    "Objects move down only (STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE, and "
    "never from ONEZONE_IA to GLACIER_IR), each move on a later day than the one before, and expiry comes after all of "
    "them: S3 answers InvalidArgument. Each class is named once in a rule: S3 answers InvalidRequest (User Guide, "
    "lifecycle-transition-general-considerations).",
)
FILTER_DOES_NOT_FIT = Code(
    "RCL2508",
    "an action that cannot have this filter",
    "Delete markers and unfinished uploads have neither tags nor a size, so a rule that cleans them up can only be "
    'about a prefix. S3 answers InvalidRequest: "AbortIncompleteMultipartUpload cannot be specified with Tags", or '
    '"with Object Size" (User Guide, intro-lifecycle-rules). Make it a rule of its own.',
)
SHORT_STAY = Code(
    "RCL2509",
    "a stay that is billed longer than it lasts",
    "STANDARD_IA and ONEZONE_IA bill at least 30 days, GLACIER_IR and GLACIER 90, DEEP_ARCHIVE 180. Leaving earlier "
    "is allowed and pays the rest all the same (User Guide, lifecycle-transition-general-considerations).",
    Severity.WARNING,
)
EARLY_MOVE = Code(
    "RCL2510",
    "a move to infrequent access within 30 days",
    "STANDARD_IA and ONEZONE_IA bill every read and at least 30 days, and young objects are the ones that are read and "
    "deleted. Until the middle of 2026 S3 refused this with InvalidArgument, and other servers still may; the API "
    "reference now takes any number of days (API reference, Transition).",
    Severity.WARNING,
)
NO_SUCH_OBJECT = Code(
    "RCL2511",
    "a filter that no object fits",
    "An object's key has at most 1,024 bytes, and an object at most 10 tags with keys of up to 128 and values of up to "
    "256 characters (User Guide, object-keys and object-tagging). What S3 answers to such a filter is not documented; "
    "at best the rule does nothing.",
    Severity.WARNING,
)
NOT_XML = Code(
    "RCL2512",
    "a text in a rule that S3 cannot be told",
    "A lifecycle is an XML document, and XML 1.0 cannot hold most control characters: S3 answers MalformedXML. A tag's "
    "key has at least one character: boto3 answers ParamValidationError to an empty one, before S3 is asked.",
)
WITH_MFA_DELETE = Code(
    "RCL2513",
    "a lifecycle where deleting takes MFA",
    "A lifecycle cannot present the root user's MFA code, so S3 keeps none on a bucket with MFA delete and answers "
    "InvalidRequest (User Guide, lifecycle-and-other-bucket-config). The spec asks for both.",
)
CODES = (
    NO_RULES,
    BAD_ID,
    NO_ACTION,
    NOT_ONE_TIME,
    OUT_OF_RANGE,
    NOT_MIDNIGHT,
    OUT_OF_ORDER,
    FILTER_DOES_NOT_FIT,
    SHORT_STAY,
    EARLY_MOVE,
    NO_SUCH_OBJECT,
    NOT_XML,
    WITH_MFA_DELETE,
)
