"""The facets of a bucket, one file each. Pure: no file, no network, no clock, no environment.

An aspect knows its two spellings, which documents mean the same, what S3 would refuse, and which calls
turn one document into another. It does not know how a call is performed, how a plan is shown, or which
other aspects exist.
"""
