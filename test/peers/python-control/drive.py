"""Drives a device knowing two addresses: /v1/schema.json and /v1/asyncapi.json of a server.

Every message is validated against the published schema, both ways; what the paths and subprotocols are,
and which answers exist, is read from the documents. Prints one JSON object: what was seen.

    python3 drive.py http://127.0.0.1:8700
"""

import asyncio
import json
import sys
import urllib.request

import jsonschema
import msgpack
import numpy
import websockets


def fetch(base, path):
    with urllib.request.urlopen(base + path) as answer:
        return json.load(answer)


class Document:
    """Channels from AsyncAPI, messages from JSON Schema."""

    def __init__(self, base):
        self.schema = fetch(base, "/v1/schema.json")
        self.channels = fetch(base, "/v1/asyncapi.json")["channels"]
        jsonschema.Draft202012Validator.check_schema(self.schema)
        self.resolver = jsonschema.RefResolver.from_schema(self.schema)

    def validator(self, group):
        return jsonschema.Draft202012Validator(
            {"$ref": "#/$defs/" + group}, resolver=self.resolver
        )

    def address(self, base, channel):
        return base.replace("http", "ws", 1) + self.channels[channel]["address"]

    def subprotocol(self, channel):
        headers = self.channels[channel]["bindings"]["ws"]["headers"]
        return headers["properties"]["Sec-WebSocket-Protocol"]["const"]


def readable(value):
    """msgpack maps of openpi's array convention have byte strings as keys."""
    if isinstance(value, dict):
        return {
            key.decode() if isinstance(key, bytes) else key: readable(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [readable(item) for item in value]
    return value


def array(value):
    return numpy.frombuffer(value["data"], value["dtype"]).reshape(value["shape"])


class Channel:
    def __init__(self, document, name, socket):
        self.socket = socket
        self.outgoing = document.validator(name + ".fromClient")
        self.incoming = document.validator(name + ".fromServer")
        self.validated = 0
        self.next_id = 0
        self.heard = []

    async def say(self, message):
        self.outgoing.validate(message)
        self.validated += 1
        await self.socket.send(json.dumps(message))

    async def say_unchecked(self, message):
        await self.socket.send(json.dumps(message))

    def id(self):
        self.next_id += 1
        return self.next_id

    async def hear(self):
        data = await asyncio.wait_for(self.socket.recv(), 5)
        if isinstance(data, bytes):
            message = readable(msgpack.unpackb(data, raw=False, strict_map_key=False))
        else:
            message = json.loads(data)
        self.incoming.validate(message)
        self.validated += 1
        return message

    async def until(self, accepts):
        while True:
            for index, message in enumerate(self.heard):
                if accepts(message):
                    del self.heard[: index + 1]
                    return message
            self.heard = [await self.hear()]


async def check_in(control, period_s):
    while True:
        await asyncio.sleep(period_s)
        await control.say({"type": "checkin"})


async def watch(stream, seen):
    await stream.say(
        {
            "type": "subscribe",
            "topics": [{"topic": "state"}, {"topic": "prediction", "maxRateHz": 10}],
        }
    )
    while True:
        message = await stream.hear()
        if message["type"] != "data":
            continue
        if message["topic"] == "state":
            seen["yaw"] = message["data"]["posRad"][1]
            seen["speed"] = abs(message["data"]["velRadPerS"][1])
        else:
            mean = array(message["data"]["meanPosRad"])
            seen["prediction"] = [str(mean.dtype), list(mean.shape)]


async def drive(base):
    document = Document(base)
    seen = {}
    report = {}
    async with websockets.connect(
        document.address(base, "control"), subprotocols=[document.subprotocol("control")]
    ) as control_socket, websockets.connect(
        document.address(base, "stream"), subprotocols=[document.subprotocol("stream")]
    ) as stream_socket:
        control = Channel(document, "control", control_socket)
        stream = Channel(document, "stream", stream_socket)
        await control.say(
            {
                "type": "hello",
                "protocol": document.subprotocol("control"),
                "role": "controller",
                "client": "python",
            }
        )
        welcome = await control.until(lambda message: message["type"] == "welcome")
        device = welcome["devices"][0]["id"]
        tasks = [
            asyncio.ensure_future(check_in(control, welcome["keepalive"]["checkInMs"] / 1000)),
            asyncio.ensure_future(watch(stream, seen)),
        ]

        lease_id = control.id()
        await control.say({"type": "lease.acquire", "id": lease_id, "device": device})
        answer = await control.until(lambda message: message.get("id") == lease_id)
        report["lease"] = answer["result"]
        head = {"type": "command", "device": device, "lease": answer["lease"]}

        before = (await wait_for(seen, "yaw"))["yaw"]
        for count in range(20):
            command = {
                **head,
                "id": control.id(),
                "seq": count,
                "kind": "velocity",
                "ttlMs": 200,
                "velRadPerS": {"yaw": 0.5},
                "acks": ["accepted", "applied", "done"],
            }
            await control.say(command)
            await asyncio.sleep(0.05)
        last = command["id"]
        applied = await control.until(
            lambda message: message.get("id") == last and message.get("status") == "applied"
        )
        report["applied"] = applied["applied"]
        done = await control.until(
            lambda message: message.get("id") == last and message.get("status") == "done"
        )
        report["expired"] = done["result"]
        await asyncio.sleep(1)
        report["movedRad"] = seen["yaw"] - before
        report["restingRadPerS"] = seen["speed"]

        retry = {**command, "acks": "all"}
        await control.say(retry)
        first = await control.until(lambda message: message.get("id") == last)
        report["retry"] = first["status"]

        wrong = {key: value for key, value in command.items() if key != "ttlMs"}
        wrong["id"] = control.id()
        report["schemaRefuses"] = not control.outgoing.is_valid(wrong)
        await control.say_unchecked(wrong)
        error = await control.until(lambda message: message["type"] == "error")
        report["serverRefuses"] = [error["code"], error["path"], error["id"] == wrong["id"]]

        stop_id = control.id()
        await control.say({"type": "stop", "id": stop_id, "level": "estop", "device": device})
        await control.until(lambda message: message.get("id") == stop_id)
        await control.until(
            lambda message: message["type"] == "state" and message["stop"] == "latched"
        )
        latched_id = control.id()
        await control.say({**command, "id": latched_id, "seq": 100})
        refusal = await control.until(lambda message: message.get("id") == latched_id)
        report["afterEstop"] = refusal["code"]
        reset_id = control.id()
        await control.say({"type": "reset", "id": reset_id, "device": device})
        answer = await control.until(lambda message: message.get("id") == reset_id)
        report["reset"] = answer["status"]

        for task in tasks:
            task.cancel()
        report["prediction"] = (await wait_for(seen, "prediction"))["prediction"]
        report["validated"] = control.validated + stream.validated
    return report


async def wait_for(seen, key):
    for _ in range(500):
        if key in seen:
            return seen
        await asyncio.sleep(0.01)
    raise TimeoutError("nothing on the stream of " + key)


print(json.dumps(asyncio.run(drive(sys.argv[1]))))
