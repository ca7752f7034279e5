-- Set aside what stands where a list of ours should be; lists hold no facts, and fill again.
-- KEYS: open, untold, bell, done, unshown, and every place's
-- ARGV: 1 milliseconds that an entry of the bell may be ahead of now
local aside = {}
local function away(key)
  redis.call('RENAME', key, key .. ':aside')
  table.insert(aside, key)
end
for i = 1, #KEYS do
  local wanted, found = i == 3 and 'stream' or 'zset', redis.call('TYPE', KEYS[i])['ok']
  if found ~= wanted and found ~= 'none' then away(KEYS[i]) end
end
-- After an entry from the far future no other can be added.
if redis.call('TYPE', KEYS[3])['ok'] == 'stream' then
  local time, facts = redis.call('TIME'), redis.call('XINFO', 'STREAM', KEYS[3])
  for i = 1, #facts, 2 do
    local last = facts[i] == 'last-generated-id' and string.match(facts[i + 1], '^%d+')
    if last and tonumber(last) > time[1] * 1000 + ARGV[1] then away(KEYS[3]) end
  end
end
return aside
