-- name: totals
-- Everything that is indexed and can be seen, in figures.
SELECT {{present({{totals_view(t)}})}} AS item FROM visible_totals t;
