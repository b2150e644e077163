begin() message("delete") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_HDRDELETE, "Subject") then error("no header was deleted") end
mt.disconnect(conn)
