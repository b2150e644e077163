begin() message("none") mt.disconnect(conn, false)
