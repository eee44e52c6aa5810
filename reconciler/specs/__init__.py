"""Text comes in; specs, or every problem with its place, come out.

Files are read here and nowhere else in this package's floor; nothing here knows S3 or a plan.
"""
