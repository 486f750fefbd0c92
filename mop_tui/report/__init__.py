"""What there is to be said of a session once it is over, or as far as it has come.

`gathering` folds a session file into a `Summary` (`summary`), which is all that the forms of the
report know: JSON, Markdown and HTML say the same.
"""
