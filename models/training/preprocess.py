"""A camera picture as a stream's tensor, as the host makes it at run time, bit for bit.

Training uses `preprocess`, so that what the model learns from is what it will see. The host's side is
models/inference/image; the formulas are the same whole-numbered ones, written a second time. A test
compares both on the vectors of test/golden/models/preprocess.jsonl, which `preprocess_vectors.py` prints.

The picture is an array of bytes in one of `ENCODINGS`; it becomes rgb8, then is laid over the tensor
and resampled in 8 bits, then becomes numbers. The window's positions are in 1/256 px.
"""

import numpy as np

ENCODINGS = (
    "rgb8", "bgr8", "rgba8", "bgra8", "mono8", "nv12", "nv21", "yuyv", "uyvy",
    "bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8",
)


def rounded_ratio(a, b):
    """a / b to the nearest whole number, halves up."""
    return (2 * a + b) // (2 * b)


# --- pixels ---


def to_rgb(data, encoding, width, height, stride, yuv_range="limited"):
    """uint8 [height, width, 3] of raw bytes; `stride` bytes from one row to the next."""
    rows = height + (height + 1) // 2 if encoding in ("nv12", "nv21") else height
    padded = np.zeros(rows * stride, np.uint8)
    padded[: len(data)] = np.frombuffer(bytes(data), np.uint8)[: rows * stride]
    plane = padded.reshape(rows, stride)
    if encoding in ("rgb8", "bgr8", "rgba8", "bgra8"):
        step = 4 if "a" in encoding else 3
        pixels = plane[:, : width * step].reshape(height, width, step)
        order = [0, 1, 2] if encoding.startswith("rgb") else [2, 1, 0]
        return np.ascontiguousarray(pixels[:, :, order])
    if encoding == "mono8":
        return np.repeat(plane[:, :width, None], 3, axis=2)
    if encoding in ("nv12", "nv21"):
        pairs = plane[height:].reshape(-1)
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        at = (y // 2) * stride + (x // 2) * 2
        u, v = (0, 1) if encoding == "nv12" else (1, 0)
        return yuv_to_rgb(plane[:height, :width], pairs[at + u], pairs[at + v], yuv_range)
    if encoding in ("yuyv", "uyvy"):
        luma, u, v = (0, 1, 3) if encoding == "yuyv" else (1, 0, 2)
        x = np.arange(width)
        pair = (x // 2) * 4
        return yuv_to_rgb(
            plane[:, pair + luma + (x % 2) * 2], plane[:, pair + u], plane[:, pair + v], yuv_range
        )
    return demosaic(plane[:, :width], encoding)


def yuv_to_rgb(luma, cb, cr, yuv_range):
    """BT.601: `limited` has Y in 16..235, `full` is JFIF."""
    y, u, v = (plane.astype(np.int64) for plane in (luma, cb, cr))
    u, v = u - 128, v - 128
    if yuv_range == "full":
        red = y + ((91881 * v + 32768) >> 16)
        green = y + ((-22554 * u - 46802 * v + 32768) >> 16)
        blue = y + ((116130 * u + 32768) >> 16)
    else:
        scaled = 298 * (y - 16) + 128
        red = (scaled + 409 * v) >> 8
        green = (scaled - 100 * u - 208 * v) >> 8
        blue = (scaled + 516 * u) >> 8
    return np.clip(np.stack([red, green, blue], axis=2), 0, 255).astype(np.uint8)


def demosaic(mosaic, encoding):
    """Bilinear: a missing colour is the rounded mean of its two or four nearest samples."""
    height, width = mosaic.shape
    red_row, red_column = {
        "bayer_rggb8": (0, 0), "bayer_bggr8": (1, 1), "bayer_gbrg8": (1, 0), "bayer_grbg8": (0, 1),
    }[encoding]
    if height > 1 and width > 1:
        ring = np.pad(mosaic.astype(np.int64), 1, mode="reflect")
    else:  # numpy has no mirror for a single row
        ring = np.pad(mosaic.astype(np.int64), 1, mode="edge")
        if height > 1:
            ring[0], ring[-1] = ring[2].copy(), ring[-3].copy()
        if width > 1:
            ring[:, 0], ring[:, -1] = ring[:, 2].copy(), ring[:, -3].copy()
    own = ring[1:-1, 1:-1]
    beside = ring[1:-1, :-2] + ring[1:-1, 2:]
    stacked = ring[:-2, 1:-1] + ring[2:, 1:-1]
    corners = ring[:-2, :-2] + ring[:-2, 2:] + ring[2:, :-2] + ring[2:, 2:]
    rows = (np.arange(height) % 2 == red_row)[:, None] & np.ones((1, width), bool)
    columns = (np.arange(width) % 2 == red_column)[None, :] & np.ones((height, 1), bool)
    cross, opposite = (beside + stacked + 2) >> 2, (corners + 2) >> 2
    in_row, in_column = (beside + 1) >> 1, (stacked + 1) >> 1
    at_red, at_blue = rows & columns, ~rows & ~columns
    red = np.where(at_red, own, np.where(at_blue, opposite, np.where(rows, in_row, in_column)))
    green = np.where(at_red | at_blue, cross, own)
    blue = np.where(at_blue, own, np.where(at_red, opposite, np.where(rows, in_column, in_row)))
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


# --- window ---


def place(stream, width, height, camera=None):
    """(source px, start, length, offset, count) of the x and of the y axis."""
    out_width, out_height = stream["size"]
    x = (width, 0, 256 * width, 0, out_width)
    y = (height, 0, 256 * height, 0, out_height)
    is_wider = width * out_height >= height * out_width
    resize = stream["resize"]
    if resize == "stretch":
        return x, y
    if resize == "letterbox":
        if is_wider:
            return x, barred(y, rounded_ratio(height * out_width, width))
        return barred(x, rounded_ratio(width * out_height, height)), y
    if resize == "crop":
        if is_wider:
            return cropped(x, rounded_ratio(256 * height * out_width, out_height)), y
        return x, cropped(y, rounded_ratio(256 * width * out_height, out_width))
    trained = stream["intrinsics"]
    return (
        rays(x, camera["fx"] / trained["fx"], camera["cx"], trained["cx"]),
        rays(y, camera["fy"] / trained["fy"], camera["cy"], trained["cy"]),
    )


def barred(axis, ideal):
    source, start, length, _, out = axis
    count = min(max(ideal, 1), out)
    return source, start, length, (out - count) // 2, count


def cropped(axis, length):
    source, _, whole, offset, count = axis
    return source, (whole - length) // 2, length, offset, count


def rays(axis, scale, camera_c, trained_c):
    source, _, _, offset, count = axis
    start = int(np.floor(256 * (camera_c - trained_c * scale) + 0.5))
    length = max(1, int(np.floor(256 * (count * scale) + 0.5)))
    return source, start, length, offset, count


def covered(axis):
    """Elements, from 0 at the window's first, whose middle lies on the picture."""
    source, start, length, _, count = axis
    middle = 2 * count * start + (2 * np.arange(count) + 1) * length
    return np.flatnonzero((middle >= 0) & (middle < 512 * count * source))


# --- resampling ---


def resample(rgb, stream, camera=None):
    """uint8 [height, width, 3] at the stream's size, `pad` where the picture is not."""
    height, width = rgb.shape[:2]
    x, y = place(stream, width, height, camera)
    columns, rows = covered(x), covered(y)
    out_width, out_height = stream["size"]
    out = np.empty((out_height, out_width, 3), np.uint8)
    out[:] = np.array(stream.get("pad", [0, 0, 0]), np.uint8)
    make = area if stream.get("resampler", "bilinear") == "area" else bilinear
    made = make(rgb.astype(np.int64), x, y, columns, rows)
    out[np.ix_(rows + y[3], columns + x[3])] = made
    return out


def taps(axis, index):
    source, start, length, _, count = axis
    scale = 512 * count
    position = 2 * count * start + (2 * index + 1) * length - 256 * count
    pixel = position // scale
    rest = position - pixel * scale
    near = np.clip(pixel, 0, source - 1)
    far = np.clip(pixel + 1, 0, source - 1)
    return near, far, (4096 * rest + scale) // (2 * scale)


def bilinear(rgb, x, y, columns, rows):
    left, right, to_right = taps(x, columns)
    top, bottom, to_bottom = taps(y, rows)
    wx, wy = to_right[None, :, None], to_bottom[:, None, None]
    above = rgb[np.ix_(top, left)] * (2048 - wx) + rgb[np.ix_(top, right)] * wx
    below = rgb[np.ix_(bottom, left)] * (2048 - wx) + rgb[np.ix_(bottom, right)] * wx
    return (above * (2048 - wy) + below * wy + (1 << 21)) >> 22


def boxes(axis, index):
    """Weights in 1/256 px, [element, source px]."""
    source, start, length, _, count = axis

    def edge(i):
        return np.clip((2 * count * start + 2 * i * length + count) // (2 * count), 0, 256 * source)

    begin = np.minimum(edge(index), 256 * source - 1)
    end = np.maximum(edge(index + 1), begin + 1)
    pixel = 256 * np.arange(source)
    overlap = np.minimum(end[:, None], pixel + 256) - np.maximum(begin[:, None], pixel)
    return np.maximum(overlap, 0)


def area(rgb, x, y, columns, rows):
    across, down = boxes(x, columns), boxes(y, rows)
    sums = np.einsum("ri,ijc,kj->rkc", down, rgb, across)
    areas = (down.sum(axis=1)[:, None] * across.sum(axis=1)[None, :])[:, :, None]
    return rounded_ratio(sums, areas)


# --- numbers ---


def to_tensor(rgb, stream):
    """[1, C, H, W] or [1, H, W, C] of the stream's dtype."""
    color = stream.get("color", "rgb")
    if color == "gray":
        weighted = rgb.astype(np.int64) @ np.array([77, 150, 29])
        channels = ((weighted + 128) >> 8)[:, :, None].astype(np.uint8)
    else:
        channels = rgb if color == "rgb" else rgb[:, :, ::-1]
    dtype = stream.get("dtype", "float32")
    if dtype != "uint8":
        low, high = stream.get("range", [0, 1])
        mean = np.array(stream.get("mean", [0.0]), np.float64)
        std = np.array(stream.get("std", [1.0]), np.float64)
        values = (low + channels.astype(np.float64) * (high - low) / 255 - mean) / std
        channels = values.astype(np.float32).astype(dtype)
    if stream.get("layout", "CHW") == "CHW":
        channels = channels.transpose(2, 0, 1)
    return np.ascontiguousarray(channels)[None]


def preprocess(rgb, stream, camera=None):
    """The tensor of an rgb8 picture; `stream` is an entry of the manifest's `streams`."""
    return to_tensor(resample(rgb, stream, camera), stream)
