"""What a process stands on: settings, database access, the embedded server, logs and metrics, supervision.

Imports nothing else of ours, so that every other room may import it.
"""
