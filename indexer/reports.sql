-- fragment: is_report(frame)
-- Whether a frame is an `#account`, which it has in its header.
position('#account'::bytea IN substring(:frame FOR 64)) > 0

-- fragment: may_go(event, largest)
-- Whether an event that waits may be forgotten when too much does: all may but the last report of each source, if it is
-- no larger than others are.
NOT (
    octet_length(:event.frame) <= :largest AND {{is_report(:event.frame)}}
    AND NOT EXISTS (
        SELECT FROM buffered_event later
        WHERE later.account_id = :event.account_id AND later.source = :event.source AND later.id > :event.id
          AND octet_length(later.frame) <= :largest AND {{is_report(later.frame)}}
    )
)
