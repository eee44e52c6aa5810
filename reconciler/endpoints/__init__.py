"""Endpoint profiles: what an S3 that is not AWS's lacks, loses, refuses or spells in its own way, as data."""
