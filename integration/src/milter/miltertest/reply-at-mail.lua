begin() done(mt.mailfrom(conn, "<reply-at-mail@example.com>"), "mailfrom") expect(SMFIR_REPLYCODE, "mailfrom") mt.disconnect(conn)
