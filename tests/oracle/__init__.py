"""The simulated network against an independent model of what the indexer must hold once all is quiet.

    python -m tests.oracle SEED...     replay seeds, with what each went through
    python -m tests.oracle.mutants     show that deliberate mistakes are found

The model (naive.py, music.py, plyr.py, counts.py, model.py) shares nothing with the indexer but the wire's encoding, by
the simulator's codec: it is written from what records mean, in plain loops. `compare.py` says how the database differs.
"""
