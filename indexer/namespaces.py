"""Under which names the indexed collections stand in repos.

A staging instance (`PLYR_NAMESPACE=fm.plyr.stg`) reads `fm.plyr.stg.track` as what production calls `fm.plyr.track`:
inside, every collection has the production name, so that lexicons, projections and queries know one; the repo's name
is used on the wire, for `$type`, and in the at-uris given out. `fm.plyr.track` itself is then not indexed at all, so
that the two never mix. Pure. sync.md section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocol.syntax import Nsid

PRODUCTION = "fm.plyr"
# Of repos that are tracked for another reason; such a record alone makes no repo ours.
NEVER_TRACKING = "app.bsky."


def wire_name(collection: str, namespace: str) -> Nsid:
    """The name that repos use for an indexed collection."""
    if collection.startswith(PRODUCTION + "."):
        return Nsid(namespace + collection.removeprefix(PRODUCTION))
    return Nsid(collection)


def wire_names(collections: Iterable[str], namespace: str) -> Mapping[str, Nsid]:
    """Each repo's name, with the name under which it is indexed."""
    return {wire_name(collection, namespace): Nsid(collection) for collection in collections}


def tracking(names: Iterable[str]) -> frozenset[str]:
    """Those collections of which one record makes a repo ours."""
    return frozenset(name for name in names if not name.startswith(NEVER_TRACKING))
