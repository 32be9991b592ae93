"""`python -m benchmarks NAME [options]`; see `command.py`."""

if __name__ == "__main__":
    from benchmarks.command import main  # a helper's process reads this file too, and needs nothing of that

    main()
