"""The page for people."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from appview.queries import QUERIES
from tests.appview.stage import Client, Stage, moment, tid

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Links, pictures and text of a page; fails on a tag that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        assert not [name for name in given if name.startswith("on")]
        if href := given.get("href"):
            self.links.append(href)
        if src := given.get("src"):
            self.sources.append(src)
            assert given["data-initial"], "what the style shows should the picture not load"
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def read(client: Client) -> Page:
    async with client.session.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        return Page(await response.text())


async def test_an_empty_index_has_a_page(client: Client) -> None:
    page = await read(client)
    assert "None yet." in page.text
    assert "Nobody at this moment." in page.text
    assert "nothing read yet" in page.text


async def test_it_shows_figures_latest_tracks_and_who_is_listening(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    uri, _ = await stage.track(nils, title="Snø", imageUrl="https://images.example.com/s.jpg", duration=7_200)
    await stage.like(nils, uri)
    await stage.status(nils, since=datetime.now(UTC))
    await stage.subscribed()
    page = await read(client)
    for text in ("Snø", "@nils.example.com", "Strobe", "deadmau5", "2 hours of audio", "read up to"):
        assert text in page.text
    assert page.sources == ["https://images.example.com/s.jpg"]


async def test_what_people_write_stays_text(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    await stage.put(nils, "app.bsky.actor.profile", "self", {"displayName": evil})
    profile = {"avatar": "javascript:alert(1)", "createdAt": moment()}
    await stage.put(nils, "fm.plyr.actor.profile", "self", profile)
    await stage.track(nils, title=evil, artist=evil, imageUrl="javascript:alert(1)")
    await stage.status(nils, since=datetime.now(UTC), item={"trackName": evil, "artists": [{"artistName": evil}]})
    page = await read(client)
    assert page.text.count(evil) == 6
    assert page.sources == []


WITHOUT_EXAMPLE = {
    "fm.plyr.album.getAlbum",
    "fm.plyr.feed.getForYou",
    "fm.plyr.list.getList",
    "fm.plyr.scrobble.getArtist",
    "fm.plyr.scrobble.getRecording",
    "fm.plyr.scrobble.getRelease",
    "fm.teal.alpha.feed.getPlay",
    "fm.teal.feed.getPlay",
}


async def test_every_method_is_linked_with_an_example_that_answers(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    await stage.track(nils, tid(0))
    await stage.subscribed()
    links = (await read(client)).links
    for method in QUERIES.keys() - WITHOUT_EXAMPLE:
        assert [link for link in links if link.partition("?")[0] == f"/xrpc/{method}"], method
    for link in links:
        async with client.session.get(link) as response:
            assert response.status == 200, link
