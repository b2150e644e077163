begin() message("rcpt") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_RCPTADD, "<added@example.com>") then error("no recipient was added") end
if not mt.eom_check(conn, MT_RCPTDELETE, "<recipient@example.com>") then error("no recipient was deleted") end
mt.disconnect(conn)
