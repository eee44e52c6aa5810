"""Guardrails: what a careful reviewer would ask about a spec, asked every time.

PURE. A rule is one short file in `reconciler.guardrails.rules`; it sees one spec and says what is wrong with it. What
S3 refuses is not a rule but a problem of the spec (`BucketSpec.refusals`), and what a plan would do to a live bucket
is told by its risks. A finding of a rule never changes what happens to a bucket.
"""
