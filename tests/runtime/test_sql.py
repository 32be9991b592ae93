"""Named queries are checked when they are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.sql import Fragments, Parameter, Queries, QueryInvalid

GOOD = """
-- name: newest
-- The newest things.
-- Of one owner.
-- $1 owner bigint, $2 before timestamptz, $3 tags text[]
SELECT {{thing_view(t.id)}} FROM thing t WHERE owner = $1 AND at < $2::timestamptz AND tags && $3;

-- name: all_things
-- Everything.
SELECT 1
"""

VIEWS = """
-- fragment: owner_view(owner)
-- An owner.
(SELECT name FROM owner WHERE id = :owner)

-- fragment: thing_view(thing)
-- A thing, with its owner.
(SELECT json_build_object('owner', {{owner_view(coalesce(x.owner, 0))}}) FROM thing x WHERE x.id = :thing)
"""


def _file(folder: Path, text: str, name: str = "some.sql") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_query_has_its_purpose_and_its_parameters(tmp_path: Path) -> None:
    fragments = Fragments([_file(tmp_path, VIEWS, "views.sql")])
    queries = Queries(_file(tmp_path, GOOD), fragments)
    assert set(queries) == {"newest", "all_things"}
    newest = queries.described["newest"]
    assert newest.purpose == "The newest things. Of one owner."
    assert newest.parameters == (
        Parameter("owner", "bigint"),
        Parameter("before", "timestamptz"),
        Parameter("tags", "text[]"),
    )
    assert queries["newest"].startswith(
        "SELECT (SELECT json_build_object('owner', (SELECT name FROM owner WHERE id = coalesce("
    )
    assert "x.id = t.id" in newest.text
    assert "$2::timestamptz" in newest.text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: a\nSELECT 1", "no purpose"),
        ("-- name: a\n-- Why.\nSELECT $1::int", r"declares \$\[\] and uses \$\[1\]"),
        ("-- name: a\n-- Why.\n-- $1 x int, $2 y int\nSELECT $1::int", "declares"),
        ("-- name: a\n-- Why.\nSELECT 1\n-- name: a\n-- Why.\nSELECT 1", "twice"),
        ("-- name: a\n-- Why.\nSELECT {{nothing(1)}}", "unknown fragment nothing"),
        ("-- name: a\n-- Why.\nSELECT {{owner_view(1, 2)}}", "takes 1 arguments"),
        ("SELECT 1", "holds no"),
        ("-- fragment: a(b)\n-- Why.\nSELECT 1", "stands among queries"),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str, complaint: str) -> None:
    fragments = Fragments([_file(tmp_path, VIEWS, "views.sql")])
    with pytest.raises(QueryInvalid, match=complaint):
        Queries(_file(tmp_path, text), fragments)


def test_a_use_may_be_the_argument_of_another_whatever_it_holds(tmp_path: Path) -> None:
    views = """
-- fragment: object(id)
-- An object as text.
'{"id":' || :id || '}'

-- fragment: stripped(view)
-- Without nulls.
json_strip_nulls(:view)::text
"""
    fragments = Fragments([_file(tmp_path, views, "views.sql")])
    text = fragments.expand("SELECT {{stripped({{object(t.id)}})}}", "here")
    assert text == """SELECT json_strip_nulls('{"id":' || t.id || '}')::text"""


def test_a_fragment_that_uses_itself_is_refused(tmp_path: Path) -> None:
    fragments = Fragments([_file(tmp_path, "-- fragment: a(x)\n-- Why.\n{{a(:x)}}", "views.sql")])
    with pytest.raises(QueryInvalid, match="nest too deep"):
        Queries(_file(tmp_path, "-- name: q\n-- Why.\nSELECT {{a(1)}}"), fragments)
