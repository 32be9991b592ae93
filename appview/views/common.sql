-- fragment: time(moment)
-- RFC 3339, UTC, milliseconds.
to_char(:moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')

-- fragment: today()
-- The day that it is, UTC.
(now() AT TIME ZONE 'UTC')::date

-- fragment: blob_url(account, cid)
-- Where the PDS of this account (a row with did and pds) gives the blob out; NULL when either is unknown.
:account.pds || '/xrpc/com.atproto.sync.getBlob?did=' || replace(:account.did, '%', '%25') || '&cid=' || :cid

-- fragment: account_id(did)
-- The visible account of that DID; NULL when there is none.
(SELECT by_did.id FROM visible_account by_did WHERE by_did.did = :did)

-- fragment: asked_accounts(dids)
-- The table `asked` of what is asked for: accounts, each with its place among them, from 1.
unnest(:dids::text[]) WITH ORDINALITY asked (did, place)

-- fragment: asked_records(dids, collections, rkeys)
-- The same of records, by the parts of their at-uris.
unnest(:dids::text[], :collections::text[], :rkeys::text[]) WITH ORDINALITY asked (did, collection, rkey, place)

-- fragment: present(view)
-- A view as it is given out: what is NULL is absent. Not for what holds a record, whose nulls are its author's.
json_strip_nulls(:view)::text

-- fragment: field(name, value)
-- A field of an object that is put together as text, behind others; nothing when the value is NULL. That takes less than
-- to build JSON and strip its nulls.
coalesce(',":name":' || to_json(:value), '')

-- fragment: exact_integer(value)
-- Sums of hostile numbers end at what every JSON reader holds exactly.
least(:value, 9007199254740991)

-- fragment: indexed_name(collection)
-- The name under which a collection of repos is indexed; NULL for one that this instance does not read.
(SELECT CASE
     WHEN starts_with(:collection, n.namespace || '.') THEN 'fm.plyr' || substr(:collection, length(n.namespace) + 1)
     WHEN NOT starts_with(:collection, 'fm.plyr.') THEN :collection
 END
 FROM visible_namespace n)

-- fragment: is_record(row, did, collection, rkey)
-- Whether this row of a visible_* view has that at-uri.
:row.did = :did AND :row.rkey = :rkey AND :row.uri = 'at://' || :did || '/' || :collection || '/' || :rkey
