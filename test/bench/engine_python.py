"""The Python reference of engine.bench.ts: onnxruntime's IoBinding over one graph, in a loop.

engine_python.py MODEL INPUTS OUTPUTS RUNS   (shapes as JSON) prints the version, the shortest and the median
time of a run in microseconds over 200 samples of RUNS runs. Exit code 3: no onnxruntime here.
"""

import json
import sys
import time

try:
    import numpy
    import onnxruntime
except ImportError:
    sys.exit(3)

model, inputs, outputs, runs = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
binding = session.io_binding()
values = []
for shapes, bind in ((inputs, binding.bind_ortvalue_input), (outputs, binding.bind_ortvalue_output)):
    for name, shape in shapes.items():
        values.append(onnxruntime.OrtValue.ortvalue_from_numpy(numpy.full(shape, 0.1, numpy.float32)))
        bind(name, values[-1])
samples = []
for _ in range(200):
    start = time.perf_counter()
    for _ in range(runs):
        session.run_with_iobinding(binding)
    samples.append((time.perf_counter() - start) / runs * 1e6)
samples.sort()
print(onnxruntime.__version__, f"{samples[0]:.2f}", f"{samples[len(samples) // 2]:.2f}")
