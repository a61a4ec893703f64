/* An independent ROS 2 wire peer on Eclipse Cyclone DDS. Options and output: ../README.md */
#include <signal.h>
#include "../common/arguments.h"
#include "../common/statistics.h"
#include "ros-kinds.h"

static volatile sig_atomic_t stopping = 0;
static void stop(int number) {
  (void)number;
  stopping = 1;
}
static void check(dds_return_t result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, dds_strretcode(-result));
  exit(1);
}

static dds_qos_t *make_qos(const struct arguments *a) {
  dds_qos_t *q = dds_create_qos();
  dds_qset_reliability(
      q, a->best_effort ? DDS_RELIABILITY_BEST_EFFORT : DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
  dds_qset_durability(q, a->transient_local ? DDS_DURABILITY_TRANSIENT_LOCAL : DDS_DURABILITY_VOLATILE);
  dds_qset_history(q, DDS_HISTORY_KEEP_LAST, a->depth);
  if (a->transient_local)
    dds_qset_durability_service(q, 0, DDS_HISTORY_KEEP_LAST, a->depth, DDS_LENGTH_UNLIMITED,
                                DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED);
  if (a->deadline_s > 0) dds_qset_deadline(q, (dds_duration_t)(a->deadline_s * 1e9));
  if (a->alive_s > 0) dds_qset_liveliness(q, DDS_LIVELINESS_AUTOMATIC, (dds_duration_t)(a->alive_s * 1e9));
  return q;
}

/* Waits until `readers` are matched. Exit code 3 tells a test that discovery failed, not delivery. */
static void wait_for_readers(dds_entity_t writer, const struct arguments *a, double end_s) {
  dds_publication_matched_status_t status = { 0 };
  while (!stopping) {
    check(dds_get_publication_matched_status(writer, &status), "matched status");
    if ((int)status.current_count >= a->readers) break;
    if (now_s() > end_s) {
      fprintf(stderr, "%u of %d readers matched\n", status.current_count, a->readers);
      exit(3);
    }
    dds_sleepfor(DDS_MSECS(2));
  }
  printf("{\"event\":\"matched\",\"count\":%u}\n", status.current_count);
  if (a->readers > 0) sleep_until_s(now_s() + settle_s);
}

static void publish(const struct arguments *a, const struct ros_kind *kind, dds_entity_t writer) {
  double start_s = now_s(), end_s = start_s + a->seconds;
  wait_for_readers(writer, a, end_s);
  void *sample = kind->make(a, "base");
  long sent = 0, failed = 0;
  double cpu_start_s = cpu_s(), measured_from_s = now_s();
  start_s = measured_from_s;
  while (!stopping && (a->count == 0 || sent < a->count) && now_s() < end_s) {
    if (a->rate_hz > 0) sleep_until_s(start_s + (double)sent / a->rate_hz);
    if (sent == a->warm_up) cpu_start_s = cpu_s(), measured_from_s = now_s();
    kind->mark(sample, sent, now_ns());
    if (dds_write(writer, sample) < 0) failed++;
    sent++;
  }
  double elapsed_s = now_s() - measured_from_s;
  printf("{\"event\":\"sent\",\"count\":%ld,\"failed\":%ld,\"rateHz\":%.1f,\"cpuRatio\":%.4f}\n", sent,
         failed, (double)(sent - a->warm_up) / elapsed_s, (cpu_s() - cpu_start_s) / elapsed_s);
  if (!a->best_effort && !stopping) {
    dds_return_t result = dds_wait_for_acks(writer, DDS_SECS(3));
    printf("{\"event\":\"acknowledged\",\"all\":%s}\n", result == 0 ? "true" : "false");
  }
  double linger_end_s = now_s() + a->linger_s;
  while (!stopping && now_s() < linger_end_s) dds_sleepfor(DDS_MSECS(10));
}

static void report_matches(dds_entity_t reader, uint32_t *known) {
  dds_subscription_matched_status_t status;
  check(dds_get_subscription_matched_status(reader, &status), "matched status");
  if (status.current_count == *known) return;
  *known = status.current_count;
  printf("{\"event\":\"matched\",\"count\":%u}\n", *known);
}

/* What a writer promised and did or did not keep; only where the options ask for it. */
static void report_promises(dds_entity_t reader, const struct arguments *a) {
  dds_requested_deadline_missed_status_t deadline;
  dds_liveliness_changed_status_t alive;
  check(dds_get_requested_deadline_missed_status(reader, &deadline), "deadline status");
  check(dds_get_liveliness_changed_status(reader, &alive), "liveliness status");
  if (a->deadline_s > 0 && deadline.total_count_change != 0)
    printf("{\"event\":\"deadline-missed\",\"count\":%u}\n", deadline.total_count);
  if (a->alive_s > 0 && (alive.alive_count_change != 0 || alive.not_alive_count_change != 0))
    printf("{\"event\":\"liveliness-changed\",\"aliveCount\":%u,\"notAliveCount\":%u}\n",
           alive.alive_count, alive.not_alive_count);
}

static void subscribe(const struct arguments *a, const struct ros_kind *kind, dds_entity_t reader) {
  bool echo = !strcmp(a->mode, "echo");
  dds_entity_t waitset = dds_create_waitset(dds_get_participant(reader));
  dds_entity_t condition = dds_create_readcondition(reader, DDS_ANY_STATE);
  check(dds_waitset_attach(waitset, condition, 0), "waitset");
  struct statistics statistics;
  statistics_open(&statistics, a->warm_up);
  void *samples[64] = { NULL };
  dds_sample_info_t info[64];
  uint32_t matched = 0;
  long received = 0;
  double end_s = now_s() + a->seconds;
  while (!stopping && now_s() < end_s && (a->count == 0 || received < a->count)) {
    dds_waitset_wait(waitset, NULL, 0, DDS_MSECS(20));
    report_matches(reader, &matched);
    report_promises(reader, a);
    int taken = dds_take(reader, samples, info, 64, 64);
    check(taken, "take");
    for (int i = 0; i < taken; i++) {
      long sequence;
      uint64_t stamp_ns;
      if (!info[i].valid_data) continue;
      received++;
      if (echo) {
        printf("{\"event\":\"sample\"");
        kind->print(samples[i]);
        printf("}\n");
      } else if (kind->read_mark(samples[i], &sequence, &stamp_ns)) {
        statistics_add(&statistics, sequence, stamp_ns);
      }
    }
    if (taken > 0) dds_return_loan(reader, samples, taken);
  }
  if (!echo) statistics_print(&statistics);
}

/* Cyclone DDS reads its lease from the configuration only; a later document adds to the ones before. */
static void set_lease(double lease_s) {
  const char *before = getenv("CYCLONEDDS_URI");
  char text[4096];
  snprintf(text, sizeof text,
           "%s%s<CycloneDDS><Domain><Discovery><LeaseDuration>%.3fs</LeaseDuration></Discovery></Domain></CycloneDDS>",
           before ? before : "", before && *before ? "," : "", lease_s);
  setenv("CYCLONEDDS_URI", text, 1);
}

int main(int argc, char **argv) {
  struct arguments a = parse_arguments(argc, argv);
  const struct ros_kind *kind = find_kind(a.kind);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (a.lease_s > 0) set_lease(a.lease_s);
  dds_entity_t participant = dds_create_participant((dds_domainid_t)a.domain, NULL, NULL);
  check(participant, "participant");
  dds_entity_t topic = dds_create_topic(participant, kind->descriptor, a.topic, NULL, NULL);
  check(topic, "topic");
  dds_qos_t *qos = make_qos(&a);
  bool publishing = !strcmp(a.mode, "pub");
  if (publishing && kind->make == NULL) {
    fprintf(stderr, "%s can only be received\n", kind->name);
    return 2;
  }
  dds_entity_t end = publishing ? dds_create_writer(participant, topic, qos, NULL)
                                : dds_create_reader(participant, topic, qos, NULL);
  check(end, publishing ? "writer" : "reader");
  printf("{\"event\":\"ready\"}\n");
  if (publishing) publish(&a, kind, end);
  else subscribe(&a, kind, end);
  dds_delete(participant);
  return 0;
}
