-- Hand out what is due to every place, then take for one place what is due there, the most urgent first.
-- KEYS: untold, unshown, open, then of each place, the screen first: its untold, its unshown, its claims
-- ARGV: 1 now   2 when others may take them   3 how many   4 length of the longest member
--       5 how many that are due are looked at   6 of how many that were never shown a line is told ("" = none)
--       7 for which of the places, from 1
-- Taken first is what is told of doubts, of freezes and of a burst; then what was never shown and is open,
-- by its deadline; then the rest, by how long it is due, of which one in four is taken all the same.
-- What is neither, nor a `node/request_id` with or without a conflict's digest, was not put there by
-- us: it is taken out, and counted first. Doubts are for the screen alone.
local now, most, found = tonumber(ARGV[1]), tonumber(ARGV[3]), {0}
local function is_special(member) return member == 'freeze' or member == 'doubts' or member == 'burst' end
local function is_ours(member)
  local name = string.gsub(member, ' %x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x$', '')
  return #member <= tonumber(ARGV[4]) and string.find(name, '^[%w_.-]+/[!-~]+$')
end
local function due(key, ...)
  return redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'LIMIT', 0, ARGV[5], ...)
end
local function is_set(key) return redis.call('TYPE', key)['ok'] == 'zset' end

-- What changes while somebody tells it is due at once when that has ended, and not taken before.
local handed, first_told = due(KEYS[1], 'WITHSCORES'), is_set(KEYS[2])
for i = 1, #handed, 2 do
  local member, score = handed[i], handed[i + 1]
  local since = first_told and redis.call('ZSCORE', KEYS[2], member)
  if is_special(member) or is_ours(member) then
    for place = 4, member == 'doubts' and 4 or #KEYS, 3 do
      redis.call('ZADD', KEYS[place], 'LT', score, member)
      if since then redis.call('ZADD', KEYS[place + 1], 'NX', since, member) end
    end
  else found[1] = found[1] + 1 end
  redis.call('ZREM', KEYS[1], member)
  if since then redis.call('ZREM', KEYS[2], member) end
end

-- A claim that lasts longer than any of ours was made by nobody of us.
local longest = 2 * (tonumber(ARGV[2]) - now)
local own = 1 + 3 * tonumber(ARGV[7])
local untold, unshown, claims = KEYS[own], KEYS[own + 1], KEYS[own + 2]
local function scores(key, members, from, to)
  if not is_set(key) then return {} end
  return redis.call('ZMSCORE', key, unpack(members, from, to))
end
local all, special, members, deadlines = due(untold), {}, {}, {}
for from = 1, #all, 1000 do
  local to = math.min(from + 999, #all)
  local open, never = scores(KEYS[3], all, from, to), scores(unshown, all, from, to)
  local claimed = scores(claims, all, from, to)
  for i = from, to do
    local n = i - from + 1
    local left = claimed[n] and tonumber(claimed[n]) - now or 0
    if left <= 0 or left > longest then
      if is_special(all[i]) then table.insert(special, all[i])
      else
        members[#members + 1] = all[i]
        deadlines[#members] = never[n] and open[n] and tonumber(open[n]) or false
      end
    end
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
if ARGV[6] ~= '' and waiting > tonumber(ARGV[6]) and not redis.call('ZSCORE', untold, 'burst') then
  table.insert(special, 'burst')
end

local function take(member)
  redis.call('ZADD', untold, ARGV[2], member)
  redis.call('ZADD', claims, ARGV[2], member)
  found[#found + 1] = member
end
local function take_ours(member)
  if is_ours(member) then take(member)
  else
    redis.call('ZREM', untold, member)
    found[1] = found[1] + 1
  end
end
local others = math.min(#rest, math.max(math.floor(most / 4), most - #urgent))
for _, member in ipairs(special) do take(member) end
for i = 1, math.min(#urgent, most - others) do take_ours(members[urgent[i]]) end
for i = 1, others do take_ours(members[rest[i]]) end
return found
