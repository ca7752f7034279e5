-- Take a member out of a sorted set if its record is gone.
-- KEYS: record, set   ARGV: 1 member
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[1]) end
