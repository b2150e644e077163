begin() envelope("<accept-at-eoh@example.com>") headers("none") done(mt.eoh(conn), "eoh") expect(SMFIR_ACCEPT, "eoh") mt.disconnect(conn)
