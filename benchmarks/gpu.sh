#!/bin/sh
# What a GPU is worth to nasflow, in at most 8 minutes on one; without CUDA the same, smaller. Each part has its
# own time and adds to one JSON, name -> value, unit, baseline: $OUT/gpu.json, or benchmarks/results/gpu.json.
# A machine without a registry, whose python3 has torch: put the wheels that it lacks (pydantic, pydantic-core and
# annotated-types, it may be) into a folder and name it in $WHEELS.
cd "$(dirname "$0")/.." || exit 1
output=${OUT:-benchmarks/results}/gpu.json
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}"

if [ -n "$WHEELS" ]; then
    python3 -m pip install --quiet --no-index --no-deps --upgrade --target /tmp/nasflow-wheels "$WHEELS"/*.whl
    PYTHONPATH=$PYTHONPATH:/tmp/nasflow-wheels
fi

# The first Python that has all: one that is named, the project's own, the machine's; else the project's is made.
for python in ${PYTHON:-} .venv/bin/python python3; do
    "$python" -c 'import benchmarks.gpu' 2>/dev/null && break
    python=
done
if [ -z "$python" ]; then
    make .venv/bin/nasflow || exit 1
    python=.venv/bin/python
fi

mkdir -p "$(dirname "$output")"
rm -f "$output"
failed=
# Seconds of each part: 480 in all.
for part in steps:170 lanes:190 search:120; do
    timeout --kill-after=5 "${part#*:}" "$python" -m benchmarks.gpu "${part%:*}" --output "$output"
    code=$?
    [ $code -eq 0 ] && continue
    [ $code -eq 124 ] && why="its ${part#*:} seconds are over" || why="exit code $code"
    echo "gpu.sh: the part ${part%:*} failed ($why); its figures are those above" >&2
    failed="$failed ${part%:*}"
done
echo "gpu.sh: $output${failed:+; not whole:$failed}"
[ -z "$failed" ]
