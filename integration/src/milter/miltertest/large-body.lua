begin() message("none") done(mt.bodyrandom(conn, 300000), "body") finish(SMFIR_CONTINUE) mt.disconnect(conn)
