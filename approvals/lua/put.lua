-- Write one sealed value if nobody wrote it since.
-- KEYS: value   ARGV: 1 stamp expected ("" = it must not exist)   2 the new value
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if current then return {'moved', current} end
elseif not current then return {'gone'}
elseif string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then return {'moved', current} end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return {'ok'}
