begin() message("body") finish(SMFIR_CONTINUE)
if not mt.eom_check(conn, MT_BODYCHANGE, "a new body\r\n") then error("the body was not replaced") end
mt.disconnect(conn)
