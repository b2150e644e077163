begin() message("none") finish(SMFIR_CONTINUE) mt.disconnect(conn)
