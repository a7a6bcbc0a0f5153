#!/usr/bin/env bash
# A client with nothing but curl and jq, written from docs/protocol.md: it signs in, posts, listens and resumes.
# RILL_URL, RILL_LOGIN and RILL_PASSWORD say where and as whom; it prints the texts that it heard, in order.
set -euo pipefail
api=$RILL_URL/api/v1
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT

# Secrets go through pipes and files, so that the list of processes does not show them.
token=$(jq --null-input '{login: env.RILL_LOGIN, password: env.RILL_PASSWORD, session: "token"}' |
  curl --silent --fail --json @- "$api/sessions" | jq --raw-output .tokens.access_token)
printf 'Authorization: Bearer %s\n' "$token" >"$work/authorization"
curl=(curl --silent --fail --header "@$work/authorization")

read -r room seq < <("${curl[@]}" "$api/rooms" | jq --raw-output '.items[] | select(.name == "General") | "\(.id) \(.last_seq)"')

post() { # TEXT CLIENT_ID: the answer
  "${curl[@]}" --json "$(jq --null-input --arg text "$1" --arg id "$2" '{text: $text, client_id: $id}')" "$api/rooms/$room/messages"
}

listen() { # FILE CURL-ARGUMENTS: follows the stream into the file
  local file=$1
  shift
  "${curl[@]}" --no-buffer --header 'Accept: text/event-stream' "$@" >"$file" &
  listener=$!
}

await() { # FILE TEXT: waits until the stream has brought a message with this text
  for _ in $(seq 200); do
    if sed -n 's/^data: //p' "$1" | jq --exit-status --arg text "$2" \
      'select(.type == "entry" and .entry.body.text == $text)' >/dev/null 2>&1; then
      return
    fi
    sleep 0.1
  done
  echo "the stream did not bring: $2" >&2
  cat "$1" >&2
  exit 1
}

listen "$work/first" "$api/events?rooms=$room:$seq"
first=$(post 'one from curl' curl-1)
await "$work/first" 'one from curl'
kill "$listener"
wait "$listener" 2>/dev/null || true

post 'two from curl' curl-2 >/dev/null
cursor=$(sed -n 's/^id: *//p' "$work/first" | tail -1)
listen "$work/second" --header "Last-Event-ID: $cursor" "$api/events"
await "$work/second" 'two from curl'

# What was sent may be sent again: it stays one message.
again=$(post 'one from curl' curl-1)
test "$(jq .seq <<<"$again")" = "$(jq .seq <<<"$first")"
test "$(jq .repeated <<<"$again")" = true

cat "$work/first" "$work/second" | sed -n 's/^data: //p' |
  jq --raw-output 'select(.type == "entry" and .entry.body.kind == "message_posted") | .entry.body.text'
