"""A pull request: what it changes (Git), where it is talked about (GitHub, GitLab), and what is said there.

The one room that runs Git and knows hosts. Nothing that a pull request brings is ever executed, and no comment decides
anything but which fingerprint was reviewed.
"""
