"""What a run leaves behind about itself: a file of lines, each of them written before or after a call.

It makes the next run faster and better explained, and it keeps what was there before. Nothing of a run's
correctness depends on it: a journal may be lost, cut off or full of garbage, and S3 is asked all the same.
"""
