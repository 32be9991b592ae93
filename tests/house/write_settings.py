"""`python -m tests.house.write_settings`: write docs/settings.md afresh from the table of settings."""

from runtime.settings import Settings
from tests.house.tree import ROOT

HEAD = """# Settings

Every address and every limit, in one table. Set them as environment variables, or as options of the same names
(`PLYR_RELAY_URLS` is `--relay-urls`), which win. An unknown `PLYR_*` variable stops the start.
`plyr-appview settings` prints what is in force, secrets masked; `--json` does it for scripts.

| setting | default | meaning |
|---|---|---|
"""


def row(name: str, value: str, meaning: str) -> str:
    """The table's row of one setting."""
    return f"| `{name}` | {f'`{value}`' if value else ''} | {meaning} |"


if __name__ == "__main__":
    rows = "\n".join(row(*setting) for setting in Settings.load({}).rows())
    (ROOT / "docs" / "settings.md").write_text(HEAD + rows + "\n", encoding="utf-8")
