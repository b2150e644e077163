begin() done(mt.conninfo(conn, "localhost", "127.0.0.1"), "conninfo") done(mt.helo(conn, "tempfail-at-helo"), "helo") expect(SMFIR_TEMPFAIL, "helo") mt.disconnect(conn)
