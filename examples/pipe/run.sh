#!/usr/bin/env bash
# One run of the pair, for a terminal, cron or a systemd timer:
#
#   run.sh [FOLDER [OPTION OF target-optiply ...]]      such as: run.sh my-shop --dry-run
#
# FOLDER keeps all that belongs to one shop (without it: where this script lies):
#   tap.json, target.json   settings; may be absent, or leave the secrets out
#   .env                    settings as variables, also below these files; the environment comes before it
#   catalog.json            which streams are read; may be absent (tap-inventory --discover > catalog.json)
#   state.json              the tap's bookmarks      } written by the runs;
#   target-state.json       what the target knows    } keep both
#
# Exit code: 0 all is well; 1 the last line on stderr says what is not; 130 or 143 ended by a signal.
set -euo pipefail

cd "${1:-$(dirname "$0")}"

tap=(tap-inventory)
target=(target-optiply)
if [ -f tap.json ]; then tap+=(--config tap.json); fi
if [ -f target.json ]; then target+=(--config target.json); fi
tap+=(--config=ENV)
target+=(--config=ENV "${@:2}")
if [ -f catalog.json ]; then tap+=(--catalog catalog.json); fi
if [ -s state.json ]; then tap+=(--state state.json); fi

# stdout goes beside state.json, never into it: a redirection empties its file before anything has run.
states=$(mktemp state.json.XXXXXX)
trap 'rm -f "$states"' EXIT

# The pair is a process group of its own (set -m), so that a signal for this script reaches both, and only both.
set -m
"${tap[@]}" | "${target[@]}" > "$states" &
group=$(jobs -p %%)
trap 'kill -TERM -- "-$group" 2> /dev/null || true' TERM
trap 'kill -INT -- "-$group" 2> /dev/null || true' INT
code=0
wait %% || code=$?
while [ -n "$(jobs -r)" ]; do # a signal ends a wait early
  code=0
  wait %% || code=$?
done

# The target prints a STATE only once everything before it stands in Optiply, or is booked as rejected: so the last one is
# kept after a run that failed, too. A run that got nowhere prints none, and state.json stays as it was.
last=""
while IFS= read -r line; do last=$line; done < "$states" # read passes over a line without an end
if [ -n "$last" ]; then
  printf '%s\n' "$last" > "$states"
  mv "$states" state.json
fi
exit "$code"
