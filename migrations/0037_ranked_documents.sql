-- The popular documents of a common word are found without a look at who may see all the others.

-- To be joined with visible_document, which says whether one shows.
CREATE VIEW visible_ranked_document AS
SELECT kind, account_id, key, popularity, name, artist, tags, words FROM search_document;
