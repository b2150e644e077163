begin() message("skip") expect(SMFIR_SKIP, "body") finish(SMFIR_CONTINUE) mt.disconnect(conn)
