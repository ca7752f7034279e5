-- Members of a sorted set, the lowest scores first.
-- KEYS: a sorted set   ARGV: 1 the highest score   2 how many   3 length of the longest member
-- What is no `node/request_id`, with or without a conflict's digest, was not put there by us: it is
-- taken out, and counted first.
local found = {0}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local name = string.gsub(member, ' %x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$', '')
  if #member > tonumber(ARGV[3]) or not string.find(name, '^[%w_.-]+/[!-~]+$') then
    redis.call('ZREM', KEYS[1], member)
    found[1] = found[1] + 1
  else
    table.insert(found, member)
  end
end
return found
