-- The commonest words that begin with three characters are found as those are that begin with two: in a large vocabulary
-- thousands do.
CREATE INDEX search_word_begun ON search_word (substr(word, 1, 3), weight DESC, word);
CREATE INDEX played_word_begun ON played_word (substr(word, 1, 3), weight DESC, word);
