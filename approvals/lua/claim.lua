-- Members of `untold` that are due, the most urgent first, taken out of others' reach.
-- KEYS: untold, open, unshown
-- ARGV: 1 now   2 when others may take them   3 how many   4 length of the longest member
--       5 how many that are due are looked at   6 of how many that were never shown a line is told
-- First what is told of freezes, of doubts and of a burst; then what was never shown and is open, by its
-- deadline; then the rest, by how long it is due, of which one in four is taken all the same.
-- What is neither, nor a `node/request_id` with or without a conflict's digest, was not put there by
-- us: it is taken out, and counted first.
local most = tonumber(ARGV[3])
local special, members, deadlines, unshown, found = {}, {}, {}, {}, {0}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[5])) do
  if member == 'freeze' or member == 'doubts' or member == 'burst' then table.insert(special, member)
  else members[#members + 1] = member end
end

local function scores(key, from, to)
  if redis.call('TYPE', key)['ok'] ~= 'zset' then return {} end
  return redis.call('ZMSCORE', key, unpack(members, from, to))
end
for from = 1, #members, 1000 do
  local to = math.min(from + 999, #members)
  local open, never = scores(KEYS[2], from, to), scores(KEYS[3], from, to)
  for i = from, to do
    unshown[i] = never[i - from + 1]
    deadlines[i] = unshown[i] and open[i - from + 1] and tonumber(open[i - from + 1])
  end
end

local urgent, rest, waiting = {}, {}, 0
for i = 1, #members do
  if deadlines[i] then
    waiting = waiting + 1
    local at = #urgent + 1
    while at > 1 and deadlines[urgent[at - 1]] > deadlines[i] do at = at - 1 end
    if at <= most then
      table.insert(urgent, at, i)
      urgent[most + 1] = nil
    end
  elseif #rest < most then rest[#rest + 1] = i end
end
if waiting > tonumber(ARGV[6]) and not redis.call('ZSCORE', KEYS[1], 'burst') then
  table.insert(special, 'burst')
end

local function take(member)
  redis.call('ZADD', KEYS[1], ARGV[2], member)
  found[#found + 1] = member
end
local function take_ours(member)
  local name = string.gsub(member, ' %x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$', '')
  if #member <= tonumber(ARGV[4]) and string.find(name, '^[%w_.-]+/[!-~]+$') then take(member)
  else
    redis.call('ZREM', KEYS[1], member)
    found[1] = found[1] + 1
  end
end
local others = math.min(#rest, math.max(math.floor(most / 4), most - #urgent))
for _, member in ipairs(special) do take(member) end
for i = 1, math.min(#urgent, most - others) do take_ours(members[urgent[i]]) end
for i = 1, others do take_ours(members[rest[i]]) end
return found
