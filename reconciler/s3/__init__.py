"""The only room that talks to AWS: sessions and clients, reading live buckets, performing planned calls.

Nothing is decided here. What a document means and which calls change it is the aspects' business; what to
do is the plan's. boto3 may not be imported anywhere else.
"""
