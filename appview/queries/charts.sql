-- name: most_likes
-- Tracks by all their likes, with their places.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_liked_track, likes, $1, $2, $3, $4, $5)}};

-- name: most_likes_of_1
-- The same by those of yesterday and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, likes_1, $1, $2, $3, $4, $5)}};

-- name: most_likes_of_7
-- The same by those of 7 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, likes_7, $1, $2, $3, $4, $5)}};

-- name: most_likes_of_30
-- The same by those of 30 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, likes_30, $1, $2, $3, $4, $5)}};

-- name: most_likes_of_365
-- The same by those of 365 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, likes_365, $1, $2, $3, $4, $5)}};

-- name: most_plays
-- Tracks by all their plays, with their places.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_played_track, plays, $1, $2, $3, $4, $5)}};

-- name: most_plays_of_1
-- The same by those of yesterday and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, plays_1, $1, $2, $3, $4, $5)}};

-- name: most_plays_of_7
-- The same by those of 7 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, plays_7, $1, $2, $3, $4, $5)}};

-- name: most_plays_of_30
-- The same by those of 30 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, plays_30, $1, $2, $3, $4, $5)}};

-- name: most_plays_of_365
-- The same by those of 365 days and today.
-- $1 number bigint, $2 rank bigint, $3 uri text, $4 limit bigint, $5 viewer bigint
{{most_entries(visible_recent_track, plays_365, $1, $2, $3, $4, $5)}};

-- name: trending_1
-- Tracks that have more likes and plays of yesterday and today than of as many days before, by how many times as many.
-- $1 limit bigint, $2 viewer bigint
{{grown_entries(both_1, before_1, growth_1, $1, $2)}};

-- name: trending_7
-- Tracks that have more likes and plays of 7 days and today than of as many days before, by how many times as many.
-- $1 limit bigint, $2 viewer bigint
{{grown_entries(both_7, before_7, growth_7, $1, $2)}};

-- name: trending_30
-- Tracks that have more likes and plays of 30 days and today than of as many days before, by how many times as many.
-- $1 limit bigint, $2 viewer bigint
{{grown_entries(both_30, before_30, growth_30, $1, $2)}};
