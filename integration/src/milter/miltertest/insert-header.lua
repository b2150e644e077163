begin() message("insert") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_HDRINSERT, "X-Inserted", "yes") then error("no header was inserted") end
mt.disconnect(conn)
