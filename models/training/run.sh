#!/bin/sh
# From nothing to a package in models/embedded/: data, eye, joints, sight, calibration, evaluation, export.
# Needs a build (npm run build), python3 with torch, onnx and numpy, and OpenBLAS: see README.md.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-/usr/bin/python3}
joint_iterations=${JOINT_ITERATIONS:-15000}
joint_polish=${JOINT_POLISH:-4500}
eye_iterations=${EYE_ITERATIONS:-6500}
finder_iterations=${FINDER_ITERATIONS:-4000}
sight_iterations=${SIGHT_ITERATIONS:-3800}
# One thread per process: two stages side by side are faster than one stage on two threads.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive PYTHONUNBUFFERED=1
mkdir -p work

[ "${SKIP_DATA:-}" ] || node ../../dist/models/training/generate-data.js work ../../devices/profiles/phone-mount-4dof.json

{
  "$python" train_joints.py --seed 2 --iterations "$joint_iterations" > work/joints2.log
  # Then with more of what is hard: servos at their torque limit.
  "$python" train_joints.py --start joints2 --strained 0.35 --huber 12 --rate 2e-3 --seed 3 --iterations "$joint_polish" \
    --out joints3 > work/joints3.log
  "$python" average_joints.py joints joints2 joints3
} &
joints=$!
"$python" train_vision.py --iterations "$eye_iterations" > work/eye.log
"$python" train_decoder.py > work/decoder.log &
decoder=$!
"$python" train_finder.py --iterations "$finder_iterations" > work/finder.log
"$python" train_sight.py --seed 1 --iterations "$sight_iterations" > work/sight1.log &
sight=$!
wait "$joints" "$decoder" "$sight"

"$python" calibrate.py --joints joints --sight sight1
"$python" evaluate.py
"$python" counterfactual.py
"$python" export.py
