"""The desk world in Gazebo, ros_gz_bridge and kairos_bridge.

    ros2 launch kairos_bridge gazebo.launch.py [through_ros:=true] [gui:=true] [rviz:=true]

The bridge speaks gz-transport to the world; with through_ros it sees and knows the robot only by the
topics of ros_gz_bridge, as it would a real one, and does not move it. Harmonic and later.
"""

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def gazebo(options: str, world: PathJoinSubstitution, condition) -> IncludeLaunchDescription:
    launch = PathJoinSubstitution([FindPackageShare("ros_gz_sim"), "launch", "gz_sim.launch.py"])
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(launch),
        launch_arguments={"gz_args": [options, world]}.items(),
        condition=condition,
    )


def bridge(parameters: str, condition) -> IncludeLaunchDescription:
    share = FindPackageShare("kairos_bridge")
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([share, "launch", "bridge.launch.py"])),
        launch_arguments={
            "params_file": PathJoinSubstitution([share, "config", parameters]),
            "use_sim_time": "true",
            "rviz": LaunchConfiguration("rviz"),
        }.items(),
        condition=condition,
    )


def generate_launch_description() -> LaunchDescription:
    share = FindPackageShare("kairos_bridge")
    world = PathJoinSubstitution([share, "gazebo", "worlds", "desk.sdf"])
    gui = LaunchConfiguration("gui")
    through_ros = LaunchConfiguration("through_ros")
    return LaunchDescription(
        [
            DeclareLaunchArgument("gui", default_value="false", description="Gazebo's window"),
            DeclareLaunchArgument("rviz", default_value="false", description="start RViz"),
            DeclareLaunchArgument(
                "through_ros", default_value="false", description="observe by ROS topics only"
            ),
            DeclareLaunchArgument("partition", default_value="kairos", description="of Gazebo"),
            SetEnvironmentVariable("GZ_PARTITION", LaunchConfiguration("partition")),
            SetEnvironmentVariable("KAIROS_GAZEBO_PARTITION", LaunchConfiguration("partition")),
            SetEnvironmentVariable("GZ_IP", "127.0.0.1"),
            SetEnvironmentVariable("GZ_TRANSPORT_IMPLEMENTATION", "zeromq"),
            SetEnvironmentVariable(
                "GZ_SIM_RESOURCE_PATH", PathJoinSubstitution([share, "gazebo", "models"])
            ),
            gazebo("-r ", world, IfCondition(gui)),
            gazebo("-r -s --headless-rendering ", world, UnlessCondition(gui)),
            Node(
                package="ros_gz_bridge",
                executable="parameter_bridge",
                name="ros_gz_bridge",
                parameters=[
                    {
                        "use_sim_time": True,
                        "config_file": PathJoinSubstitution([share, "config", "gz_bridge.yaml"]),
                    }
                ],
            ),
            bridge("gazebo_ros.yaml", IfCondition(through_ros)),
            bridge("gazebo.yaml", UnlessCondition(through_ros)),
        ]
    )
