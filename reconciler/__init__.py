"""Declarative, stateless reconciliation of S3 buckets.

The command line is `reconcile`. Programs take the same way through `reconciler.run`::

    from reconciler.run import Access, Question, carry_out, make_plan

    planned = make_plan(Question(paths=("specs/lake.yaml",), variables={}), Access())
    if planned.changeset.has_changes:
        carry_out(planned)

Nothing is imported here, so that ``reconcile --help`` starts at once.
"""
