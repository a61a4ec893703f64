// A service server and client on Fast DDS that call as rmw_fastrtps does. Options: ../README.md
#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/dds/topic/Topic.hpp>
#include <fastdds/rtps/common/WriteParams.h>
#include <fastdds/rtps/transport/UDPv4TransportDescriptor.h>
#include <fastdds/rtps/transport/shared_mem/SharedMemTransportDescriptor.h>
#include <fastrtps/utils/IPLocator.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "../common/arguments.h"
#include "AddTwoIntsPubSubTypes.h"

using namespace eprosima::fastdds::dds;
using namespace example_interfaces::srv::dds_;
using eprosima::fastrtps::rtps::GUID_t;
using eprosima::fastrtps::rtps::WriteParams;
using clock_type = std::chrono::steady_clock;

static volatile std::sig_atomic_t stopping = 0;
static void stop(int) { stopping = 1; }

[[noreturn]] static void leave(int code) {
  fflush(stdout);
  _Exit(code);
}
template <class T>
static T* required(T* made, const char* what) {
  if (made != nullptr) return made;
  fprintf(stderr, "%s could not be made\n", what);
  leave(1);
}
static void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }
static clock_type::time_point in(double seconds) {
  return clock_type::now() + std::chrono::milliseconds((long)(seconds * 1000));
}

// As rmw_fastrtps does for ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST.
static void discover_on_localhost(DomainParticipantQos& qos) {
  using eprosima::fastrtps::rtps::IPLocator;
  eprosima::fastrtps::rtps::Locator_t any, peer;
  auto& builtin = qos.wire_protocol().builtin;
  builtin.metatrafficMulticastLocatorList.clear();
  builtin.metatrafficUnicastLocatorList.push_back(any);
  IPLocator::setIPv4(peer, "127.0.0.1");
  builtin.initialPeersList.push_back(peer);
  auto udp = std::make_shared<eprosima::fastdds::rtps::UDPv4TransportDescriptor>();
  udp->maxInitialPeersRange = 32;
  qos.transport().use_builtin_transports = false;
  qos.transport().user_transports.push_back(
      std::make_shared<eprosima::fastdds::rtps::SharedMemTransportDescriptor>());
  qos.transport().user_transports.push_back(udp);
}

template <class Qos>
static Qos services_qos(Qos qos) {
  qos.reliability().kind = RELIABLE_RELIABILITY_QOS;
  qos.durability().kind = VOLATILE_DURABILITY_QOS;
  qos.history().kind = KEEP_LAST_HISTORY_QOS;
  qos.history().depth = 10;
  qos.endpoint().history_memory_policy =
      eprosima::fastrtps::rtps::PREALLOCATED_WITH_REALLOC_MEMORY_MODE;
  qos.data_sharing().off();
  return qos;
}

struct Ends {
  DataReader* reader;
  DataWriter* writer;
};

static Ends open_ends(const arguments& a, DomainParticipant* participant, bool serving) {
  TypeSupport request_type(new AddTwoInts_Request_PubSubType());
  TypeSupport response_type(new AddTwoInts_Response_PubSubType());
  request_type.register_type(participant);
  response_type.register_type(participant);
  const std::string name = a.topic;
  auto* requests = required(participant->create_topic("rq" + name + "Request", request_type.get_type_name(),
                                                      TOPIC_QOS_DEFAULT), "request topic");
  auto* responses = required(participant->create_topic("rr" + name + "Reply", response_type.get_type_name(),
                                                       TOPIC_QOS_DEFAULT), "response topic");
  auto* subscriber = required(participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT), "subscriber");
  auto* publisher = required(participant->create_publisher(PUBLISHER_QOS_DEFAULT), "publisher");
  Ends ends;
  ends.reader = required(subscriber->create_datareader(serving ? requests : responses,
                                                       services_qos(DataReaderQos(DATAREADER_QOS_DEFAULT))), "reader");
  ends.writer = required(publisher->create_datawriter(serving ? responses : requests,
                                                      services_qos(DataWriterQos(DATAWRITER_QOS_DEFAULT))), "writer");
  return ends;
}

static void serve(const arguments& a, Ends ends) {
  const auto end = in(a.seconds);
  long answered = 0;
  while (!stopping && clock_type::now() < end && (a.count == 0 || answered < a.count)) {
    AddTwoInts_Request_ request;
    SampleInfo info;
    if (ends.reader->take_next_sample(&request, &info) != ReturnCode_t::RETCODE_OK || !info.valid_data) {
      rest();
      continue;
    }
    printf("{\"event\":\"request\",\"a\":%lld,\"b\":%lld}\n", (long long)request.a_(), (long long)request.b_());
    WriteParams params;
    params.related_sample_identity() = info.sample_identity;
    // The reader the client wants named, where it says so.
    const GUID_t& named = info.related_sample_identity.writer_guid();
    if (named != GUID_t::unknown()) params.related_sample_identity().writer_guid() = named;
    AddTwoInts_Response_ response;
    response.sum_(request.a_() + request.b_());
    ends.writer->write(&response, params);
    answered++;
  }
}

static void wait_for_server(const arguments& a, Ends ends) {
  PublicationMatchedStatus sending;
  SubscriptionMatchedStatus receiving;
  const auto end = in(a.seconds);
  do {
    ends.writer->get_publication_matched_status(sending);
    ends.reader->get_subscription_matched_status(receiving);
    if (clock_type::now() > end) leave(3);
    rest();
  } while (!stopping && (sending.current_count == 0 || receiving.current_count == 0));
  printf("{\"event\":\"matched\"}\n");
}

static void await_response(Ends ends, const WriteParams& sent) {
  const auto end = in(3);
  while (!stopping && clock_type::now() < end) {
    AddTwoInts_Response_ response;
    SampleInfo info;
    if (ends.reader->take_next_sample(&response, &info) != ReturnCode_t::RETCODE_OK || !info.valid_data) {
      rest();
      continue;
    }
    const auto& related = info.related_sample_identity;
    const bool ours = related.writer_guid() == ends.reader->guid() || related.writer_guid() == ends.writer->guid();
    if (!ours || related.sequence_number() != sent.sample_identity().sequence_number()) continue;
    printf("{\"event\":\"response\",\"sum\":%lld}\n", (long long)response.sum_());
    return;
  }
  printf("{\"event\":\"timeout\"}\n");
}

static void call(const arguments& a, Ends ends) {
  wait_for_server(a, ends);
  for (long i = 0; i < a.count && !stopping; i++) {
    AddTwoInts_Request_ request;
    request.a_(i);
    request.b_(1000);
    WriteParams params;
    params.related_sample_identity().writer_guid() = ends.reader->guid();
    ends.writer->write(&request, params);
    await_response(ends, params);
  }
}

int main(int argc, char** argv) {
  const arguments a = parse_arguments(argc, argv);
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  DomainParticipantQos qos = PARTICIPANT_QOS_DEFAULT;
  if (a.localhost) discover_on_localhost(qos);
  auto* participant = required(
      DomainParticipantFactory::get_instance()->create_participant(a.domain, qos), "participant");
  const bool serving = std::string(a.mode) == "serve";
  const Ends ends = open_ends(a, participant, serving);
  printf("{\"event\":\"ready\"}\n");
  if (serving) serve(a, ends);
  else call(a, ends);
  printf("{\"event\":\"done\"}\n");
  const auto linger = in(a.linger_s);
  while (!stopping && clock_type::now() < linger) rest();
  leave(0);
}
