"""The command line: one file per command, each with `arguments(parser)` and `run(arguments, console)`.

Commands load what they need when they run, so that ``--help`` and ``validate`` start at once.
"""
