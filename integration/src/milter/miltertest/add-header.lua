begin() message("add") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_HDRADD, "X-Added", "yes") then error("no header was added") end
mt.disconnect(conn)
