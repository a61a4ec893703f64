/**
 * What nodes tell each other about themselves: parameters, lifecycle, log, time, types, and the parts
 * actions and services are made of. One field a line; `---` parts the request from the response.
 */
export const graphDefinitions = {
  "std_srvs/srv/Empty": "---",
  "std_srvs/srv/Trigger": "---\nbool success\nstring message",
  "std_srvs/srv/SetBool": "bool data\n---\nbool success\nstring message",
  // What ROS 2's own tutorials use: for trying out whether services and actions work at all.
  "example_interfaces/srv/AddTwoInts": "int64 a\nint64 b\n---\nint64 sum",
  "example_interfaces/action/Fibonacci":
    "int32 order\n---\nint32[] sequence\n---\nint32[] sequence",
  "rosgraph_msgs/msg/Clock": "builtin_interfaces/Time clock",
  "rcl_interfaces/msg/Log": `
    builtin_interfaces/Time stamp
    uint8 level
    string name
    string msg
    string file
    string function
    uint32 line`,
  "rcl_interfaces/msg/FloatingPointRange": "float64 from_value\nfloat64 to_value\nfloat64 step",
  "rcl_interfaces/msg/IntegerRange": "int64 from_value\nint64 to_value\nuint64 step",
  "rcl_interfaces/msg/ListParametersResult": "string[] names\nstring[] prefixes",
  "rcl_interfaces/msg/LoggerLevel": "string name\nuint32 level",
  "rcl_interfaces/msg/SetLoggerLevelsResult": "bool successful\nstring reason",
  "rcl_interfaces/msg/SetParametersResult": "bool successful\nstring reason",
  "rcl_interfaces/msg/ParameterValue": `
    uint8 type
    bool bool_value
    int64 integer_value
    float64 double_value
    string string_value
    byte[] byte_array_value
    bool[] bool_array_value
    int64[] integer_array_value
    float64[] double_array_value
    string[] string_array_value`,
  "rcl_interfaces/msg/Parameter": "string name\nParameterValue value",
  "rcl_interfaces/msg/ParameterDescriptor": `
    string name
    uint8 type
    string description
    string additional_constraints
    bool read_only false
    bool dynamic_typing false
    FloatingPointRange[<=1] floating_point_range
    IntegerRange[<=1] integer_range`,
  "rcl_interfaces/msg/ParameterEvent": `
    builtin_interfaces/Time stamp
    string node
    Parameter[] new_parameters
    Parameter[] changed_parameters
    Parameter[] deleted_parameters`,
  "rcl_interfaces/srv/ListParameters": `
    string[] prefixes
    uint64 depth
    ---
    ListParametersResult result`,
  "rcl_interfaces/srv/GetParameters": "string[] names\n---\nParameterValue[] values",
  "rcl_interfaces/srv/GetParameterTypes": "string[] names\n---\nuint8[] types",
  "rcl_interfaces/srv/DescribeParameters": "string[] names\n---\nParameterDescriptor[] descriptors",
  "rcl_interfaces/srv/SetParameters": "Parameter[] parameters\n---\nSetParametersResult[] results",
  "rcl_interfaces/srv/SetParametersAtomically":
    "Parameter[] parameters\n---\nSetParametersResult result",
  "rcl_interfaces/srv/GetLoggerLevels": "string[] names\n---\nLoggerLevel[] levels",
  "rcl_interfaces/srv/SetLoggerLevels":
    "LoggerLevel[] levels\n---\nSetLoggerLevelsResult[] results",
  "lifecycle_msgs/msg/State": "uint8 id\nstring label",
  "lifecycle_msgs/msg/Transition": "uint8 id\nstring label",
  "lifecycle_msgs/msg/TransitionDescription":
    "Transition transition\nState start_state\nState goal_state",
  "lifecycle_msgs/msg/TransitionEvent":
    "uint64 timestamp\nTransition transition\nState start_state\nState goal_state",
  "lifecycle_msgs/srv/GetState": "---\nState current_state",
  "lifecycle_msgs/srv/ChangeState": "Transition transition\n---\nbool success",
  "lifecycle_msgs/srv/GetAvailableStates": "---\nState[] available_states",
  "lifecycle_msgs/srv/GetAvailableTransitions":
    "---\nTransitionDescription[] available_transitions",
  "service_msgs/msg/ServiceEventInfo": `
    uint8 event_type
    builtin_interfaces/Time stamp
    char[16] client_gid
    int64 sequence_number`,
  "unique_identifier_msgs/msg/UUID": "uint8[16] uuid",
  "action_msgs/msg/GoalInfo": "unique_identifier_msgs/UUID goal_id\nbuiltin_interfaces/Time stamp",
  "action_msgs/msg/GoalStatus": "GoalInfo goal_info\nint8 status",
  "action_msgs/msg/GoalStatusArray": "GoalStatus[] status_list",
  "action_msgs/srv/CancelGoal":
    "GoalInfo goal_info\n---\nint8 return_code\nGoalInfo[] goals_canceling",
  "type_description_interfaces/msg/FieldType": `
    uint8 type_id 0
    uint64 capacity
    uint64 string_capacity
    string<=255 nested_type_name`,
  "type_description_interfaces/msg/Field": "string name\nFieldType type\nstring default_value",
  "type_description_interfaces/msg/IndividualTypeDescription":
    "string<=255 type_name\nField[] fields",
  "type_description_interfaces/msg/TypeDescription": `
    IndividualTypeDescription type_description
    IndividualTypeDescription[] referenced_type_descriptions`,
  "type_description_interfaces/msg/TypeSource":
    "string type_name\nstring encoding\nstring raw_file_contents",
  "type_description_interfaces/msg/KeyValue": "string key\nstring value",
  "type_description_interfaces/srv/GetTypeDescription": `
    string type_name
    string type_hash
    bool include_type_sources true
    ---
    bool successful
    string failure_reason
    TypeDescription type_description
    TypeSource[] type_sources
    KeyValue[] extra_information`,
} as const;
