"""What is wanted and what is there come in; what would change comes out. Pure.

No file, network, clock or environment enters here: a plan is a function of the specs and the live buckets
alone, and the same input gives the same plan, byte for byte.
"""
