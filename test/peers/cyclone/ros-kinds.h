/* The message types this peer can send, print and measure. */
#ifndef ROS_KINDS_H
#define ROS_KINDS_H
#include <stdbool.h>
#include <stdint.h>
#include "../common/arguments.h"
#include "dds/dds.h"

struct ros_kind {
  const char *name;
  const dds_topic_descriptor_t *descriptor;
  /* A sample with the content described in ../README.md; lives until the process ends. */
  void *(*make)(const struct arguments *a, const char *frame_id);
  /* Puts a sequence number and a time into it; NULL: this kind is never sent. */
  void (*mark)(void *sample, long sequence, uint64_t stamp_ns);
  /* Reads them back; false if the sample carries none. */
  bool (*read_mark)(const void *sample, long *sequence, uint64_t *stamp_ns);
  /* The members after `"event":"sample"`. */
  void (*print)(const void *sample);
};

/* Exits with a list of kinds if there is none of that name. */
const struct ros_kind *find_kind(const char *name);
#endif
