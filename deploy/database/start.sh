#!/bin/sh
# Before the image's own start: PostgreSQL takes a private key only from a file that nobody else may read.
set -eu
secrets=${SECRETS:-/run/secrets}
key=${KEY:-/var/run/postgresql/server.key}
umask 077
cat "$secrets/database.key" > "$key"
exec "$@" -c ssl=on -c ssl_min_protocol_version=TLSv1.2 \
    -c ssl_cert_file="$secrets/database.crt" -c ssl_key_file="$key" -c hba_file="${HBA:-/etc/lifeline/pg_hba.conf}"
