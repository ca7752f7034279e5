-- Replace the record of what is frozen, if it is still what was seen; people must be told, and the
-- bell rings.
-- KEYS: freeze, bell, where to set aside what is not ours, untold
-- ARGV: 1 stamp expected ("" = nothing that verifies was there)   2 the new record
--       3 SHA-1 of what did not verify ("" = nothing of its type was there)
--       4 length to trim the bell to   5 what the bell says, and who tells
--       6 most bytes of a record: what is longer is not ours, however it goes on
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'string' then
  local current = redis.call('GETRANGE', KEYS[1], 0, ARGV[6])
  if ARGV[1] ~= '' then
    if string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then return {'moved'} end
  elseif current ~= '' and redis.sha1hex(current) ~= ARGV[3] then return {'moved'}
  else redis.call('RENAME', KEYS[1], KEYS[3]) end
elseif ARGV[1] ~= '' or ARGV[3] ~= '' then return {'moved'}
elseif kind ~= 'none' then redis.call('RENAME', KEYS[1], KEYS[3]) end
redis.call('SET', KEYS[1], ARGV[2])
local untold = redis.call('TYPE', KEYS[4])['ok']
if untold == 'zset' or untold == 'none' then redis.call('ZADD', KEYS[4], 0, ARGV[5]) end
local bell = redis.call('TYPE', KEYS[2])['ok']
if bell == 'stream' or bell == 'none' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'm', ARGV[5])
end
return {'ok'}
