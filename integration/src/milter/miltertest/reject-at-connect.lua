begin() done(mt.conninfo(conn, "reject-at-connect", "127.0.0.1"), "conninfo") expect(SMFIR_REJECT, "conninfo") mt.disconnect(conn)
