-- Write a sealed value that stands beside a record, if nobody wrote it since, and have people told.
-- KEYS: value, record, untold
-- ARGV: 1 stamp expected ("" = it must not exist)   2 the new value   3 member
--       4 score in `untold` ("" = leave it)
--       5 milliseconds to keep it, unless it goes with its record
--       6 whether the record must be there ("1" or "")
-- Types are checked before anything is written: a script is not rolled back.
local function kind(key) return redis.call('TYPE', key)['ok'] end
if kind(KEYS[1]) ~= 'string' and kind(KEYS[1]) ~= 'none' then return {'wrongtype'} end
if kind(KEYS[3]) ~= 'zset' and kind(KEYS[3]) ~= 'none' then return {'mend'} end
if ARGV[6] ~= '' and kind(KEYS[2]) == 'none' then return {'gone'} end
local current = redis.call('GET', KEYS[1])
if (current and string.sub(current, 1, #ARGV[1]) ~= ARGV[1]) or (not current and ARGV[1] ~= '')
    or (current and ARGV[1] == '') then
  return {'moved', string.sub(current or '', 1, #ARGV[2])}
end
local left = ARGV[6] ~= '' and redis.call('PTTL', KEYS[2]) or 0
if left <= 0 then left = ARGV[5] end
redis.call('SET', KEYS[1], ARGV[2], 'PX', left)
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3]) end
return {'ok'}
