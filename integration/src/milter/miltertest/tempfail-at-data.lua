begin() envelope("<tempfail-at-data@example.com>") done(mt.data(conn), "data") expect(SMFIR_TEMPFAIL, "data") mt.disconnect(conn)
