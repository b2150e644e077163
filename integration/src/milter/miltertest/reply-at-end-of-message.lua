begin() envelope("<reply-at-eom@example.com>") headers("none") done(mt.eoh(conn), "eoh") done(mt.bodystring(conn, "x"), "body") finish(SMFIR_REPLYCODE)
if not mt.eom_check(conn, MT_SMTPREPLY, "554", "5.7.1", "Command refused, 100%%") then error("the reply is another") end
mt.disconnect(conn)
