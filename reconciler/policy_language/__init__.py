"""The language of bucket policies: what one means, how two differ, and which ones S3 refuses.

A policy is a small language of its own, and this room knows it whole, without knowing anything else of this
project. AWS reads many spellings of one meaning: lists or single strings, any order, any case of an action, an
account id or its root ARN. `canonical` makes one spelling of them, `difference` pairs the statements of two
policies, and `grammar` finds what S3 would answer with MalformedPolicy. `principals`, `actions`, `resources` and
`conditions` hold the rules of one element each.
"""
