#!lua name=rill_VERSION
-- What must happen in one step, on the keys of one partition. Redis 7 or Valkey 7.2; see functions.rs for who calls it.
-- Names carry a digest of this text, so that nodes of two versions can share a server.

local RECENT_MAX = 256
local RECENT_SECONDS = 6 * 3600

-- Takes in drafts and answers their id, unless too much is unfinished. Finished entries are deleted, so the length is
-- what is unfinished.
-- KEYS: ingress. ARGV: most entries, node, batch, drafts.
local function ingest(keys, args)
  if redis.call('XLEN', keys[1]) >= tonumber(args[1]) then
    return ''
  end
  return redis.call('XADD', keys[1], '*', 'node', args[2], 'batch', args[3], 'drafts', args[4])
end

-- Appends a committed entry to the recents of its room, which stay a contiguous suffix of the log: what is known is
-- skipped, and after a gap, or where older entries have lost their words by this one, they start anew with it.
-- `tops` are the newest numbers of the logs, as far as they are known.
local function keep(tops, log, seq, forgets, entry)
  if not tops[log] then
    local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    tops[log] = newest and tonumber(string.match(newest[1], '^%d+')) or 0
  end
  local top = tops[log] > 0 and tops[log]
  local number = tonumber(seq)
  if top and number <= top then
    return
  end
  if top and (forgets == '1' or number > top + 1) then
    redis.call('DEL', log)
  end
  redis.call('XADD', log, 'MAXLEN', '~', RECENT_MAX, seq .. '-0', 'entry', entry)
  tops[log] = number
end

-- After a commit: recents, the hint to all nodes, and the drafts are done with.
-- KEYS: ingress. ARGV: channel, group, opening of the hint, count of ids, ids, then log key, seq, forgets, entry.
local function finish(keys, args)
  local ids = tonumber(args[4])
  local told, tops = {}, {}
  for at = 5 + ids, #args, 4 do
    -- What is finished is deleted even where there is no memory to keep more.
    pcall(keep, tops, args[at], args[at + 1], args[at + 2], args[at + 3])
    told[#told + 1] = args[at + 3]
  end
  for log in pairs(tops) do
    redis.call('EXPIRE', log, RECENT_SECONDS)
  end
  redis.call('SPUBLISH', args[1], args[3] .. table.concat(told, ',') .. ']}')
  for at = 5, 4 + ids do
    redis.call('XACK', keys[1], args[2], args[at])
    redis.call('XDEL', keys[1], args[at])
  end
  return 1
end

-- Fills recents that are not there. KEYS: log. ARGV: seq, entry, and so on, oldest first.
local function restore(keys, args)
  if redis.call('EXISTS', keys[1]) == 1 then
    return 0
  end
  for at = 1, #args, 2 do
    redis.call('XADD', keys[1], args[at] .. '-0', 'entry', args[at + 1])
  end
  redis.call('EXPIRE', keys[1], RECENT_SECONDS)
  return 1
end

-- Takes or renews a lease. KEYS: lease. ARGV: node, milliseconds.
local function lease(keys, args)
  local holder = redis.call('GET', keys[1])
  if holder and holder ~= args[1] then
    return 0
  end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return 1
end

-- Gives a lease back, if it is still one's own. KEYS: lease. ARGV: node.
local function unlease(keys, args)
  if redis.call('GET', keys[1]) == args[1] then
    redis.call('DEL', keys[1])
  end
  return 1
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- How many nodes are there, this one among them. KEYS: nodes. ARGV: node, milliseconds; 0 is a farewell.
local function nodes(keys, args)
  local now = now_ms()
  if args[2] == '0' then
    redis.call('ZREM', keys[1], args[1])
  else
    redis.call('ZADD', keys[1], string.format('%d', now + tonumber(args[2])), args[1])
  end
  redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', string.format('%d', now))
  return redis.call('ZCARD', keys[1])
end

-- The most present of what the nodes say of a user: 2 online, 1 away, 0 not here.
local function together(user)
  local most = 0
  for _, says in ipairs(redis.call('HVALS', user)) do
    most = math.max(most, tonumber(says))
  end
  return most
end

-- What this node's connections say of users; kept until it says so again. Answers what all nodes said before and say
-- now, in turn. KEYS: here. ARGV: opening of the users' keys, node, milliseconds, then user, says, and so on.
local function present(keys, args)
  local answers = {}
  local now = now_ms()
  for at = 4, #args, 2 do
    local user = args[1] .. args[at]
    local line = args[2] .. ' ' .. args[at]
    answers[#answers + 1] = together(user)
    if args[at + 1] == '0' then
      redis.call('HDEL', user, args[2])
      redis.call('ZREM', keys[1], line)
    else
      redis.call('HSET', user, args[2], args[at + 1])
      redis.call('ZADD', keys[1], string.format('%d', now + tonumber(args[3])), line)
      redis.call('PEXPIRE', user, 4 * tonumber(args[3]))
    end
    answers[#answers + 1] = together(user)
  end
  return answers
end

-- Ends what was not said again in time; answers the users whose presence changed by that. KEYS: here.
-- ARGV: opening of the users' keys, most lines.
local function lapse(keys, args)
  local changed = {}
  local lines = redis.call('ZRANGEBYSCORE', keys[1], '-inf', string.format('%d', now_ms()), 'LIMIT', 0, args[2])
  for _, line in ipairs(lines) do
    local node, id = string.match(line, '^(%S+) (%S+)$')
    local user = args[1] .. id
    local before = together(user)
    redis.call('HDEL', user, node)
    redis.call('ZREM', keys[1], line)
    -- Where its key ended first, nobody was told yet.
    if before == 0 or together(user) ~= before then
      changed[#changed + 1] = id
    end
  end
  return changed
end

-- What all nodes say of users. KEYS: here. ARGV: opening of the users' keys, then users.
local function statuses(keys, args)
  local answers = {}
  for at = 2, #args do
    answers[#answers + 1] = together(args[1] .. args[at])
  end
  return answers
end

-- Counts what a node has admitted and answers how many microseconds there are until one more fits in (GCRA: what is
-- kept is the time at which everything that was counted would be paid for).
-- KEYS: rate. ARGV: name, microseconds for one, burst, how many were admitted, and so on.
local function count(keys, args)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local answers = {}
  for at = 1, #args, 4 do
    local name = keys[1] .. ':' .. args[at]
    local every, burst = tonumber(args[at + 1]), tonumber(args[at + 2])
    local paid = math.max(tonumber(redis.call('GET', name) or '0'), now) + every * tonumber(args[at + 3])
    redis.call('SET', name, string.format('%.0f', paid), 'PX', string.format('%.0f', (paid - now) / 1000 + 1))
    answers[#answers + 1] = math.max(0, math.ceil(paid - now - every * (burst - 1)))
  end
  return answers
end

local function register(name, callback, flags)
  redis.register_function{function_name = 'rill_' .. name .. '_VERSION', callback = callback, flags = flags}
end

-- Those that free memory, or take next to none, go on where Redis has none left.
register('ingest', ingest, {})
register('finish', finish, {'allow-oom'})
register('restore', restore, {})
register('lease', lease, {'allow-oom'})
register('unlease', unlease, {'allow-oom'})
register('nodes', nodes, {'allow-oom'})
register('present', present, {})
register('lapse', lapse, {'allow-oom'})
register('statuses', statuses, {})
register('count', count, {})
