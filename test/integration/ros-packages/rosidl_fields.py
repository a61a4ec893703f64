"""Every message of a ROS package as rosidl reads it, as JSON on the last line: {name: [[field, type], ...]}.

    rosidl_fields.py PACKAGE_FOLDER OUTPUT_FOLDER
"""

import json
import sys
from pathlib import Path

from rosidl_adapter.msg import convert_msg_to_idl
from rosidl_parser import definition as d
from rosidl_parser.parser import parse_idl_file

folder, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
BASIC = {"float": "float32", "double": "float64", "boolean": "bool", "octet": "byte"}


def text(found):
    if isinstance(found, d.BasicType):
        return BASIC.get(found.typename, found.typename)
    if isinstance(found, d.NamespacedType):
        return "/".join([found.namespaces[0], found.name])
    if isinstance(found, d.UnboundedString):
        return "string"
    if isinstance(found, d.Array):
        return f"{text(found.value_type)}[{found.size}]"
    if isinstance(found, d.BoundedSequence):
        return f"{text(found.value_type)}[<={found.maximum_size}]"
    if isinstance(found, d.UnboundedSequence):
        return f"{text(found.value_type)}[]"
    raise TypeError(type(found).__name__)


messages = {}
for path in sorted((folder / "msg").glob("*.msg")):
    convert_msg_to_idl(folder, folder.name, path.relative_to(folder), output / "msg")
    idl = parse_idl_file(d.IdlLocator(str(output), f"msg/{path.stem}.idl"))
    for message in idl.content.get_elements_of_type(d.Message):
        members = message.structure.members
        messages[path.stem] = [[member.name, text(member.type)] for member in members]
print(json.dumps(messages))
