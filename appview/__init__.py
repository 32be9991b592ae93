"""The read side: verified rows in Postgres -> JSON for clients, by XRPC over HTTP. It never writes.

`server.run` is the program; it shares nothing with the indexer but the database schema, of which it may see the
`visible_*` views alone. Spec: https://atproto.com/specs/xrpc
"""
