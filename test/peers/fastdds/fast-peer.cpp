// An independent ROS 2 wire peer on eProsima Fast DDS. Options and output: ../README.md
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

#include <unistd.h>

#include <csignal>
#include <string>

#include "../common/statistics.h"
#include "ros-kinds.h"

using namespace eprosima::fastdds::dds;
using eprosima::fastdds::rtps::SharedMemTransportDescriptor;
using eprosima::fastdds::rtps::UDPv4TransportDescriptor;
using eprosima::fastrtps::rtps::IPLocator;
using eprosima::fastrtps::rtps::Locator_t;

static volatile std::sig_atomic_t stopping = 0;
static void stop(int) { stopping = 1; }

// Leaves without destructors.
[[noreturn]] static void leave(int code) {
  fflush(stdout);
  _Exit(code);
}
[[noreturn]] static void leave_now(int) { _Exit(0); }
// Says goodbye. Fast DDS may hang for seconds when its peers have gone: then without.
[[noreturn]] static void leave_politely(DomainParticipant* participant) {
  fflush(stdout);
  std::signal(SIGALRM, leave_now);
  alarm(1);
  participant->delete_contained_entities();
  DomainParticipantFactory::get_instance()->delete_participant(participant);
  _Exit(0);
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
  if (a.lease_s > 0) {
    auto& lease = qos.wire_protocol().builtin.discovery_config;
    lease.leaseDuration = eprosima::fastrtps::Duration_t(a.lease_s);
    lease.leaseDuration_announcementperiod = eprosima::fastrtps::Duration_t(a.lease_s / 3);
  }
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
  if (a.deadline_s > 0) qos.deadline().period = eprosima::fastrtps::Duration_t(a.deadline_s);
  if (a.alive_s > 0) {
    qos.liveliness().kind = AUTOMATIC_LIVELINESS_QOS;
    qos.liveliness().lease_duration = eprosima::fastrtps::Duration_t(a.alive_s);
    qos.liveliness().announcement_period = eprosima::fastrtps::Duration_t(a.alive_s / 3);
  }
  return qos;
}

template <class Kind>
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
  if (a.readers > 0) sleep_until_s(now_s() + settle_s);
  typename Kind::Sample sample;
  Kind::make(sample, a);
  long sent = 0, failed = 0;
  const double start_s = now_s();
  double cpu_start_s = cpu_s(), measured_from_s = start_s;
  while (!stopping && (a.count == 0 || sent < a.count) && now_s() < end_s) {
    if (a.rate_hz > 0) sleep_until_s(start_s + (double)sent / a.rate_hz);
    if (sent == a.warm_up) cpu_start_s = cpu_s(), measured_from_s = now_s();
    Kind::mark(sample, sent, now_ns());
    if (!writer->write(&sample)) failed++;
    sent++;
  }
  const double elapsed_s = now_s() - measured_from_s;
  printf("{\"event\":\"sent\",\"count\":%ld,\"failed\":%ld,\"rateHz\":%.1f,\"cpuRatio\":%.4f}\n", sent,
         failed, (double)(sent - a.warm_up) / elapsed_s, (cpu_s() - cpu_start_s) / elapsed_s);
  if (!a.best_effort && !stopping) {
    const bool all = writer->wait_for_acknowledgments({3, 0}) == ReturnCode_t::RETCODE_OK;
    printf("{\"event\":\"acknowledged\",\"all\":%s}\n", all ? "true" : "false");
  }
  const double linger_end_s = now_s() + a.linger_s;
  while (!stopping && now_s() < linger_end_s) sleep_until_s(now_s() + 0.01);
}

// What a writer promised and did or did not keep; only where the options ask for it.
static void report_promises(DataReader* reader, const arguments& a) {
  RequestedDeadlineMissedStatus deadline;
  LivelinessChangedStatus alive;
  reader->get_requested_deadline_missed_status(deadline);
  reader->get_liveliness_changed_status(alive);
  if (a.deadline_s > 0 && deadline.total_count_change != 0)
    printf("{\"event\":\"deadline-missed\",\"count\":%u}\n", deadline.total_count);
  if (a.alive_s > 0 && (alive.alive_count_change != 0 || alive.not_alive_count_change != 0))
    printf("{\"event\":\"liveliness-changed\",\"aliveCount\":%d,\"notAliveCount\":%d}\n",
           alive.alive_count, alive.not_alive_count);
}

template <class Kind>
static void subscribe(const arguments& a, DomainParticipant* participant, Topic* topic) {
  const bool echo = std::string(a.mode) == "echo";
  auto* subscriber = required(participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT), "subscriber");
  const DataReaderQos qos = endpoint_qos(DataReaderQos(DATAREADER_QOS_DEFAULT), a);
  auto* reader = required(subscriber->create_datareader(topic, qos), "reader");
  printf("{\"event\":\"ready\"}\n");
  struct statistics statistics;
  statistics_open(&statistics, a.warm_up);
  int matched = 0;
  long received = 0;
  typename Kind::Sample sample;
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
    report_promises(reader, a);
    while (reader->take_next_sample(&sample, &info) == ReturnCode_t::RETCODE_OK) {
      if (!info.valid_data) continue;
      received++;
      long sequence;
      uint64_t stamp_ns;
      if (echo) {
        printf("{\"event\":\"sample\"");
        Kind::print(sample);
        printf("}\n");
      } else if (Kind::read_mark(sample, sequence, stamp_ns)) {
        statistics_add(&statistics, sequence, stamp_ns);
      }
    }
  }
  if (!echo) statistics_print(&statistics);
}

template <class Kind>
static void run(const arguments& a, DomainParticipant* participant) {
  TypeSupport type(new typename Kind::Type());
  type.register_type(participant);
  auto* topic = required(participant->create_topic(a.topic, type.get_type_name(), TOPIC_QOS_DEFAULT), "topic");
  if (std::string(a.mode) == "pub") publish<Kind>(a, participant, topic);
  else subscribe<Kind>(a, participant, topic);
}

int main(int argc, char** argv) {
  const arguments a = parse_arguments(argc, argv);
  const std::string kind = a.kind;
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  auto* participant = make_participant(a);
  if (kind == "joint") run<JointKind>(a, participant);
  else if (kind == "string") run<StringKind>(a, participant);
  else if (kind == "image") run<ImageKind>(a, participant);
  else {
    fprintf(stderr, "unknown kind %s, expected joint, string or image\n", a.kind);
    leave(2);
  }
  leave_politely(participant);
}
