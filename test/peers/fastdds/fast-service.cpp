// AddTwoInts on eProsima Fast DDS, as rmw_fastrtps does services. Options and output: ../README.md
#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/dds/topic/Topic.hpp>
#include <fastdds/rtps/common/WriteParams.h>

#include <csignal>
#include <string>

#include "../common/arguments.h"
#include "../common/statistics.h"
#include "AddTwoIntsPubSubTypes.h"

using namespace eprosima::fastdds::dds;
using eprosima::fastrtps::rtps::GUID_t;
using eprosima::fastrtps::rtps::WriteParams;
using Request = example_interfaces::srv::dds_::AddTwoInts_Request_;
using Response = example_interfaces::srv::dds_::AddTwoInts_Response_;
using RequestType = example_interfaces::srv::dds_::AddTwoInts_Request_PubSubType;
using ResponseType = example_interfaces::srv::dds_::AddTwoInts_Response_PubSubType;

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

// One is a reader and the other a writer: which, is the difference between a server and a client.
struct Ends {
  Topic* requests;
  Topic* responses;
  Publisher* publisher;
  Subscriber* subscriber;
  double end_s;

  explicit Ends(const arguments& a) : end_s(now_s() + a.seconds) {
    auto* participant = required(
        DomainParticipantFactory::get_instance()->create_participant(a.domain, PARTICIPANT_QOS_DEFAULT),
        "participant");
    const std::string name = a.topic;
    requests = make_topic(participant, new RequestType(), "rq/" + name + "Request");
    responses = make_topic(participant, new ResponseType(), "rr/" + name + "Reply");
    publisher = required(participant->create_publisher(PUBLISHER_QOS_DEFAULT), "publisher");
    subscriber = required(participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT), "subscriber");
  }
  DataWriter* writer(Topic* topic) const {
    DataWriterQos qos = DATAWRITER_QOS_DEFAULT;
    qos.reliability().kind = RELIABLE_RELIABILITY_QOS;
    qos.durability().kind = VOLATILE_DURABILITY_QOS;
    qos.history().depth = 10;
    qos.data_sharing().off();
    return required(publisher->create_datawriter(topic, qos), "writer");
  }
  DataReader* reader(Topic* topic) const {
    DataReaderQos qos = DATAREADER_QOS_DEFAULT;
    qos.reliability().kind = RELIABLE_RELIABILITY_QOS;
    qos.history().depth = 10;
    qos.data_sharing().off();
    return required(subscriber->create_datareader(topic, qos), "reader");
  }

 private:
  static Topic* make_topic(DomainParticipant* participant, TopicDataType* data, const std::string& name) {
    TypeSupport type(data);
    type.register_type(participant);
    return required(participant->create_topic(name, type.get_type_name(), TOPIC_QOS_DEFAULT), "topic");
  }
};

/* As rmw_fastrtps does before it answers: a reply to a reader not yet known would be lost. */
static void wait_for_client(DataWriter* responses) {
  PublicationMatchedStatus out;
  const double end_s = now_s() + 1;
  do {
    responses->get_publication_matched_status(out);
    if (out.current_count > 0) return;
    sleep_until_s(now_s() + 0.001);
  } while (!stopping && now_s() < end_s);
}

static void serve(const arguments& a) {
  const Ends ends(a);
  auto* requests = ends.reader(ends.requests);
  auto* responses = ends.writer(ends.responses);
  printf("{\"event\":\"ready\"}\n");
  Request request;
  SampleInfo info;
  while (!stopping && now_s() < ends.end_s) {
    requests->wait_for_unread_message({0, 20000000});
    while (requests->take_next_sample(&request, &info) == ReturnCode_t::RETCODE_OK) {
      if (!info.valid_data) continue;
      // A client of rmw_fastrtps says here which reader waits for the response.
      const GUID_t& reader = info.related_sample_identity.writer_guid();
      WriteParams params;
      params.related_sample_identity(info.sample_identity);
      if (reader != GUID_t::unknown()) params.related_sample_identity().writer_guid(reader);
      Response response;
      response.sum_(request.a_() + request.b_());
      wait_for_client(responses);
      responses->write(&response, params);
      printf("{\"event\":\"served\",\"a\":%ld,\"b\":%ld}\n", (long)request.a_(), (long)request.b_());
    }
  }
}

static void wait_for_server(const Ends& ends, DataWriter* requests, DataReader* responses) {
  PublicationMatchedStatus out;
  SubscriptionMatchedStatus in;
  do {
    if (stopping || now_s() > ends.end_s) leave(3);
    sleep_until_s(now_s() + 0.002);
    requests->get_publication_matched_status(out);
    responses->get_subscription_matched_status(in);
  } while (out.current_count == 0 || in.current_count == 0);
}

static bool await_response(const Ends& ends, DataReader* responses, const GUID_t& own,
                           const WriteParams& asked, Response& response) {
  SampleInfo info;
  while (!stopping && now_s() < ends.end_s) {
    responses->wait_for_unread_message({0, 20000000});
    while (responses->take_next_sample(&response, &info) == ReturnCode_t::RETCODE_OK) {
      const auto& answered = info.related_sample_identity;
      const bool is_ours = answered.writer_guid() == own ||
                           answered.writer_guid() == asked.sample_identity().writer_guid();
      if (info.valid_data && is_ours &&
          answered.sequence_number() == asked.sample_identity().sequence_number())
        return true;
    }
  }
  return false;
}

static void call(const arguments& a) {
  const Ends ends(a);
  auto* requests = ends.writer(ends.requests);
  auto* responses = ends.reader(ends.responses);
  printf("{\"event\":\"ready\"}\n");
  wait_for_server(ends, requests, responses);
  printf("{\"event\":\"matched\",\"count\":1}\n");
  for (long number = 1; !stopping && number <= a.count; number++) {
    const uint64_t start_ns = now_ns();
    Request request;
    request.a_(number);
    request.b_(1000000 * number);
    WriteParams params;
    params.related_sample_identity().writer_guid(responses->guid());
    requests->write(&request, params);
    Response response;
    if (!await_response(ends, responses, responses->guid(), params, response)) break;
    printf("{\"event\":\"reply\",\"sum\":%ld,\"tookUs\":%.1f}\n", (long)response.sum_(),
           (double)(now_ns() - start_ns) / 1000);
  }
}

int main(int argc, char** argv) {
  const arguments a = parse_arguments(argc, argv);
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (std::string(a.mode) == "serve") serve(a);
  else call(a);
  leave(0);
}
