"""Puts right what errors.csv holds: a draft on the server, which goes in as an ordinary corrections file.

`draft` keeps what somebody typed, `rows` shows rejected rows with it, `sending` makes the file of it. One draft is open
an import, shared by whoever works at it: the later word counts, and whose it was is kept.
"""
