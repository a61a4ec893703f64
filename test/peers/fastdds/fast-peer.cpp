// An independent ROS 2 wire peer on eProsima Fast DDS, for JointState. Options and output: ../README.md
#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/dds/topic/Topic.hpp>
#include <fastdds/rtps/transport/UDPv4TransportDescriptor.h>
#include <fastdds/rtps/transport/shared_mem/SharedMemTransportDescriptor.h>
#include <fastrtps/utils/IPLocator.h>

#include <csignal>
#include <string>

#include "../common/arguments.h"
#include "../common/json.h"
#include "../common/statistics.h"
#include "RosTypesPubSubTypes.h"

using namespace eprosima::fastdds::dds;
using eprosima::fastdds::rtps::SharedMemTransportDescriptor;
using eprosima::fastdds::rtps::UDPv4TransportDescriptor;
using eprosima::fastrtps::rtps::IPLocator;
using eprosima::fastrtps::rtps::Locator_t;
using JointState = sensor_msgs::msg::dds_::JointState_;
using JointStateType = sensor_msgs::msg::dds_::JointState_PubSubType;

static volatile std::sig_atomic_t stopping = 0;
static void stop(int) { stopping = 1; }

// Leaves without destructors: Fast DDS may hang for seconds when its peers have gone.
[[noreturn]] static void leave(int code) {
  fflush(stdout);
  _Exit(code);
}
template <class T>
static T* required(T* made, const char* what) {
  if (made == nullptr) {
    fprintf(stderr, "%s could not be made\n", what);
    leave(1);
  }
  return made;
}

// As rmw_fastrtps does for ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST: no multicast, initial peers on
// the first 32 participant ports of the loopback address.
static void discover_on_localhost(DomainParticipantQos& qos) {
  Locator_t any, peer;
  auto& builtin = qos.wire_protocol().builtin;
  builtin.metatrafficMulticastLocatorList.clear();
  builtin.metatrafficUnicastLocatorList.push_back(any);
  IPLocator::setIPv4(peer, "127.0.0.1");
  builtin.initialPeersList.push_back(peer);
  auto udp = std::make_shared<UDPv4TransportDescriptor>();
  udp->maxInitialPeersRange = 32;
  qos.transport().use_builtin_transports = false;
  qos.transport().user_transports.push_back(std::make_shared<SharedMemTransportDescriptor>());
  qos.transport().user_transports.push_back(udp);
}

static DomainParticipant* make_participant(const arguments& a) {
  DomainParticipantQos qos = PARTICIPANT_QOS_DEFAULT;
  const std::string enclave = "enclave=/;";
  qos.user_data().data_vec({enclave.begin(), enclave.end()});
  if (a.localhost) discover_on_localhost(qos);
  return required(DomainParticipantFactory::get_instance()->create_participant(a.domain, qos),
                  "participant");
}

template <class Qos>
static Qos endpoint_qos(Qos qos, const arguments& a) {
  qos.reliability().kind =
      a.best_effort ? BEST_EFFORT_RELIABILITY_QOS : RELIABLE_RELIABILITY_QOS;
  qos.durability().kind =
      a.transient_local ? TRANSIENT_LOCAL_DURABILITY_QOS : VOLATILE_DURABILITY_QOS;
  qos.history().kind = KEEP_LAST_HISTORY_QOS;
  qos.history().depth = a.depth;
  // As rmw_fastrtps sets it for types of unbounded size, which cannot share memory either.
  qos.endpoint().history_memory_policy =
      eprosima::fastrtps::rtps::PREALLOCATED_WITH_REALLOC_MEMORY_MODE;
  qos.data_sharing().off();
  return qos;
}

static JointState make_sample(const arguments& a) {
  JointState sample;
  sample.header_().frame_id_("base");
  for (int i = 0; i < a.joints; i++) {
    sample.name_().push_back("joint" + std::to_string(i + 1));
    sample.position_().push_back(i + 0.25);
    sample.velocity_().push_back(i == 0 ? 0.0 : -i);
    sample.effort_().push_back(0);
  }
  return sample;
}

static void publish(const arguments& a, DomainParticipant* participant, Topic* topic) {
  auto* publisher = required(participant->create_publisher(PUBLISHER_QOS_DEFAULT), "publisher");
  DataWriterQos qos = endpoint_qos(DataWriterQos(DATAWRITER_QOS_DEFAULT), a);
  qos.publish_mode().kind = SYNCHRONOUS_PUBLISH_MODE;
  auto* writer = required(publisher->create_datawriter(topic, qos), "writer");
  printf("{\"event\":\"ready\"}\n");
  const double end_s = now_s() + a.seconds;
  PublicationMatchedStatus status;
  for (;;) {
    writer->get_publication_matched_status(status);
    if (stopping || status.current_count >= a.readers) break;
    if (now_s() > end_s) {
      fprintf(stderr, "%d of %d readers matched\n", status.current_count, a.readers);
      leave(3);
    }
    sleep_until_s(now_s() + 0.002);
  }
  printf("{\"event\":\"matched\",\"count\":%d}\n", status.current_count);
  JointState sample = make_sample(a);
  long sent = 0, failed = 0;
  const double start_s = now_s();
  while (!stopping && (a.count == 0 || sent < a.count) && now_s() < end_s) {
    if (a.rate_hz > 0) sleep_until_s(start_s + (double)sent / a.rate_hz);
    const uint64_t ns = now_ns();
    sample.header_().stamp_().sec_((int32_t)(ns / 1000000000ull));
    sample.header_().stamp_().nanosec_((uint32_t)(ns % 1000000000ull));
    for (double& effort : sample.effort_()) effort = (double)sent;
    if (!writer->write(&sample)) failed++;
    sent++;
  }
  printf("{\"event\":\"sent\",\"count\":%ld,\"failed\":%ld}\n", sent, failed);
  if (!a.best_effort) {
    const bool all = writer->wait_for_acknowledgments({3, 0}) == ReturnCode_t::RETCODE_OK;
    printf("{\"event\":\"acknowledged\",\"all\":%s}\n", all ? "true" : "false");
  }
  const double linger_end_s = now_s() + a.linger_s;
  while (!stopping && now_s() < linger_end_s) sleep_until_s(now_s() + 0.01);
}

static void print_strings(const char* key, const std::vector<std::string>& values) {
  printf(",\"%s\":[", key);
  for (size_t i = 0; i < values.size(); i++) {
    if (i) putchar(',');
    json_string(values[i].c_str());
  }
  putchar(']');
}
static void print_sample(const JointState& sample) {
  const auto& header = sample.header_();
  printf("{\"event\":\"sample\",\"header\":{\"stamp\":{\"sec\":%d,\"nanosec\":%u},\"frame_id\":",
         header.stamp_().sec_(), header.stamp_().nanosec_());
  json_string(header.frame_id_().c_str());
  putchar('}');
  print_strings("name", sample.name_());
  json_doubles("position", sample.position_().data(), (uint32_t)sample.position_().size());
  json_doubles("velocity", sample.velocity_().data(), (uint32_t)sample.velocity_().size());
  json_doubles("effort", sample.effort_().data(), (uint32_t)sample.effort_().size());
  printf("}\n");
}

static void subscribe(const arguments& a, DomainParticipant* participant, Topic* topic) {
  const bool echo = std::string(a.mode) == "echo";
  auto* subscriber = required(participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT), "subscriber");
  const DataReaderQos qos = endpoint_qos(DataReaderQos(DATAREADER_QOS_DEFAULT), a);
  auto* reader = required(subscriber->create_datareader(topic, qos), "reader");
  printf("{\"event\":\"ready\"}\n");
  struct statistics statistics;
  statistics_open(&statistics);
  int matched = 0;
  long received = 0;
  JointState sample;
  SampleInfo info;
  const double end_s = now_s() + a.seconds;
  while (!stopping && now_s() < end_s && (a.count == 0 || received < a.count)) {
    reader->wait_for_unread_message({0, 20000000});
    SubscriptionMatchedStatus status;
    reader->get_subscription_matched_status(status);
    if (status.current_count != matched) {
      matched = status.current_count;
      printf("{\"event\":\"matched\",\"count\":%d}\n", matched);
    }
    while (reader->take_next_sample(&sample, &info) == ReturnCode_t::RETCODE_OK) {
      if (!info.valid_data) continue;
      received++;
      const auto& stamp = sample.header_().stamp_();
      if (echo) print_sample(sample);
      else if (!sample.effort_().empty())
        statistics_add(&statistics, (long)sample.effort_()[0],
                       (uint64_t)stamp.sec_() * 1000000000ull + stamp.nanosec_());
    }
  }
  if (!echo) statistics_print(&statistics);
}

int main(int argc, char** argv) {
  const arguments a = parse_arguments(argc, argv);
  if (std::string(a.kind) != "joint") {
    fprintf(stderr, "unknown kind %s, expected joint\n", a.kind);
    return 2;
  }
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  auto* participant = make_participant(a);
  TypeSupport type(new JointStateType());
  type.register_type(participant);
  auto* topic = required(participant->create_topic(a.topic, type.get_type_name(), TOPIC_QOS_DEFAULT), "topic");
  if (std::string(a.mode) == "pub") publish(a, participant, topic);
  else subscribe(a, participant, topic);
  leave(0);
}
