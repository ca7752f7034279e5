-- Members that are due; with ARGV[2], taken out of others' reach until then.
-- KEYS: a sorted set   ARGV: 1 now   2 when others may take them ("" = at any time)   3 how many
--       4 length of the longest member
-- What is no `node/request_id`, with or without a conflict's digest, nor what is told of freezes,
-- was not put there by us: it is taken out, and counted first.
local found = {0}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local name = string.gsub(member, ' %x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$', '')
  local ours = member == 'freeze' or string.find(name, '^[%w_.-]+/[!-~]+$')
  if #member > tonumber(ARGV[4]) or not ours then
    redis.call('ZREM', KEYS[1], member)
    found[1] = found[1] + 1
  else
    if ARGV[2] ~= '' then redis.call('ZADD', KEYS[1], ARGV[2], member) end
    table.insert(found, member)
  end
end
return found
