begin() envelope("<reject-at-header@example.com>") done(mt.header(conn, "Subject", "x"), "header") expect(SMFIR_REJECT, "header") mt.disconnect(conn)
