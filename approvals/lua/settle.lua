-- A member was told: forget it if the record is still the one that was shown, else it is due now.
-- KEYS: record, untold, told, unshown, after
-- ARGV: 1 member   2 revision shown, 20 digits   3 next time ("" = none)   4 whether it was told ("1" or "")
--       5 revision shown of what stands beside the record, 20 digits ("" = do not compare)
if ARGV[4] == '1' and redis.call('TYPE', KEYS[4])['ok'] == 'zset' then
  redis.call('ZREM', KEYS[4], ARGV[1])
end
local current = ''
if redis.call('TYPE', KEYS[1])['ok'] == 'string' then
  current = redis.call('GETRANGE', KEYS[1], 0, 19)
end
local beside = '00000000000000000000'
if redis.call('TYPE', KEYS[5])['ok'] == 'string' then
  beside = redis.call('GETRANGE', KEYS[5], 0, 19)
end
if (current ~= '' and current ~= ARGV[2]) or (ARGV[5] ~= '' and beside ~= ARGV[5]) then
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  return 0
end
if ARGV[3] == '' then redis.call('ZREM', KEYS[2], ARGV[1])
else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1]) end
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[3], left) end
return 1
