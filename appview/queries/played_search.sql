-- name: words
-- Known words for each that is looked for.
-- $1 words text[], $2 begin boolean[], $3 nears text[], $4 farthers text[], $5 withins text[], $6 sides text[], $7 rests text[], $8 rest_marks text[]
{{known_words(visible_played_word)}};

-- name: documents
-- What is played, of the kinds asked for, that may be what is meant.
-- $1 kinds text[], $2 whole text, $3 often text, $4 wanted text[], $5 but text[], $6 among integer[], $7 dear boolean[], $8 corrected text[], $9 limit integer
WITH asked AS MATERIALIZED (
    SELECT $2::text AS whole, $3::text::tsquery AS often, $4::text[]::tsquery[] AS wanted, $5::text[]::tsquery[] AS but,
           $6::integer[] AS among, $7::boolean[] AS dear, $8::text[] AS corrected
)
{{played_documents('artist', $9::integer)}}
UNION ALL
{{played_documents('release', $9::integer)}}
UNION ALL
{{played_documents('recording', $9::integer)}};

-- name: shown
-- The views of some items, each as relevant as is said.
-- $1 ids integer[], $2 relevances text[]
SELECT hit.id, {{present({{found_entry(hit.kind::text, hit)}})}} AS item
FROM (
    SELECT p.*, asked.relevance
    FROM unnest($1::integer[], $2::text[]) AS asked (id, relevance)
    JOIN visible_played p ON p.id = asked.id
) hit;
