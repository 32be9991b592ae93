-- name: recount_words
-- Add to the counts of the words that there are; gives the sums.
-- $1 words text[], $2 changes integer[]
WITH held AS MATERIALIZED (
    SELECT w.word FROM played_word w WHERE w.word = ANY ($1) ORDER BY w.word FOR UPDATE
)
UPDATE played_word w
SET documents = w.documents + change.number
FROM unnest($1::text[], $2::integer[]) AS change (word, number)
JOIN held ON held.word = change.word
WHERE w.word = change.word
RETURNING w.word, w.documents;

-- name: add_words
-- Words that were not known, unless somebody else has come to know them meanwhile.
-- $1 words text[], $2 numbers integer[], $3 marks text[]
INSERT INTO played_word AS w (word, documents, marks)
SELECT word, documents, marks::integer[]
FROM unnest($1::text[], $2::integer[], $3::text[]) AS new (word, documents, marks)
ORDER BY word COLLATE "C"
ON CONFLICT (word) DO UPDATE SET documents = w.documents + EXCLUDED.documents;

-- name: drop_words
-- Words whose last item went.
-- $1 words text[]
DELETE FROM played_word WHERE word = ANY ($1) AND documents = 0;
