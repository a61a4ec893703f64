// The message types this peer can send, print and measure; content as in ../README.md.
#ifndef FAST_ROS_KINDS_H
#define FAST_ROS_KINDS_H
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "../common/arguments.h"
#include "../common/json.h"
#include "RosTypesPubSubTypes.h"

inline void set_stamp(std_msgs::msg::dds_::Header_& header, uint64_t ns) {
  header.stamp_().sec_((int32_t)(ns / 1000000000ull));
  header.stamp_().nanosec_((uint32_t)(ns % 1000000000ull));
}
inline uint64_t get_stamp(const std_msgs::msg::dds_::Header_& header) {
  return (uint64_t)header.stamp_().sec_() * 1000000000ull + header.stamp_().nanosec_();
}
inline void print_header(const std_msgs::msg::dds_::Header_& header) {
  printf(",\"header\":{\"stamp\":{\"sec\":%d,\"nanosec\":%u},\"frame_id\":", header.stamp_().sec_(),
         header.stamp_().nanosec_());
  json_string(header.frame_id_().c_str());
  putchar('}');
}
inline void print_strings(const char* key, const std::vector<std::string>& values) {
  printf(",\"%s\":[", key);
  for (size_t i = 0; i < values.size(); i++) {
    if (i) putchar(',');
    json_string(values[i].c_str());
  }
  putchar(']');
}

struct JointKind {
  using Sample = sensor_msgs::msg::dds_::JointState_;
  using Type = sensor_msgs::msg::dds_::JointState_PubSubType;

  static void make(Sample& sample, const arguments& a) {
    sample.header_().frame_id_("base");
    for (int i = 0; i < a.joints; i++) {
      sample.name_().push_back("joint" + std::to_string(i + 1));
      sample.position_().push_back(i + 0.25);
      sample.velocity_().push_back(i == 0 ? 0.0 : -i);
      sample.effort_().push_back(0);
    }
  }
  static void mark(Sample& sample, long sequence, uint64_t stamp_ns) {
    set_stamp(sample.header_(), stamp_ns);
    for (double& effort : sample.effort_()) effort = (double)sequence;
  }
  static bool read_mark(const Sample& sample, long& sequence, uint64_t& stamp_ns) {
    if (sample.effort_().empty()) return false;
    sequence = (long)sample.effort_()[0];
    stamp_ns = get_stamp(sample.header_());
    return true;
  }
  static void print(const Sample& sample) {
    print_header(sample.header_());
    print_strings("name", sample.name_());
    json_doubles("position", sample.position_().data(), (uint32_t)sample.position_().size());
    json_doubles("velocity", sample.velocity_().data(), (uint32_t)sample.velocity_().size());
    json_doubles("effort", sample.effort_().data(), (uint32_t)sample.effort_().size());
  }
};

struct StringKind {
  using Sample = std_msgs::msg::dds_::String_;
  using Type = std_msgs::msg::dds_::String_PubSubType;

  static void make(Sample&, const arguments&) {}
  static void mark(Sample& sample, long sequence, uint64_t stamp_ns) {
    sample.data_(std::to_string(sequence) + " " + std::to_string(stamp_ns));
  }
  static bool read_mark(const Sample& sample, long& sequence, uint64_t& stamp_ns) {
    unsigned long long ns = 0;
    if (sscanf(sample.data_().c_str(), "%ld %llu", &sequence, &ns) != 2) return false;
    stamp_ns = ns;
    return true;
  }
  static void print(const Sample& sample) {
    printf(",\"data\":");
    json_string(sample.data_().c_str());
  }
};

struct ImageKind {
  using Sample = sensor_msgs::msg::dds_::Image_;
  using Type = sensor_msgs::msg::dds_::Image_PubSubType;

  static void make(Sample& sample, const arguments& a) {
    sample.header_().frame_id_("base");
    sample.encoding_("rgb8");
    sample.width_(640);
    sample.step_(640 * 3);
    sample.height_((uint32_t)a.bytes / sample.step_());
    sample.is_bigendian_(0);
    sample.data_().resize((size_t)sample.step_() * sample.height_());
    for (size_t i = 4; i < sample.data_().size(); i++) sample.data_()[i] = (uint8_t)(i * 31 + (i >> 8));
  }
  static void mark(Sample& sample, long sequence, uint64_t stamp_ns) {
    set_stamp(sample.header_(), stamp_ns);
    for (size_t i = 0; i < 4 && i < sample.data_().size(); i++)
      sample.data_()[i] = (uint8_t)((uint32_t)sequence >> (8 * i));
  }
  static bool read_mark(const Sample& sample, long& sequence, uint64_t& stamp_ns) {
    const std::vector<uint8_t>& data = sample.data_();
    if (data.size() < 4) return false;
    sequence = (long)((uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
                      (uint32_t)data[3] << 24);
    stamp_ns = get_stamp(sample.header_());
    return true;
  }
  static void print(const Sample& sample) {
    print_header(sample.header_());
    printf(",\"height\":%u,\"width\":%u,\"step\":%u,\"is_bigendian\":%u,\"encoding\":", sample.height_(),
           sample.width_(), sample.step_(), sample.is_bigendian_());
    json_string(sample.encoding_().c_str());
    json_bytes(sample.data_().data(), (uint32_t)sample.data_().size());
  }
};
#endif
