-- Take members that are due out of reach of other tellers for a while.
-- KEYS: untold   ARGV: 1 now   2 when others may take them   3 how many
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
return due
