/* AddTwoInts on Eclipse Cyclone DDS, as rmw_cyclonedds does services. Options and output: ../README.md */
#include <signal.h>
#include <unistd.h>
#include "../common/arguments.h"
#include "../common/statistics.h"
#include "AddTwoIntsHeader.h"
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
  dds_entity_t participant, requests, responses;
  double end_s;
};

/* One is a reader and the other a writer: which, is the difference between a server and a client. */
static struct ends open_ends(const struct arguments *a, bool serving) {
  struct ends ends = { .end_s = now_s() + a->seconds };
  char name[256];
  dds_qos_t *qos = dds_create_qos();
  dds_qset_reliability(qos, DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
  dds_qset_history(qos, DDS_HISTORY_KEEP_LAST, 10);
  ends.participant = check(dds_create_participant((dds_domainid_t)a->domain, NULL, NULL), "participant");
  snprintf(name, sizeof name, "rq/%sRequest", a->topic);
  dds_entity_t rq = check(dds_create_topic(ends.participant,
      &example_interfaces_srv_dds__AddTwoInts_Request__desc, name, NULL, NULL), "request topic");
  snprintf(name, sizeof name, "rr/%sReply", a->topic);
  dds_entity_t rr = check(dds_create_topic(ends.participant,
      &example_interfaces_srv_dds__AddTwoInts_Response__desc, name, NULL, NULL), "reply topic");
  ends.requests = check(serving ? dds_create_reader(ends.participant, rq, qos, NULL)
                                : dds_create_writer(ends.participant, rq, qos, NULL), "requests");
  ends.responses = check(serving ? dds_create_writer(ends.participant, rr, qos, NULL)
                                 : dds_create_reader(ends.participant, rr, qos, NULL), "responses");
  return ends;
}

static bool take(dds_entity_t reader, void *sample) {
  void *samples[1] = { sample };
  dds_sample_info_t info;
  return dds_take(reader, samples, &info, 1, 1) == 1 && info.valid_data;
}

/* As rmw_cyclonedds does before it answers: a reply to a reader not yet known would be lost. */
static void wait_for_client(const struct ends *ends) {
  dds_publication_matched_status_t out = { 0 };
  const double end_s = now_s() + 1;
  do {
    check(dds_get_publication_matched_status(ends->responses, &out), "matched");
    if (out.current_count > 0) return;
    dds_sleepfor(DDS_MSECS(1));
  } while (!stopping && now_s() < end_s);
}

static void serve(const struct arguments *a) {
  struct ends ends = open_ends(a, true);
  printf("{\"event\":\"ready\"}\n");
  while (!stopping && now_s() < ends.end_s) {
    request_t request;
    if (!take(ends.requests, &request)) {
      dds_sleepfor(DDS_USECS(200));
      continue;
    }
    response_t response = { request.client_, request.number_, request.a_ + request.b_ };
    wait_for_client(&ends);
    check(dds_write(ends.responses, &response), "response");
    printf("{\"event\":\"served\",\"a\":%lld,\"b\":%lld}\n", (long long)request.a_, (long long)request.b_);
  }
}

static void wait_for_server(const struct ends *ends) {
  dds_publication_matched_status_t out = { 0 };
  dds_subscription_matched_status_t in = { 0 };
  while (!stopping && (out.current_count == 0 || in.current_count == 0)) {
    if (now_s() > ends->end_s) exit(3);
    check(dds_get_publication_matched_status(ends->requests, &out), "matched");
    check(dds_get_subscription_matched_status(ends->responses, &in), "matched");
    dds_sleepfor(DDS_MSECS(2));
  }
}

static void call(const struct arguments *a) {
  struct ends ends = open_ends(a, false);
  const uint64_t client = ((uint64_t)getpid() << 32) ^ now_ns();
  printf("{\"event\":\"ready\"}\n");
  wait_for_server(&ends);
  printf("{\"event\":\"matched\",\"count\":1}\n");
  for (long number = 1; !stopping && number <= a->count; number++) {
    const uint64_t start_ns = now_ns();
    request_t request = { client, number, number, 1000000 * number };
    response_t response = { 0 };
    check(dds_write(ends.requests, &request), "request");
    while (!stopping && now_s() < ends.end_s) {
      if (take(ends.responses, &response) && response.client_ == client && response.number_ == number) break;
      dds_sleepfor(DDS_USECS(200));
    }
    if (response.number_ != number) break;
    printf("{\"event\":\"reply\",\"sum\":%lld,\"tookUs\":%.1f}\n", (long long)response.sum_,
           (double)(now_ns() - start_ns) / 1000);
  }
  dds_delete(ends.participant);
}

int main(int argc, char **argv) {
  struct arguments a = parse_arguments(argc, argv);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!strcmp(a.mode, "serve")) serve(&a);
  else call(&a);
  return 0;
}
