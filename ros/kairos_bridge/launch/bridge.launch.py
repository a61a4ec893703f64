"""One kairos_bridge node, for the other launch files and for your own.

    ros2 launch kairos_bridge bridge.launch.py params_file:=robot.yaml namespace:=left
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

# Long enough for the device to come to rest before the node is killed.
SHUTDOWN_SECONDS = "8"


def generate_launch_description() -> LaunchDescription:
    share = FindPackageShare("kairos_bridge")
    arguments = [
        DeclareLaunchArgument("namespace", default_value="kairos", description="of the node"),
        DeclareLaunchArgument("name", default_value="kairos_bridge", description="of the node"),
        DeclareLaunchArgument(
            "params_file",
            default_value=PathJoinSubstitution([share, "config", "simulator.yaml"]),
            description="parameters, see the package's config folder",
        ),
        DeclareLaunchArgument("use_sim_time", default_value="false", description="follow /clock"),
        DeclareLaunchArgument(
            "http_port", default_value="8700", description="of the control page; 0 = any free one"
        ),
        DeclareLaunchArgument("log_level", default_value="info", description="of the node"),
        DeclareLaunchArgument("rviz", default_value="false", description="start RViz"),
    ]
    bridge = Node(
        package="kairos_bridge",
        executable="kairos_bridge",
        namespace=LaunchConfiguration("namespace"),
        name=LaunchConfiguration("name"),
        parameters=[
            LaunchConfiguration("params_file"),
            {
                "use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool),
                "http.port": ParameterValue(LaunchConfiguration("http_port"), value_type=int),
            },
        ],
        arguments=["--log-level", LaunchConfiguration("log_level")],
        output="screen",
        sigterm_timeout=SHUTDOWN_SECONDS,
    )
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", PathJoinSubstitution([share, "rviz", "kairos.rviz"])],
        parameters=[
            {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
        ],
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    return LaunchDescription([*arguments, bridge, rviz])
