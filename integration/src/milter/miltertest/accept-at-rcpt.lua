begin() done(mt.mailfrom(conn, "<sender@example.com>"), "mailfrom") done(mt.rcptto(conn, "<accept-at-rcpt@example.com>"), "rcptto") expect(SMFIR_ACCEPT, "rcptto") mt.disconnect(conn)
