-- Dovecot 2.4 asks Postern's HTTP door: passdb lua and userdb lua, by HTTP on a unix socket.
-- Values travel in hex, so that nothing a user types can mean anything on the way.

local socket_path = "/run/postern/dovecot-http.sock"
local client

local function to_hex(text)
  return (tostring(text or ""):gsub(".", function(c) return string.format("%02x", string.byte(c)) end))
end

local function from_hex(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

function script_init(settings)
  if settings and settings["socket"] then socket_path = settings["socket"] end
  return 0
end

-- Returns the body of the answer, or nil and what went wrong. Our own failures must never look like an answer.
local function ask(question, fields)
  client = client or dovecot.http.client({
    proxy_socket_path = socket_path,
    request_timeout = "10s",
    request_absolute_timeout = "15s",
    request_max_attempts = "1",
    auto_retry = "no",
    max_idle_time = "60s",
  })
  local body = ""
  for name, value in pairs(fields) do body = body .. name .. "=" .. to_hex(value) .. "\n" end
  local request = client:request({ url = "http://postern/" .. question, method = "POST" })
  request:add_header("Content-Type", "text/plain")
  request:set_payload(body)
  local response = request:submit()
  if response:status() ~= 200 then return nil, "the account service answered " .. response:status() end
  return response:payload()
end

local function verdict_of(answer)
  local verdict, fields = answer:match("^(%l+)\n"), {}
  for name, hex in answer:gmatch("\n([%w_]+)=(%x*)") do fields[name] = from_hex(hex) end
  return verdict, fields
end

function auth_password_verify(request, password)
  local answer, failure = ask("login", {
    user = request.user, password = password, service = request.protocol, address = request.remote_ip,
  })
  if not answer then return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, failure end
  local verdict, fields = verdict_of(answer)
  if verdict == "accepted" then
    local userdb = {}
    for name, value in pairs(fields) do userdb["userdb_" .. name] = value end
    return dovecot.auth.PASSDB_RESULT_OK, userdb
  end
  if (verdict == "refused" or verdict == "disabled") and fields.reason then
    -- Dovecot drops what a failed passdb said, the reason with it. "noauthenticate" makes this one neither fail nor
    -- succeed: the reason is kept, and the next passdb, which refuses everybody, fails the login.
    return dovecot.auth.PASSDB_RESULT_OK, { noauthenticate = "y", reason = fields.reason }
  end
  if verdict == "refused" then return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "refused" end
  if verdict == "disabled" then return dovecot.auth.PASSDB_RESULT_USER_DISABLED, "disabled" end
  return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "the account service answered nonsense"
end

-- A lookup without a password (doveadm auth lookup, proxying): it proves nothing, so it gives no usable password.
function auth_passdb_lookup(request)
  local answer, failure = ask("lookup", { user = request.user })
  if not answer then return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, failure end
  local verdict = verdict_of(answer)
  if verdict == "found" then return dovecot.auth.PASSDB_RESULT_OK, { password = "{CRYPT}*" } end
  if verdict == "unknown" then return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "unknown" end
  return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "the account service answered nonsense"
end

function auth_userdb_lookup(request)
  local answer, failure = ask("lookup", { user = request.user })
  if not answer then return dovecot.auth.USERDB_RESULT_INTERNAL_FAILURE, failure end
  local verdict, fields = verdict_of(answer)
  if verdict == "found" then return dovecot.auth.USERDB_RESULT_OK, fields end
  if verdict == "unknown" then return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, "unknown" end
  return dovecot.auth.USERDB_RESULT_INTERNAL_FAILURE, "the account service answered nonsense"
end

function auth_userdb_iterate()
  local answer, failure = ask("users", {})
  if not answer then error(failure) end
  local users = {}
  for user in answer:gmatch("([^\n]+)\n") do users[#users + 1] = user end
  return users
end
