#!/bin/bash
# ca-tool's own time for a certificate, beside ssh-keygen's with the same key, in one run; and a thousand keys in one
# call beside a thousand runs of ssh-keygen. Ratios hold; the times are this machine's.
#   tests/ca-bench.sh [CA-TOOL]     default: target/release/ca-tool
set -euo pipefail
export LC_ALL=C
tool=$(realpath "${1:-$(dirname "$0")/../target/release/ca-tool}")
runs=${RUNS:-200}
keys=${KEYS:-1000}

# On a disk rather than in memory: that each row of the journal is synced is part of what it costs.
room=$(mktemp -d "${BENCH_FOLDER:-/var/tmp}/ca-bench.XXXXXX")
memory=$(mktemp -d /dev/shm/ca-bench.XXXXXX)
eval "$(ssh-agent -s)" >/dev/null
trap 'kill "$SSH_AGENT_PID"; rm -rf "$room" "$memory"' EXIT
cd "$room"
ssh-keygen -q -t ed25519 -N '' -C ca -f ca
ssh-keygen -q -t ed25519 -N '' -C id -f id
ssh-add -q ca

now() { date +%s%N; }

theirs_file() { ssh-keygen -q -s ca -I id -n alice -V +1h -z 1 id.pub; }
ours_file() { "$tool" sign -s ca -I id -n alice -V +1h --journal "$room/journal.db" id.pub 2>/dev/null; }
memory_file() { "$tool" sign -s ca -I id -n alice -V +1h --journal "$memory/journal.db" id.pub 2>/dev/null; }
theirs_agent() { ssh-keygen -q -Us ca.pub -I id -n alice -V +1h -z 1 id.pub 2>/dev/null; }
ours_agent() { "$tool" sign -s agent:ca.pub -I id -n alice -V +1h --journal "$room/journal.db" id.pub 2>/dev/null; }
memory_agent() { "$tool" sign -s agent:ca.pub -I id -n alice -V +1h --journal "$memory/journal.db" id.pub 2>/dev/null; }

# Median of the runs of several commands that take turns, in microseconds.
take_turns() {
  local name at from
  for name; do : >"$room/$name.times"; "$name"; done
  for ((at = 0; at < runs; at++)); do
    for name; do
      from=$(now)
      "$name"
      echo $((($(now) - from) / 1000)) >>"$room/$name.times"
    done
  done
}
median() { sort -n "$room/$1.times" | sed -n "$((runs / 2 + 1))p"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

for key in file agent; do
  take_turns "theirs_$key" "ours_$key" "memory_$key"
  theirs=$(median "theirs_$key") ours=$(median "ours_$key") memory=$(median "memory_$key")
  echo "one certificate, CA in a $key: ssh-keygen $theirs us, ca-tool $ours us (x $(ratio "$ours" "$theirs")), journal in memory $memory us (x $(ratio "$memory" "$theirs"))"
done

many=()
for ((at = 0; at < keys; at++)); do
  many+=("k$at.pub")
  cp id.pub "k$at.pub"
done
for key in file agent; do
  ca=ca sign=(-s ca)
  if [ $key = agent ]; then ca=agent:ca.pub sign=(-Us ca.pub); fi
  from=$(now)
  "$tool" sign -s $ca -I id -n alice -V +1h --journal "$room/many.db" "${many[@]}" 2>/dev/null
  ours=$((($(now) - from) / 1000))
  from=$(now)
  for ((at = 0; at < keys; at++)); do ssh-keygen -q "${sign[@]}" -I id -n alice -V +1h -z $at "k$at.pub" 2>/dev/null; done
  theirs=$((($(now) - from) / 1000))
  from=$(now)
  ssh-keygen -q "${sign[@]}" -I id -n alice -V +1h -z +1 "${many[@]}" 2>/dev/null
  once=$((($(now) - from) / 1000))
  echo "$keys keys, CA in a $key: ca-tool once $ours us, ssh-keygen $keys times $theirs us (x $(ratio "$theirs" "$ours") of ca-tool's), ssh-keygen once $once us (x $(ratio "$ours" "$once") is ca-tool's)"
done
