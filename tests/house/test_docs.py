"""What an operator meets is named in the docs."""

from __future__ import annotations

import re

from appview.queries import QUERIES
from indexer.rejections import Desync, Rejection
from runtime.settings import Settings
from tests.house.tree import ROOT, module_files
from tests.house.write_settings import row

DOCS = ROOT / "docs"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    missing = [setting[0] for setting in Settings.load({}).rows() if row(*setting) not in text]
    assert not missing


def test_every_metric_is_documented() -> None:
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    names = {
        name
        for _, path in module_files()
        for name in re.findall(r"(?:Counter|Gauge|Histogram)\(\s*\"(plyr_[a-z_]+)\"", path.read_text(encoding="utf-8"))
    }
    assert names, "there are metrics"
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_reason_for_which_an_event_has_no_effect_is_documented() -> None:
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    reasons = {reason.value for reason in (*Rejection, *Desync)}
    assert {reason for reason in reasons if f"`{reason}`" not in text} == set()


def test_every_method_is_named_to_those_who_ask() -> None:
    text = (DOCS / "clients.md").read_text(encoding="utf-8")
    assert {nsid for nsid in QUERIES if f"| `{nsid}` |" not in text} == set()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {nsid for nsid in QUERIES if f"`{nsid.rpartition('.')[2]}`" not in readme} == set()


def test_every_link_of_a_document_leads_to_a_file() -> None:
    for page in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.glob("*.md")):
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name
