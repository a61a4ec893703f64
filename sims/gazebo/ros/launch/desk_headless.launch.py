"""The desk world without a window: Gazebo's server, ros_gz_bridge, robot_state_publisher, kairos-bridge.

    ros2 launch sims/gazebo/ros/launch/desk_headless.launch.py [bridge:=false] [partition:=NAME]

Run it from the folder of kairos-bridge. Harmonic and later (gz sim).
"""

import subprocess
from pathlib import Path

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

GAZEBO = Path(__file__).resolve().parents[2]
PACKAGE = GAZEBO.parents[1]
PARAMS = str(GAZEBO / "ros" / "params.yaml")


def robot_description() -> str:
    """The URDF, from the same description as the model in the world."""
    command = ["node", str(PACKAGE / "dist" / "bridge" / "cli" / "main.js"), "description"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def generate_launch_description() -> LaunchDescription:
    world = str(GAZEBO / "worlds" / "desk.sdf")
    return LaunchDescription(
        [
            DeclareLaunchArgument("partition", default_value="kairos"),
            DeclareLaunchArgument("bridge", default_value="true", description="start kairos-bridge"),
            DeclareLaunchArgument("gz_args", default_value=f"-r -s --headless-rendering {world}"),
            SetEnvironmentVariable("GZ_PARTITION", LaunchConfiguration("partition")),
            SetEnvironmentVariable("GZ_IP", "127.0.0.1"),
            SetEnvironmentVariable("GZ_TRANSPORT_IMPLEMENTATION", "zeromq"),
            SetEnvironmentVariable("GZ_SIM_RESOURCE_PATH", str(GAZEBO / "models")),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution(
                        [FindPackageShare("ros_gz_sim"), "launch", "gz_sim.launch.py"]
                    )
                ),
                launch_arguments={"gz_args": LaunchConfiguration("gz_args")}.items(),
            ),
            Node(
                package="ros_gz_bridge",
                executable="parameter_bridge",
                name="ros_gz_bridge",
                parameters=[PARAMS, {"config_file": str(GAZEBO / "ros" / "gz_bridge.yaml")}],
            ),
            Node(
                package="robot_state_publisher",
                executable="robot_state_publisher",
                parameters=[PARAMS, {"robot_description": robot_description()}],
            ),
            ExecuteProcess(
                cmd=[
                    "node",
                    str(PACKAGE / "dist" / "bridge" / "cli" / "main.js"),
                    "run",
                    "--config",
                    str(GAZEBO / "desk.yaml"),
                ],
                additional_env={"KAIROS_GAZEBO_PARTITION": LaunchConfiguration("partition")},
                output="screen",
                condition=IfCondition(LaunchConfiguration("bridge")),
            ),
        ]
    )
