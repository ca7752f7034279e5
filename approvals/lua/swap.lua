-- Write one record, the sets that list it and the bell, together, if nobody wrote it since.
-- KEYS: record, content, open, untold, bell, bytes, freeze, done, task, unshown
-- ARGV: 1 stamp expected ("" = the record must not exist)   2 the new record   3 its member
--       4 score in `open` ("" = take it out)                5 score in `untold` ("" = leave it)
--       6 ring the bell ("1" or "")                         7 length to trim the bell to
--       8 seconds to keep a finished record ("" = no end)   9 content ("" = do not compare)
--       10 exact request ("" = do not keep)                 11 most open approvals
--       12 stamp of what is frozen, for a final APPROVE ("" = it does not matter)
--       13 the process that writes
--       14 most bytes of a record
--       15 score in `done` ("" = it is not final)           16 score up to which `done` forgets
--       17 whether others may look for it by its task ("1" or "")
-- Types are checked before anything is written: a script is not rolled back.
local function is(key, wanted)
  local found = redis.call('TYPE', key)['ok']
  return found == wanted or found == 'none'
end
if not (is(KEYS[1], 'string') and is(KEYS[2], 'string') and is(KEYS[6], 'string')) then
  return {'wrongtype'}
end
if not (is(KEYS[3], 'zset') and is(KEYS[4], 'zset') and is(KEYS[5], 'stream') and is(KEYS[8], 'zset')
  and is(KEYS[10], 'zset')) then
  return {'mend'}
end

local current = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if current then return {'moved', string.sub(current, 1, ARGV[14] + 1)} end
  if ARGV[9] ~= '' then
    local content = redis.call('GET', KEYS[2])
    if content and content ~= ARGV[9] then
      return {'conflict', string.sub(content, 1, 2 * #ARGV[9])}
    end
  end
  if ARGV[4] ~= '' and redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[11]) then return {'full'} end
else
  if not current then return {'gone'} end
  if string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then
    return {'moved', string.sub(current, 1, ARGV[14] + 1)}
  end
end

if ARGV[12] ~= '' then
  if not is(KEYS[7], 'string') then return {'frozen'} end
  if redis.call('GETRANGE', KEYS[7], 0, #ARGV[12] - 1) ~= ARGV[12] then return {'frozen'} end
end

local function put(key, value)
  if ARGV[8] == '' then redis.call('SET', key, value)
  else redis.call('SET', key, value, 'EX', ARGV[8]) end
end
put(KEYS[1], ARGV[2])
if ARGV[9] ~= '' then put(KEYS[2], ARGV[9])
elseif ARGV[8] ~= '' then redis.call('EXPIRE', KEYS[2], ARGV[8]) end
if ARGV[10] ~= '' then put(KEYS[6], ARGV[10])
elseif ARGV[8] ~= '' then redis.call('EXPIRE', KEYS[6], ARGV[8]) end
if ARGV[4] == '' then redis.call('ZREM', KEYS[3], ARGV[3])
else redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3]) end
if ARGV[5] ~= '' then redis.call('ZADD', KEYS[4], ARGV[5], ARGV[3]) end
if ARGV[5] ~= '' and ARGV[1] == '' then redis.call('ZADD', KEYS[10], ARGV[5], ARGV[3]) end
if ARGV[15] ~= '' then
  redis.call('ZADD', KEYS[8], ARGV[15], ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', ARGV[16])
end
-- Only a way to find a record, so nothing depends on it: where another type stands, it stays.
-- Of several records of a task it names the one that was asked last, whichever is written later.
if ARGV[17] ~= '' and is(KEYS[9], 'string') then
  local named = ARGV[1] ~= '' and redis.call('GETRANGE', KEYS[9], 0, #ARGV[3]) or ''
  if named == '' or named == ARGV[3] then put(KEYS[9], ARGV[3]) end
end
if ARGV[6] ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[7], '*', 'm', ARGV[3], 'p', ARGV[13]) end
return {'ok'}
