-- What every script begins with.
socket = "unix:/milter/filter.sock"

function begin()
  conn = mt.connect(socket, 10, 0.1)
  if conn == nil then error("mt.connect() failed") end
end

function expect(reply, what)
  local got = mt.getreply(conn)
  if got ~= reply then error(what .. ": reply " .. string.format("%c", got) .. " instead of " .. string.format("%c", reply)) end
end

function done(result, what)
  if result ~= nil then error(what .. " failed") end
end

function envelope(sender)
  done(mt.conninfo(conn, "localhost", "127.0.0.1"), "conninfo")
  done(mt.helo(conn, "client.example.com"), "helo")
  done(mt.mailfrom(conn, sender), "mailfrom")
  expect(SMFIR_CONTINUE, "mailfrom")
  done(mt.rcptto(conn, "<recipient@example.com>"), "rcptto")
  expect(SMFIR_CONTINUE, "rcptto")
end

function headers(task)
  done(mt.header(conn, "From", "sender@example.com"), "header")
  done(mt.header(conn, "Subject", "a test"), "header")
  done(mt.header(conn, "X-Task", task), "header")
end

function message(task)
  envelope("<sender@example.com>")
  headers(task)
  done(mt.eoh(conn), "eoh")
  expect(SMFIR_CONTINUE, "eoh")
  done(mt.bodystring(conn, "Hello.\r\n"), "body")
end

function finish(reply)
  done(mt.eom(conn), "eom")
  expect(reply, "eom")
end
