"""Runs a launch file without ROS: stand-ins for the parts of launch and launch_ros that ours use.

    launch_stand_in.py SHARE FILE [name:=value ...]

SHARE is the installed share/kairos_bridge. Prints what would run as JSON, conditions and arguments
resolved. A keyword that the real classes do not have is an error here, too.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

SHARE, FILE, *GIVEN = sys.argv[1:]
started: list[dict] = []
environment: dict[str, str] = {}
declared: dict[str, str] = {}


class Scope:
    """Launch configurations: those of the file that includes are seen by the one that is included."""

    def __init__(self, values):
        self.values = dict(values)

    def resolve(self, found):
        if isinstance(found, Substitution):
            return found.perform(self)
        if isinstance(found, (list, tuple)):
            return "".join(self.resolve(each) for each in found)
        return found


class Substitution:
    def perform(self, scope):
        raise NotImplementedError


class LaunchConfiguration(Substitution):
    def __init__(self, name):
        self.name = name

    def perform(self, scope):
        return scope.values[self.name]


class PathJoinSubstitution(Substitution):
    def __init__(self, parts):
        self.parts = parts

    def perform(self, scope):
        return "/".join(scope.resolve(part) for part in self.parts)


class FindPackageShare(Substitution):
    def __init__(self, package):
        self.package = package

    def perform(self, scope):
        return SHARE if self.package == "kairos_bridge" else f"/share/{self.package}"


class ParameterValue:
    def __init__(self, value, *, value_type):
        self.value, self.value_type = value, value_type

    def typed(self, scope):
        text = scope.resolve(self.value)
        return {"true": True, "false": False}[text] if self.value_type is bool else self.value_type(text)


class IfCondition:
    wanted = "true"

    def __init__(self, predicate):
        self.predicate = predicate

    def holds(self, scope):
        return scope.resolve(self.predicate) == self.wanted


class UnlessCondition(IfCondition):
    wanted = "false"


class DeclareLaunchArgument:
    def __init__(self, name, *, default_value, description=None):
        self.name, self.default, self.description = name, default_value, description

    def run(self, scope):
        declared[self.name] = self.description
        scope.values.setdefault(self.name, scope.resolve(self.default))


class SetEnvironmentVariable:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def run(self, scope):
        environment[self.name] = scope.resolve(self.value)


class PythonLaunchDescriptionSource:
    def __init__(self, path):
        self.path = path


class IncludeLaunchDescription:
    def __init__(self, source, *, launch_arguments=(), condition=None):
        self.source, self.arguments, self.condition = source, list(launch_arguments), condition

    def run(self, scope):
        if self.condition is not None and not self.condition.holds(scope):
            return
        given = {name: scope.resolve(value) for name, value in self.arguments}
        path = scope.resolve(self.source.path)
        if path.startswith(SHARE):
            run_file(path, {**scope.values, **given})
        else:
            started.append({"include": path, "arguments": given})


class Node:
    def __init__(
        self,
        *,
        package,
        executable,
        name=None,
        namespace=None,
        parameters=(),
        remappings=(),
        arguments=(),
        output="log",
        condition=None,
        sigterm_timeout="5",
    ):
        self.options = dict(
            package=package,
            executable=executable,
            name=name,
            namespace=namespace,
            output=output,
            sigterm_timeout=sigterm_timeout,
        )
        self.parameters, self.arguments, self.condition = parameters, arguments, condition
        self.remappings = remappings

    def run(self, scope):
        if self.condition is not None and not self.condition.holds(scope):
            return
        shown = {key: scope.resolve(value) for key, value in self.options.items() if value}
        shown["arguments"] = [scope.resolve(each) for each in self.arguments]
        shown["parameters"] = [self.parameter(each, scope) for each in self.parameters]
        started.append(shown)

    @staticmethod
    def parameter(found, scope):
        if not isinstance(found, dict):
            return scope.resolve(found)
        return {
            key: each.typed(scope) if isinstance(each, ParameterValue) else scope.resolve(each)
            for key, each in found.items()
        }


class LaunchDescription:
    def __init__(self, actions):
        self.actions = actions


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made


module("launch", LaunchDescription=LaunchDescription)
module(
    "launch.actions",
    DeclareLaunchArgument=DeclareLaunchArgument,
    IncludeLaunchDescription=IncludeLaunchDescription,
    SetEnvironmentVariable=SetEnvironmentVariable,
)
module("launch.conditions", IfCondition=IfCondition, UnlessCondition=UnlessCondition)
module(
    "launch.launch_description_sources",
    PythonLaunchDescriptionSource=PythonLaunchDescriptionSource,
)
module(
    "launch.substitutions",
    LaunchConfiguration=LaunchConfiguration,
    PathJoinSubstitution=PathJoinSubstitution,
)
module("launch_ros")
module("launch_ros.actions", Node=Node)
module("launch_ros.parameter_descriptions", ParameterValue=ParameterValue)
module("launch_ros.substitutions", FindPackageShare=FindPackageShare)


def run_file(path, values):
    spec = importlib.util.spec_from_file_location(Path(path).stem.replace(".", "_"), path)
    loaded = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(loaded)
    scope = Scope(values)
    for action in loaded.generate_launch_description().actions:
        action.run(scope)


run_file(FILE, dict(each.split(":=", 1) for each in GIVEN))
print(json.dumps({"started": started, "environment": environment, "declared": declared}))
