"""Servos on a serial port, written from the manuals with python3-serial and nothing of the bridge's.

    servo_bus.py dynamixel|feetech PORT COUNT

COUNT servos with ids from 1 stand at the middle of their turn and go where they are told at once. Prints
`ready`, then one JSON line per goal: {"goals": [ticks...], "torque": [0 or 1...]}.
"""

import json
import sys

import serial


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x8005) & 0xFFFF if crc & 0x8000 else (crc << 1) & 0xFFFF
    return crc


class Bus:
    def __init__(self, port, count):
        self.port = port
        self.ids = list(range(1, count + 1))
        self.tables = {i: bytearray(256) for i in self.ids}
        self.rest = b""

    def say(self, data):
        self.port.write(data)

    def report(self):
        goals = [self.position(i) for i in self.ids]
        torque = [self.tables[i][self.torque] for i in self.ids]
        print(json.dumps({"goals": goals, "torque": torque}), flush=True)

    def written(self, servo, address, data):
        self.tables[servo][address : address + len(data)] = data
        if address == self.goal:
            self.move(servo)


class Dynamixel(Bus):
    torque, goal = 64, 116

    def __init__(self, port, count):
        super().__init__(port, count)
        for table in self.tables.values():
            table[0:2] = (1200).to_bytes(2, "little")
            table[11], table[68] = 3, 2
            table[132:136] = (2048).to_bytes(4, "little")

    def position(self, servo):
        return int.from_bytes(self.tables[servo][132:136], "little", signed=True)

    def move(self, servo):
        self.tables[servo][132:136] = self.tables[servo][116:120]

    def packets(self, data):
        self.rest += data
        while (at := self.rest.find(b"\xff\xff\xfd\x00")) >= 0:
            self.rest = self.rest[at:]
            if len(self.rest) < 7:
                return
            length = 7 + int.from_bytes(self.rest[5:7], "little")
            if len(self.rest) < length:
                return
            packet, self.rest = self.rest[:length], self.rest[length:]
            if crc16(packet[:-2]) == int.from_bytes(packet[-2:], "little"):
                body = packet[7:-2].replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")
                yield packet[4], body[0], body[1:]

    def status(self, servo, data=b""):
        body = (b"\x55\x00" + data).replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")
        head = b"\xff\xff\xfd\x00" + bytes([servo]) + (len(body) + 2).to_bytes(2, "little") + body
        self.say(head + crc16(head).to_bytes(2, "little"))

    def obey(self, servo, instruction, params):
        address = int.from_bytes(params[0:2], "little")
        count = int.from_bytes(params[2:4], "little")
        if instruction == 0x82:
            for one in params[4:]:
                if one in self.tables:
                    self.status(one, bytes(self.tables[one][address : address + count]))
        elif instruction == 0x83:
            for at in range(4, len(params), count + 1):
                if params[at] in self.tables:
                    self.written(params[at], address, params[at + 1 : at + 1 + count])
            if address == self.goal:
                self.report()
        elif servo in self.tables and instruction == 2:
            self.status(servo, bytes(self.tables[servo][address : address + count]))
        elif servo in self.tables and instruction == 3:
            self.written(servo, address, params[2:])
            self.status(servo)


class Feetech(Bus):
    torque, goal = 40, 42

    def __init__(self, port, count):
        super().__init__(port, count)
        for table in self.tables.values():
            table[3:5] = bytes([9, 3])
            table[8] = 1
            table[56:58] = (2048).to_bytes(2, "little")

    def position(self, servo):
        return int.from_bytes(self.tables[servo][56:58], "little")

    def move(self, servo):
        self.tables[servo][56:58] = self.tables[servo][42:44]

    def packets(self, data):
        self.rest += data
        while (at := self.rest.find(b"\xff\xff")) >= 0:
            self.rest = self.rest[at:]
            if len(self.rest) < 4 or len(self.rest) < 4 + self.rest[3]:
                return
            length = 4 + self.rest[3]
            packet, self.rest = self.rest[:length], self.rest[length:]
            if ~sum(packet[2:-1]) & 0xFF == packet[-1]:
                yield packet[2], packet[4], packet[5:-1]

    def status(self, servo, data=b""):
        body = bytes([servo, len(data) + 2, 0]) + data
        self.say(b"\xff\xff" + body + bytes([~sum(body) & 0xFF]))

    def obey(self, servo, instruction, params):
        if instruction == 0x82:
            for one in params[2:]:
                if one in self.tables:
                    self.status(one, bytes(self.tables[one][params[0] : params[0] + params[1]]))
        elif instruction == 0x83:
            for at in range(2, len(params), params[1] + 1):
                if params[at] in self.tables:
                    self.written(params[at], params[0], params[at + 1 : at + 1 + params[1]])
            if params[0] == self.goal:
                self.report()
        elif servo in self.tables and instruction == 2:
            self.status(servo, bytes(self.tables[servo][params[0] : params[0] + params[1]]))
        elif servo in self.tables and instruction == 3:
            self.written(servo, params[0], params[1:])
            self.status(servo)


def main():
    make, path, count = sys.argv[1:4]
    port = serial.Serial(path, 1000000, timeout=None)
    bus = {"dynamixel": Dynamixel, "feetech": Feetech}[make](port, int(count))
    print("ready", flush=True)
    while True:
        data = port.read(1) + port.read(port.in_waiting)
        for packet in bus.packets(data):
            bus.obey(*packet)


main()
