#!/bin/sh
# A new cluster at every start, which nobody needs after a crash of the machine: nothing waits for the disk. The path
# holds the version's number: /usr/lib/postgresql/17/bin
set -e
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
data=/var/lib/postgresql/test
initdb --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
echo 'host all all all trust' >>"$data/pg_hba.conf"
exec postgres -D "$data" -c listen_addresses='*' -c max_connections=200 \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off
