begin() done(mt.conninfo(conn, "localhost", "127.0.0.1"), "conninfo") done(mt.unknown(conn, "XYZZY"), "unknown") expect(SMFIR_REJECT, "unknown") mt.disconnect(conn)
