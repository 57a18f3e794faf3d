"""Our own SFTP endpoint: partners put files into `inbox/` and fetch what waits for them from `outbox/`.

`server` listens, `logins` lets in, `session` and `requests` speak SFTP, `desk` is the tree that one partner sees. What
is uploaded is a `partials.Partial` until its handle is closed, then an arrival (`taking`). There is no file of ours
under any path that a client can name: both folders are made up from what is known of the partner.
"""
