#!/usr/bin/env bash
# A client that talks in General beside others, of curl alone: beside.sh NAME.
# It says each line that it reads, by `POST /chat`, and prints `ready` and each text that the stream tells it.
set -euo pipefail
who=$1

hear() {
  while IFS= read -r line; do
    case $line in
      data:*'"connected"'*) echo ready ;;
      data:*) jq -r .data.content <<<"${line#data: }" ;;
    esac
  done
}

curl -sN "$RILL_URL/stream" > >(hear) &
stream=$!
trap 'kill "$stream"' EXIT

while IFS= read -r line; do
  curl -sf "$RILL_URL/chat" -H 'Content-Type: text/plain' -d "$RILL_ROOM:$who:$line" >/dev/null
done
