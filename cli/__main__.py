"""`python -m cli` is `plyr-appview`."""

from cli import main

main()
