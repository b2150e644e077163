begin() done(mt.mailfrom(conn, "<discard-at-mail@example.com>"), "mailfrom") expect(SMFIR_DISCARD, "mailfrom") mt.disconnect(conn)
