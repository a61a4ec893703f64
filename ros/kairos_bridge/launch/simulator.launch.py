"""kairos_bridge with its embedded simulator, and RViz: nothing else is needed.

    ros2 launch kairos_bridge simulator.launch.py [rviz:=false]
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
            DeclareLaunchArgument("rviz", default_value="true", description="start RViz"),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, "launch", "bridge.launch.py"])
                ),
                launch_arguments={
                    "params_file": PathJoinSubstitution([share, "config", "simulator.yaml"]),
                    "rviz": LaunchConfiguration("rviz"),
                }.items(),
            ),
        ]
    )
