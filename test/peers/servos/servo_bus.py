"""Servos on a serial port, written from the manuals with python3-serial and nothing of the bridge's.

    servo_bus.py dynamixel|feetech PORT COUNT [--moving] [--at TICK,TICK...]

COUNT servos with ids from 1 stand at the middle of their turn, or at the ticks given. They go where they are told
at once; a line of JSON per goal says so: {"goals": [ticks...], "torque": [0 or 1...]}. With --moving they go
there at the speed they were told, a powered DYNAMIXEL whose Bus Watchdog has not been fed stops by itself, and a
line every 20 ms says how things stand: {"ticks": [...], "torque": [...], "goalCount": n, "packetCount": n,
"watchdog": [...]}. The first line is `ready`.
"""

import argparse
import json
import time

import serial


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x8005) & 0xFFFF if crc & 0x8000 else (crc << 1) & 0xFFFF
    return crc


class Bus:
    def __init__(self, port, ticks, moving):
        self.port = port
        self.ids = list(range(1, len(ticks) + 1))
        self.tables = {i: bytearray(256) for i in self.ids}
        self.at = dict(zip(self.ids, map(float, ticks)))
        self.moving = moving
        self.rest = b""
        self.goal_count = self.packet_count = 0
        self.heard = self.moved = self.told = time.monotonic()

    def say(self, data):
        self.port.write(data)

    def report(self):
        self.goal_count += 1
        if self.moving:
            return
        goals = [self.position(i) for i in self.ids]
        torque = [self.tables[i][self.torque] for i in self.ids]
        print(json.dumps({"goals": goals, "torque": torque}), flush=True)

    def written(self, servo, address, data):
        if address == self.goal and self.refuses(servo):
            return
        self.tables[servo][address : address + len(data)] = data
        if address == self.goal and not self.moving:
            self.at[servo] = self.goal_of(servo)
        self.show(servo)

    def refuses(self, servo):
        return False

    def step(self, now):
        """Moves the motors, and says how things stand now and then."""
        seconds, self.moved = now - self.moved, now
        for servo, table in self.tables.items():
            if table[self.torque] == 1 and not self.refuses(servo):
                room = self.speed_of(servo) * seconds
                wanted = self.goal_of(servo) - self.at[servo]
                self.at[servo] += min(max(wanted, -room), room)
            self.show(servo)
        if now - self.told < 0.02:
            return
        self.told = now
        tables = self.tables.values()
        line = {
            "ticks": [round(at) for at in self.at.values()],
            "torque": [table[self.torque] for table in tables],
            "goalCount": self.goal_count,
            "packetCount": self.packet_count,
            "watchdog": [table[98] for table in tables],
        }
        print(json.dumps(line), flush=True)

    def hear(self, data):
        for packet in self.packets(data):
            self.packet_count += 1
            self.heard = time.monotonic()
            self.obey(*packet)


class Dynamixel(Bus):
    torque, goal = 64, 116

    def __init__(self, port, ticks, moving):
        super().__init__(port, ticks, moving)
        for servo, table in self.tables.items():
            table[0:2] = (1200).to_bytes(2, "little")
            table[11], table[68] = 3, 2
            self.show(servo)

    def position(self, servo):
        return int.from_bytes(self.tables[servo][132:136], "little", signed=True)

    def goal_of(self, servo):
        return int.from_bytes(self.tables[servo][116:120], "little", signed=True)

    def speed_of(self, servo):
        """Ticks per second: profile velocity in units of 0.229 turns a minute."""
        units = int.from_bytes(self.tables[servo][112:116], "little")
        return units * 0.229 / 60 * 4096

    def show(self, servo):
        self.tables[servo][132:136] = round(self.at[servo]).to_bytes(4, "little", signed=True)

    def refuses(self, servo):
        """Once the Bus Watchdog has gone off the motor stands and goals are refused until it is cleared."""
        return self.tables[servo][98] == 255

    def step(self, now):
        for table in self.tables.values():
            is_fed = now - self.heard <= table[98] * 0.02
            if table[64] == 1 and 0 < table[98] < 128 and not is_fed:
                table[98] = 255
        super().step(now)

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

    def __init__(self, port, ticks, moving):
        super().__init__(port, ticks, moving)
        for servo, table in self.tables.items():
            table[3:5] = bytes([9, 3])
            table[8] = 1
            self.show(servo)

    def position(self, servo):
        return int.from_bytes(self.tables[servo][56:58], "little")

    def goal_of(self, servo):
        return int.from_bytes(self.tables[servo][42:44], "little")

    def speed_of(self, servo):
        return int.from_bytes(self.tables[servo][46:48], "little")

    def show(self, servo):
        self.tables[servo][56:58] = round(self.at[servo]).to_bytes(2, "little")

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
    parser = argparse.ArgumentParser()
    parser.add_argument("make", choices=["dynamixel", "feetech"])
    parser.add_argument("port")
    parser.add_argument("count", type=int)
    parser.add_argument("--moving", action="store_true")
    parser.add_argument("--at")
    args = parser.parse_args()
    ticks = [int(tick) for tick in args.at.split(",")] if args.at else [2048] * args.count
    port = serial.Serial(args.port, 1000000, timeout=0.002 if args.moving else None)
    make = {"dynamixel": Dynamixel, "feetech": Feetech}[args.make]
    bus = make(port, ticks, args.moving)
    print("ready", flush=True)
    while True:
        bus.hear(port.read(1) + port.read(port.in_waiting))
        if args.moving:
            bus.step(time.monotonic())


main()
