"""Deliberate mistakes, one line each, that the oracle or a named test must find: the measure of their power.

`catalogue.py` lists them, `workshop.py` makes a copy of the tree with one of them in it and lets the tests run there.
"""
