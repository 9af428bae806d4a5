#!/bin/sh
# Makes /data ready at the first start, then runs the daemon, and the page beside it once there is a token.
set -eu
data=${DATA:-/data}
mkdir -p "$data/inbox"
if [ ! -e "$data/config.yaml" ]; then
    cp "${SETTINGS:-/etc/ingestd}/config.yaml" "$data/config.yaml"
fi
if [ ! -e "$data/rules" ]; then
    ingestd init "$data" >/dev/null # copies the rules; the configuration is there already
fi
if [ -e "$data/web-tokens.json" ]; then
    exec ingestd run --page -c "$data/config.yaml"
fi
echo "no page yet: make a token (ingestd web token add NAME --role admin -c $data/config.yaml), then restart" >&2
exec ingestd run -c "$data/config.yaml"
