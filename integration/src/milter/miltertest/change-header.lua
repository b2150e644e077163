begin() message("change") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_HDRCHANGE, "Subject", "changed") then error("no header was changed") end
mt.disconnect(conn)
