-- fragment: is_report(frame)
-- Whether a frame is an `#account`, which it has in its header.
position('#account'::bytea IN substring(:frame FOR 64)) > 0
