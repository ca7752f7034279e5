-- Set aside a value that is not ours, if it is still what was seen.
-- KEYS: value, where to
-- ARGV: 1 SHA-1 of what was read of it ("" = it is of another type)   2 the last byte that is read
--       3 milliseconds to keep it there
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'none' then return 0 end
if kind == 'string' then
  if redis.sha1hex(redis.call('GETRANGE', KEYS[1], 0, ARGV[2])) ~= ARGV[1] then return 0 end
elseif ARGV[1] ~= '' then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
