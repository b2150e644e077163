begin() message("quarantine") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_QUARANTINE, "odd") then error("the message was not put on hold") end
mt.disconnect(conn)
