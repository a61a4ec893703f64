#!/bin/sh
# From nothing to a package in models/embedded/: data, two seeds at once, calibration, evaluation, export.
# Needs a build (npm run build), python3 with torch, onnx and numpy, and OpenBLAS: see README.md.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-/usr/bin/python3}
iterations=${ITERATIONS:-9000}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
mkdir -p work

[ "${SKIP_DATA:-}" ] || node ../../dist/models/training/generate-data.js work ../../devices/profiles/phone-mount-4dof.json

"$python" train.py --seed 1 --iterations "$iterations" > work/seed1.log &
first=$!
"$python" train.py --seed 2 --iterations "$iterations" > work/seed2.log
wait "$first"

"$python" calibrate.py seed1 seed2
"$python" evaluate.py
"$python" export.py
