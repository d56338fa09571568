#!/usr/bin/env bash
# Counts the instructions of one call in each benchmark. callgrind counts the
# same whatever else the machine does; the difference of a long and a short run
# leaves the start of the program out. Needs valgrind and python3.
#
#   internal/bench/instructions.sh [benchmark regexp]
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -o "$work/bench" .

count() { # benchmark, calls
	# One processor and no preemption by signals, which callgrind cannot take;
	# no collection of garbage, whose moment is not the call's.
	GOMAXPROCS=1 GOGC=off GODEBUG=asyncpreemptoff=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$work/bench" -test.run '^$' -test.bench "$1" -test.benchtime "$2x" 2>&1 |
		sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

"$work/bench" -test.run '^$' -test.bench "${1:-.}" -test.benchtime 1x |
	sed -n 's/^BenchmarkRefund\/\([^ \t]*\).*/\1/p' | sed 's/-[0-9]*$//' >"$work/names"
while read -r name; do
	pattern="^BenchmarkRefund\$/^${name//\//\$/^}\$"
	short=$(count "$pattern" 500)
	long=$(count "$pattern" 2500)
	printf '%s %d\n' "$name" $(((long - short) / 2000))
done <"$work/names" | tee "$work/counts"
python3 - "$work/counts" <<'PY'
import sys
counts = dict(line.split() for line in open(sys.argv[1]))
print()
for name, n in counts.items():
    if name.endswith("/library"):
        base = name.removesuffix("library")
        print(f"{base[:-1]}: library / by hand = {int(n) / int(counts[base + 'by-hand']):.2f}")
PY
