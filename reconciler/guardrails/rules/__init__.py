"""The rules, one file each; `reconciler.guardrails.catalogue` gathers them."""
