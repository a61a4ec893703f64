"""kairos_bridge beside a robot that publishes its joints and its camera on ROS topics.

    ros2 launch kairos_bridge robot.launch.py [params_file:=FILE] [rviz:=true]
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    share = FindPackageShare("kairos_bridge")
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value=PathJoinSubstitution([share, "config", "robot.yaml"]),
                description="topic and joint names of the robot",
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, "launch", "bridge.launch.py"])
                ),
                launch_arguments={"params_file": LaunchConfiguration("params_file")}.items(),
            ),
        ]
    )
