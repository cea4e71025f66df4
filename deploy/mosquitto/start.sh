#!/bin/sh
# Gives the system's own processes the passwords of their files, leaves devices as they are, and becomes the broker.
set -eu
umask 077
cd /mosquitto/data/
touch passwords
for who in worker engineer; do
    mosquitto_passwd -b passwords "lifeline-$who" "$(cat "/run/secrets/mqtt-$who")"
done
[ -e acl ] || cat /mosquitto/config/acl > acl
exec mosquitto -c /mosquitto/config/mosquitto.conf
