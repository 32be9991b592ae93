"""The index against the PDSes: the raw records that it holds are, by address and version, what listRecords of each PDS
gives; and what the read API shows and counts follows from them, nothing lost and nothing twice.
"""

from collections import Counter

from tests.e2e.music import ALPHA_PLAY, COMMENT, INDEXED, LIKE, PLAY, TRACK
from tests.e2e.pds import Account
from tests.e2e.stored import records, repo_state
from tests.e2e.system import AppView, System

Held = dict[str, str]  # at-uri -> cid


async def held_by_pds(account: Account) -> Held:
    """Every record of the indexed collections, as the account's PDS lists them."""
    found: Held = {}
    for collection in await account.pds.collections(account.did):
        if collection in INDEXED:
            async for record in account.pds.list_records(account.did, collection):
                found[record["uri"]] = record["cid"]
    return found


async def index_equals_pds(system: System, appview: AppView, accounts: list[Account]) -> None:
    """The comparison that the module's first paragraph promises."""
    for account in accounts:
        expected = await held_by_pds(account)
        held = await records(system.dsn, account.did)
        assert held == expected, await _difference(system, account, held, expected)
        of = Counter(uri.split("/")[3] for uri in expected)
        tracks = await appview.all("fm.plyr.feed.getActorTracks", "tracks", actor=account.did, limit=7)
        assert Counter(view["uri"] for view in tracks) == Counter(uri for uri in expected if uri.split("/")[3] == TRACK)
        assert {view["uri"]: view["cid"] for view in tracks}.items() <= expected.items()
        feed = await appview.all("fm.teal.feed.getActorFeed", "plays", authorDID=account.did, limit=9)
        assert len(feed) == of[PLAY] + of[ALPHA_PLAY]
        profile = (await appview.get("fm.plyr.actor.getProfile", actor=account.did))["actor"]
        assert (profile["trackCount"], profile["scrobbleCount"]) == (of[TRACK], of[PLAY] + of[ALPHA_PLAY])
    await _counts_equal_the_records(appview, accounts)


async def _difference(system: System, account: Account, held: Held, expected: Held) -> str:
    differing = sorted(held.items() ^ expected.items())
    of = f"{len(held)} held, {len(expected)} expected, {len(differing)} differ, such as {differing[:5]}"
    return f"{of}; the repo is {await repo_state(system.dsn, account.did)}"


async def _counts_equal_the_records(appview: AppView, accounts: list[Account]) -> None:
    likers: dict[str, set[str]] = {}
    comments: Counter[str] = Counter()
    for account in accounts:
        async for record in account.pds.list_records(account.did, LIKE):
            likers.setdefault(record["value"]["subject"]["uri"], set()).add(account.did)
        async for record in account.pds.list_records(account.did, COMMENT):
            comments[record["value"]["subject"]["uri"]] += 1
    for account in accounts:
        for view in await appview.all("fm.plyr.feed.getActorTracks", "tracks", actor=account.did):
            assert view["likeCount"] == len(likers.get(view["uri"], ())), view["uri"]
            assert view["commentCount"] == comments[view["uri"]], view["uri"]
