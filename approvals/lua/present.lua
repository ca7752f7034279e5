-- Say that a gateway is here, and read what the others say.
-- KEYS: its value, gateways   ARGV: 1 its process   2 the value   3 milliseconds it lasts
--       4 most others   5 most bytes of a value
-- `gateways` is a sorted set of processes by when their value ends, on the server's clock.
for i, wanted in ipairs({'string', 'zset'}) do
  local found = redis.call('TYPE', KEYS[i])['ok']
  if found ~= wanted and found ~= 'none' then redis.call('DEL', KEYS[i]) end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. (now + 2 * ARGV[3]), '+inf')
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])

local found = {}
local prefix = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[1])
for _, process in ipairs(redis.call('ZREVRANGE', KEYS[2], 0, ARGV[4] - 1)) do
  if process ~= ARGV[1] then
    local key = prefix .. string.sub(process, 1, 100)
    local kind = redis.call('TYPE', key)['ok']
    if kind == 'string' then
      table.insert(found, string.sub(process, 1, 100))
      table.insert(found, redis.call('GETRANGE', key, 0, ARGV[5]))
      table.insert(found, redis.call('PTTL', key))
    elseif kind == 'none' then
      redis.call('ZREM', KEYS[2], process)
    else
      table.insert(found, string.sub(process, 1, 100))
      table.insert(found, '')
      table.insert(found, 0)
    end
  end
end
return found
