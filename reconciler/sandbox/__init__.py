"""The embedded S3 behind ``--sandbox``: for trying things out, never for real buckets.

Nothing here is imported unless somebody asks for the sandbox; `reconciler.sandbox.process` is the door.

    process.py       start, find, reset and stop the server; imports none of the libraries below
    server.py        the server process itself: moto on a loopback port
    faithful.py      FaithfulS3, the layer that makes moto answer as AWS does
    behaviours.py    what the layer does, one function per difference between moto and AWS
    documents.py     the documents it keeps because moto loses parts of them
    refusals.py      what S3 refuses and moto accepts; also policy_refusals.py, public_policies.py,
                     lifecycle_refusals.py
    messages.py      a request and an answer, as plain values

What may not enter: boto3, and anything of the reconciler but its errors. The sandbox is what the reconciler
is tried out against, so it must not share the reconciler's ideas of how S3 behaves.
"""
