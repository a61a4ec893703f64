/* A service server and client on Cyclone DDS that call as rmw_cyclonedds does. Options: ../README.md */
#include <signal.h>
#include <time.h>
#include "../common/arguments.h"
#include "AddTwoInts.h"
#include "dds/dds.h"

typedef example_interfaces_srv_dds__AddTwoInts_Request_ request_t;
typedef example_interfaces_srv_dds__AddTwoInts_Response_ response_t;

static volatile sig_atomic_t stopping = 0;
static void stop(int number) {
  (void)number;
  stopping = 1;
}
static dds_entity_t check(dds_entity_t result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "%s: %s\n", what, dds_strretcode(-result));
  exit(1);
}

struct ends {
  dds_entity_t requests, responses;
};

/* rmw_qos_profile_services_default */
static struct ends open_ends(const struct arguments *a, dds_entity_t participant, bool serving) {
  char request_name[256], response_name[256];
  snprintf(request_name, sizeof request_name, "rq%sRequest", a->topic);
  snprintf(response_name, sizeof response_name, "rr%sReply", a->topic);
  dds_qos_t *qos = dds_create_qos();
  dds_qset_reliability(qos, DDS_RELIABILITY_RELIABLE, DDS_SECS(1));
  dds_qset_history(qos, DDS_HISTORY_KEEP_LAST, 10);
  dds_entity_t request_topic = check(
      dds_create_topic(participant, &example_interfaces_srv_dds__AddTwoInts_Request__desc,
                       request_name, NULL, NULL), "request topic");
  dds_entity_t response_topic = check(
      dds_create_topic(participant, &example_interfaces_srv_dds__AddTwoInts_Response__desc,
                       response_name, NULL, NULL), "response topic");
  struct ends ends;
  ends.requests = serving ? dds_create_reader(participant, request_topic, qos, NULL)
                          : dds_create_writer(participant, request_topic, qos, NULL);
  ends.responses = serving ? dds_create_writer(participant, response_topic, qos, NULL)
                           : dds_create_reader(participant, response_topic, qos, NULL);
  check(ends.requests, "requests");
  check(ends.responses, "responses");
  return ends;
}

static double now_s(void) { return (double)dds_time() / 1e9; }

static void serve(const struct arguments *a, struct ends ends) {
  double end_s = now_s() + a->seconds;
  long answered = 0;
  while (!stopping && now_s() < end_s && (a->count == 0 || answered < a->count)) {
    request_t request;
    void *sample = &request;
    dds_sample_info_t info;
    if (dds_take(ends.requests, &sample, &info, 1, 1) != 1 || !info.valid_data) {
      dds_sleepfor(DDS_MSECS(1));
      continue;
    }
    printf("{\"event\":\"request\",\"a\":%lld,\"b\":%lld}\n", (long long)request.a_, (long long)request.b_);
    response_t response = { request.client_, request.sequence_, request.a_ + request.b_ };
    check(dds_write(ends.responses, &response), "respond");
    answered++;
  }
}

/* Both directions matched, as rmw_service_server_is_available wants it. */
static void wait_for_server(const struct arguments *a, struct ends ends) {
  dds_publication_matched_status_t sending = { 0 };
  dds_subscription_matched_status_t receiving = { 0 };
  double end_s = now_s() + a->seconds;
  while (!stopping && (sending.current_count == 0 || receiving.current_count == 0)) {
    dds_get_publication_matched_status(ends.requests, &sending);
    dds_get_subscription_matched_status(ends.responses, &receiving);
    if (now_s() > end_s) exit(3);
    dds_sleepfor(DDS_MSECS(1));
  }
  printf("{\"event\":\"matched\"}\n");
}

static bool answered(struct ends ends, const request_t *request) {
  double end_s = now_s() + 3;
  while (!stopping && now_s() < end_s) {
    response_t response;
    void *sample = &response;
    dds_sample_info_t info;
    if (dds_take(ends.responses, &sample, &info, 1, 1) != 1 || !info.valid_data) {
      dds_sleepfor(DDS_MSECS(1));
      continue;
    }
    if (response.client_ != request->client_ || response.sequence_ != request->sequence_) continue;
    printf("{\"event\":\"response\",\"sum\":%lld}\n", (long long)response.sum_);
    return true;
  }
  printf("{\"event\":\"timeout\"}\n");
  return false;
}

static void call(const struct arguments *a, struct ends ends) {
  wait_for_server(a, ends);
  dds_instance_handle_t client;
  check(dds_get_instance_handle(ends.requests, &client), "handle");
  for (long i = 0; i < a->count && !stopping; i++) {
    request_t request = { client, i + 1, i, 1000 };
    check(dds_write(ends.requests, &request), "call");
    answered(ends, &request);
  }
}

int main(int argc, char **argv) {
  struct arguments a = parse_arguments(argc, argv);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  setvbuf(stdout, NULL, _IOLBF, 0);
  dds_entity_t participant = check(dds_create_participant((dds_domainid_t)a.domain, NULL, NULL), "participant");
  bool serving = !strcmp(a.mode, "serve");
  struct ends ends = open_ends(&a, participant, serving);
  printf("{\"event\":\"ready\"}\n");
  if (serving) serve(&a, ends);
  else call(&a, ends);
  printf("{\"event\":\"done\"}\n");
  double linger_end_s = now_s() + a.linger_s;
  while (!stopping && now_s() < linger_end_s) dds_sleepfor(DDS_MSECS(10));
  dds_delete(participant);
  return 0;
}
