"""The AT Protocol's own things: identifiers, keys, encodings, trees and commits, and the doors to identity and hosts.

Nothing here knows of music, of a database or of our settings: limits, clocks and counters arrive as arguments.
"""
