/* Prints samples as Cyclone DDS serializes them, one JSON line each: the origin of
 * test/golden/ros/cyclone-cdr.jsonl. The writer and the reader live in this process; the reader takes
 * the serialized form. Frame ids of 0 to 8 letters move every later member through all alignments. */
#include "../common/json.h"
#include "dds/ddsi/ddsi_serdata.h"
#include "ros-kinds.h"

static void check(dds_return_t result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, dds_strretcode(-result));
  exit(1);
}

static void print_serialized(const struct ddsi_serdata *data) {
  uint32_t size = ddsi_serdata_size(data);
  uint8_t *bytes = malloc(size);
  ddsi_serdata_to_ser(data, 0, size, bytes);
  for (uint32_t i = 0; i < size; i++) printf("%02x", bytes[i]);
  free(bytes);
}

static void dump(dds_entity_t participant, const struct ros_kind *kind, const struct arguments *a,
                 const char *frame_id) {
  dds_entity_t topic = dds_create_topic(participant, kind->descriptor, kind->name, NULL, NULL);
  check(topic, "topic");
  dds_entity_t reader = dds_create_reader(participant, topic, NULL, NULL);
  dds_entity_t writer = dds_create_writer(participant, topic, NULL, NULL);
  check(writer, "writer");
  void *sample = kind->make(a, frame_id);
  kind->mark(sample, 7, 1700000000ull * 1000000000ull + 123456789ull);
  check(dds_write(writer, sample), "write");
  struct ddsi_serdata *data = NULL;
  dds_sample_info_t info;
  if (dds_takecdr(reader, &data, 1, &info, DDS_ANY_STATE) != 1) {
    fprintf(stderr, "the sample did not come back\n");
    exit(1);
  }
  printf("{\"message\":{\"kind\":\"%s\"", kind->name);
  kind->print(sample);
  printf("},\"cdr\":\"");
  print_serialized(data);
  printf("\"}\n");
  ddsi_serdata_unref(data);
  dds_delete(writer);
  dds_delete(reader);
  dds_delete(topic);
}

int main(void) {
  static const char *const kinds[] = { "joint", "trajectory", "compressed" };
  dds_entity_t participant = dds_create_participant(0, NULL, NULL);
  check(participant, "participant");
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    for (int letters = 0; letters <= 8; letters++) {
      char frame_id[9] = "";
      memset(frame_id, 'f', (size_t)letters);
      struct arguments a = { .joints = letters % 5, .points = letters % 4, .bytes = letters };
      dump(participant, find_kind(kinds[k]), &a, frame_id);
    }
  }
  dds_delete(participant);
  return 0;
}
