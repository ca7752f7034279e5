-- A member was told at a place: forget it there if it is still what was shown, else it is due now.
-- KEYS: record, untold of the place, told, unshown of the place, after, claims of the place
-- ARGV: 1 member   2 revision shown, 20 digits   3 next time ("" = none)   4 whether it was told ("1" or "")
--       5 revision shown of what stands beside the record, 20 digits ("" = do not compare)
local function score(key)
  return redis.call('TYPE', key)['ok'] == 'zset' and tonumber(redis.call('ZSCORE', key, ARGV[1]) or nil)
end
if ARGV[4] == '1' and score(KEYS[4]) then redis.call('ZREM', KEYS[4], ARGV[1]) end
local due, claimed = score(KEYS[2]), score(KEYS[6])
if claimed then redis.call('ZREM', KEYS[6], ARGV[1]) end
local function start(key)
  return redis.call('TYPE', key)['ok'] == 'string' and redis.call('GETRANGE', key, 0, 19) or ''
end
local current, beside = start(KEYS[1]), start(KEYS[5])
if beside == '' then beside = '00000000000000000000' end
if (current ~= '' and current ~= ARGV[2]) or (ARGV[5] ~= '' and beside ~= ARGV[5]) then
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  return 0
end
if due and claimed and due < claimed then return 0 end -- handed out again since it was claimed
if ARGV[3] == '' then redis.call('ZREM', KEYS[2], ARGV[1])
else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1]) end
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[3], left) end
return 1
