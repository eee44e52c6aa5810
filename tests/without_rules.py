"""Settings for tests whose specs are dangerous on purpose: no guardrail is asked."""

from reconciler.guardrails.catalogue import own_rules

WITHOUT_RULES = f"guardrails: {{rules: {{{', '.join(f'{rule}: none' for rule in own_rules())}}}}}\n"
