begin() envelope("<reject-at-body@example.com>") headers("none") done(mt.eoh(conn), "eoh") done(mt.bodystring(conn, "x"), "body") expect(SMFIR_REJECT, "body") mt.disconnect(conn)
