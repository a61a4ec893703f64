/* Prints what Cyclone DDS learns of other participants until stopped, one JSON line each: their user
 * data, their writers with type and user data, and the nodes of ros_discovery_info. */
#include <signal.h>
#include "../common/json.h"
#include "../common/statistics.h"
#include "RosGraph.h"
#include "dds/dds.h"

typedef rmw_dds_common_msg_dds__ParticipantEntitiesInfo_ participant_info;
typedef rmw_dds_common_msg_dds__NodeEntitiesInfo_ node_info;

static volatile sig_atomic_t stopping = 0;
static void stop(int number) {
  (void)number;
  stopping = 1;
}
static void print_user_data(const dds_qos_t *qos) {
  void *bytes = NULL;
  size_t count = 0;
  if (qos) dds_qget_userdata(qos, &bytes, &count);
  /* ROS puts text there; dds_qget_userdata ends it with a zero byte. */
  printf(",\"userData\":");
  json_string(count ? bytes : "");
  dds_free(bytes);
}
static void print_participant(const void *sample) {
  printf("{\"event\":\"participant\"");
  print_user_data(((const dds_builtintopic_participant_t *)sample)->qos);
  printf("}\n");
}
static void print_writer(const void *sample) {
  const dds_builtintopic_endpoint_t *writer = sample;
  if (!strncmp(writer->topic_name, "DCPS", 4)) return;
  printf("{\"event\":\"writer\",\"topic\":");
  json_string(writer->topic_name);
  printf(",\"type\":");
  json_string(writer->type_name);
  print_user_data(writer->qos);
  printf("}\n");
}
static void print_nodes(const void *sample) {
  const participant_info *info = sample;
  for (uint32_t i = 0; i < info->node_entities_info_seq_._length; i++) {
    const node_info *node = &info->node_entities_info_seq_._buffer[i];
    printf("{\"event\":\"node\",\"namespace\":");
    json_string(node->node_namespace_);
    printf(",\"name\":");
    json_string(node->node_name_);
    printf(",\"readerCount\":%u,\"writerCount\":%u}\n", node->reader_gid_seq_._length,
           node->writer_gid_seq_._length);
  }
}
static void take_all(dds_entity_t reader, void (*print)(const void *)) {
  void *samples[16] = { NULL };
  dds_sample_info_t info[16];
  int taken = dds_take(reader, samples, info, 16, 16);
  for (int i = 0; i < taken; i++)
    if (info[i].valid_data) print(samples[i]);
  if (taken > 0) dds_return_loan(reader, samples, taken);
}

int main(int argc, char **argv) {
  double end_s = now_s() + (argc > 1 ? atof(argv[1]) : 30);
  dds_domainid_t domain = argc > 2 ? (dds_domainid_t)atoi(argv[2]) : 0;
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  setvbuf(stdout, NULL, _IOLBF, 0);
  dds_entity_t participant = dds_create_participant(domain, NULL, NULL);
  if (participant < 0) return 1;
  dds_entity_t topic = dds_create_topic(
      participant, &rmw_dds_common_msg_dds__ParticipantEntitiesInfo__desc, "ros_discovery_info", NULL, NULL);
  dds_qos_t *qos = dds_create_qos();
  dds_qset_reliability(qos, DDS_RELIABILITY_RELIABLE, DDS_SECS(1));
  dds_qset_durability(qos, DDS_DURABILITY_TRANSIENT_LOCAL);
  dds_qset_history(qos, DDS_HISTORY_KEEP_ALL, DDS_LENGTH_UNLIMITED);
  dds_entity_t nodes = dds_create_reader(participant, topic, qos, NULL);
  dds_entity_t writers = dds_create_reader(participant, DDS_BUILTIN_TOPIC_DCPSPUBLICATION, NULL, NULL);
  dds_entity_t participants = dds_create_reader(participant, DDS_BUILTIN_TOPIC_DCPSPARTICIPANT, NULL, NULL);
  printf("{\"event\":\"ready\"}\n");
  while (!stopping && now_s() < end_s) {
    take_all(participants, print_participant);
    take_all(writers, print_writer);
    take_all(nodes, print_nodes);
    dds_sleepfor(DDS_MSECS(10));
  }
  dds_delete(participant);
  return 0;
}
