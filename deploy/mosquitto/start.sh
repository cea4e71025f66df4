#!/bin/sh
# Gives workers and engineers the passwords that the environment says, leaves all others as they are, and becomes the
# broker.
set -eu
passwords=/mosquitto/data/passwords
umask 077
touch "$passwords"
mosquitto_passwd -b "$passwords" lifeline-worker "$LIFELINE_MQTT_PASSWORD"
mosquitto_passwd -b "$passwords" lifeline-engineer "$ENGINEER_MQTT_PASSWORD"
exec mosquitto -c /mosquitto/config/mosquitto.conf
