"""The desk world with Gazebo's window and RViz: as desk_headless.launch.py, which it includes."""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

GAZEBO = Path(__file__).resolve().parents[2]


def generate_launch_description() -> LaunchDescription:
    world = str(GAZEBO / "worlds" / "desk.sdf")
    return LaunchDescription(
        [
            DeclareLaunchArgument("rviz", default_value="true", description="start RViz"),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    str(Path(__file__).resolve().parent / "desk_headless.launch.py")
                ),
                launch_arguments={"gz_args": f"-r {world}"}.items(),
            ),
            Node(
                package="rviz2",
                executable="rviz2",
                arguments=["-d", str(GAZEBO / "ros" / "desk.rviz")],
                parameters=[str(GAZEBO / "ros" / "params.yaml")],
                condition=IfCondition(LaunchConfiguration("rviz")),
            ),
        ]
    )
