"""What crosses collections: counts, exact at every commit.

A projection says what a row contributes (`Contribution`); a `Tally` adds up what rows that came contribute and
subtracts what rows that went did, and is written in one go at the end of a batch (`counts.flush`). Accounts that are
hidden contribute nothing.
"""

from indexer.aggregates.counts import (
    TABLES,
    Connection,
    Contribution,
    Tally,
    flush,
    hidden_accounts,
    restart,
    set_hidden,
)

__all__ = ["TABLES", "Connection", "Contribution", "Tally", "flush", "hidden_accounts", "restart", "set_hidden"]
