-- Write one sealed value if nobody wrote it since.
-- KEYS: value   ARGV: 1 stamp expected ("" = it must not exist)   2 the new value
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind ~= 'string' and kind ~= 'none' then return {'wrongtype'} end
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if current then return {'moved', string.sub(current, 1, #ARGV[2])} end
elseif not current then return {'gone'}
elseif string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then
  return {'moved', string.sub(current, 1, #ARGV[2])}
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return {'ok'}
