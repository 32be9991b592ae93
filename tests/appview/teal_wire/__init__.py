"""What a client of teal sends and what it must get: a set made of the published lexicons alone, and who asks it.

`requests.json` and `shapes.json` (JSON Schemas) are checked in; `python -m tests.appview.teal_wire.write_set` makes
them anew. Neither they nor the test that uses them know anything of our lexicons or of what reads these.
"""
