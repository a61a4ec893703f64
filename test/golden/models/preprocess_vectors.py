"""Prints the vectors of preprocess.jsonl: small pictures of noise and the tensors training makes of them.

    /usr/bin/python3 -B test/golden/models/preprocess_vectors.py > test/golden/models/preprocess.jsonl
"""

import base64
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "models" / "training"))
from preprocess import ENCODINGS, preprocess, to_rgb  # noqa: E402


def noise(seed, length):
    """Top bytes of a linear congruential generator (Numerical Recipes' constants)."""
    out, state = bytearray(length), seed
    for i in range(length):
        state = (1664525 * state + 1013904223) % 2**32
        out[i] = state >> 24
    return bytes(out)


def row_bytes(encoding, width):
    per_pixel = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4}
    if encoding in per_pixel:
        return per_pixel[encoding] * width
    if encoding in ("nv12", "nv21"):
        return 2 * ((width + 1) // 2)
    return 4 * ((width + 1) // 2) if encoding in ("yuyv", "uyvy") else width


def case(name, stream, width=23, height=17, encoding="rgb8", padding=0, yuv_range=None, camera=None):
    stride = row_bytes(encoding, width) + padding
    rows = height + (height + 1) // 2 if encoding in ("nv12", "nv21") else height
    seed = sum(name.encode()) * 7919
    rgb = to_rgb(noise(seed, rows * stride), encoding, width, height, stride, yuv_range or "limited")
    tensor = preprocess(rgb, stream, camera)
    picture = {"encoding": encoding, "widthPx": width, "heightPx": height, "strideBytes": stride}
    picture |= {"bytes": rows * stride, "seed": seed}
    picture |= {} if yuv_range is None else {"yuvRange": yuv_range}
    made = {"shape": list(tensor.shape), "bytes": base64.b64encode(tensor.tobytes()).decode()}
    camera = {} if camera is None else {"camera": camera}
    return {"name": name, "picture": picture, "stream": stream} | camera | made


def cases():
    raw = {"size": [8, 6], "resize": "stretch", "dtype": "uint8", "layout": "HWC"}
    for encoding in ENCODINGS:
        yield case(f"{encoding}", raw, encoding=encoding)
        yield case(f"{encoding}, even, padded rows", raw, 24, 18, encoding, padding=5)
        if encoding in ("nv12", "nv21", "yuyv", "uyvy"):
            yield case(f"{encoding}, full range", raw, 24, 18, encoding, yuv_range="full")
    for resampler in ("bilinear", "area"):
        for resize in ("stretch", "letterbox", "crop"):
            for width, height in ((23, 17), (9, 31), (40, 6), (8, 6), (3, 2), (1, 1)):
                stream = raw | {"resampler": resampler, "resize": resize, "pad": [114, 3, 250]}
                yield case(f"{resampler} {resize} {width}x{height}", stream, width, height)
        same = raw | {"resampler": resampler, "resize": "intrinsics", "pad": [9, 8, 7]}
        same |= {"intrinsics": {"fx": 7.0, "fy": 7.25, "cx": 4.0, "cy": 3.0}, "min_coverage": 0.3}
        wide = {"fx": 15.5, "fy": 15.75, "cx": 11.25, "cy": 8.5}
        yield case(f"{resampler} intrinsics, the camera sees more", same, camera=wide)
        narrow = {"fx": 29.5, "fy": 29.5, "cx": 11.75, "cy": 8.25}
        yield case(f"{resampler} intrinsics, the camera sees less", same, camera=narrow)
    small = {"size": [5, 4], "resize": "stretch"}
    imagenet = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    yield case("float32 as it comes", small)
    yield case("float32 -1..1", small | {"range": [-1, 1], "layout": "HWC"})
    yield case("float32 mean and std", small | imagenet)
    yield case("float32 bgr mean and std", small | imagenet | {"color": "bgr"})
    yield case("float16 mean and std", small | imagenet | {"dtype": "float16"})
    yield case("float16 tiny numbers", small | {"range": [-1e-5, 6e-5], "dtype": "float16"})
    yield case("float16 bgr HWC", small | {"color": "bgr", "layout": "HWC", "dtype": "float16"})
    yield case("gray float32", small | {"color": "gray", "mean": [0.5], "std": [0.25]})
    yield case("gray uint8 HWC", small | {"color": "gray", "dtype": "uint8", "layout": "HWC"})
    yield case("one mean for all", small | {"mean": [0.5], "std": [0.5]})


for made in cases():
    print(json.dumps(made))
