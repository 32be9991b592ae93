"""The indexer: relay -> frames -> verified commits -> records, projections and the cursor, one transaction.

`service.run` is its entry. Everything that it makes stands in the database, which is all that the read side knows.
"""
