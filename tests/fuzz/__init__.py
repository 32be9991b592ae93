"""Whatever a stranger may send, bent until something gives: nothing may be raised that has no name of ours.

    python -m tests.fuzz [TARGET...] [--seconds N]     so many seconds for each, by default a minute
    python -m tests.fuzz TARGET --replay BASE64        one input again, with its traceback

`targets.py` says what is fed and what must hold of it, `seeds.py` what the mutations begin with. Each target runs in a
process of its own (`child.py`), guided by the lines that an input reaches (atheris, which is libFuzzer); an input may
take no longer than `INPUT_SECONDS`, and the process no more memory than `MEMORY_MB`.
"""
