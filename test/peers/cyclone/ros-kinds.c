#include "ros-kinds.h"
#include "../common/json.h"
#include "RosTypes.h"

typedef std_msgs_msg_dds__Header_ header;
typedef sensor_msgs_msg_dds__JointState_ joint_state;
typedef sensor_msgs_msg_dds__CompressedImage_ compressed_image;
typedef sensor_msgs_msg_dds__Image_ image;
typedef trajectory_msgs_msg_dds__JointTrajectory_ joint_trajectory;
typedef trajectory_msgs_msg_dds__JointTrajectoryPoint_ trajectory_point;
typedef diagnostic_msgs_msg_dds__DiagnosticArray_ diagnostic_array;
typedef std_msgs_msg_dds__String_ string_message;

static void *zeroed(size_t count, size_t size) { return calloc(count ? count : 1, size); }

static void set_stamp(header *h, uint64_t ns) {
  h->stamp_.sec_ = (int32_t)(ns / 1000000000ull);
  h->stamp_.nanosec_ = (uint32_t)(ns % 1000000000ull);
}
static uint64_t get_stamp(const header *h) {
  return (uint64_t)h->stamp_.sec_ * 1000000000ull + h->stamp_.nanosec_;
}
static void print_header(const header *h) {
  printf(",\"header\":{\"stamp\":{\"sec\":%d,\"nanosec\":%u},\"frame_id\":", h->stamp_.sec_,
         h->stamp_.nanosec_);
  json_string(h->frame_id_);
  putchar('}');
}
static char **joint_names(int count) {
  char **names = zeroed((size_t)count, sizeof *names);
  for (int i = 0; i < count; i++) {
    names[i] = malloc(16);
    snprintf(names[i], 16, "joint%d", i + 1);
  }
  return names;
}
static void fill_doubles(dds_sequence_double *sequence, int count, double first, double step) {
  sequence->_length = sequence->_maximum = (uint32_t)count;
  sequence->_buffer = zeroed((size_t)count, sizeof(double));
  for (int i = 0; i < count; i++) sequence->_buffer[i] = first + step * i;
}
/* idlc names the same sequence type anew in each struct; the layout is dds_sequence_double's. */
#define FILL(member, count, first, step) \
  fill_doubles((dds_sequence_double *)(void *)&(member), count, first, step)
#define STRINGS(member, count)                                \
  do {                                                        \
    (member)._length = (member)._maximum = (uint32_t)(count); \
    (member)._buffer = joint_names(count);                    \
  } while (0)

static void *make_joint(const struct arguments *a, const char *frame_id) {
  joint_state *m = zeroed(1, sizeof *m);
  m->header_.frame_id_ = strdup(frame_id);
  STRINGS(m->name_, a->joints);
  FILL(m->position_, a->joints, 0.25, 1);
  FILL(m->velocity_, a->joints, 0, -1);
  FILL(m->effort_, a->joints, 0, 0);
  return m;
}
static void mark_joint(void *sample, long sequence, uint64_t stamp_ns) {
  joint_state *m = sample;
  set_stamp(&m->header_, stamp_ns);
  for (uint32_t i = 0; i < m->effort_._length; i++) m->effort_._buffer[i] = (double)sequence;
}
static bool read_mark_joint(const void *sample, long *sequence, uint64_t *stamp_ns) {
  const joint_state *m = sample;
  if (m->effort_._length == 0) return false;
  *sequence = (long)m->effort_._buffer[0];
  *stamp_ns = get_stamp(&m->header_);
  return true;
}
static void print_joint(const void *sample) {
  const joint_state *m = sample;
  print_header(&m->header_);
  json_strings("name", m->name_._buffer, m->name_._length);
  json_doubles("position", m->position_._buffer, m->position_._length);
  json_doubles("velocity", m->velocity_._buffer, m->velocity_._length);
  json_doubles("effort", m->effort_._buffer, m->effort_._length);
}

static void *make_trajectory(const struct arguments *a, const char *frame_id) {
  joint_trajectory *m = zeroed(1, sizeof *m);
  m->header_.frame_id_ = strdup(frame_id);
  STRINGS(m->joint_names_, a->joints);
  m->points_._length = m->points_._maximum = (uint32_t)a->points;
  m->points_._buffer = zeroed((size_t)a->points, sizeof(trajectory_point));
  for (int k = 0; k < a->points; k++) {
    trajectory_point *p = &m->points_._buffer[k];
    FILL(p->positions_, a->joints, k + 0.25, 1);
    FILL(p->velocities_, a->joints, k, -1);
    FILL(p->accelerations_, 0, 0, 0);
    FILL(p->effort_, 0, 0, 0);
    p->time_from_start_.sec_ = k;
    p->time_from_start_.nanosec_ = 40000000u * (uint32_t)(k + 1);
  }
  return m;
}
/* The sequence number travels as the first point's first velocity. */
static void mark_trajectory(void *sample, long sequence, uint64_t stamp_ns) {
  joint_trajectory *m = sample;
  set_stamp(&m->header_, stamp_ns);
  if (m->points_._length && m->points_._buffer[0].velocities_._length)
    m->points_._buffer[0].velocities_._buffer[0] = (double)sequence;
}
static bool read_mark_trajectory(const void *sample, long *sequence, uint64_t *stamp_ns) {
  const joint_trajectory *m = sample;
  if (!m->points_._length || !m->points_._buffer[0].velocities_._length) return false;
  *sequence = (long)m->points_._buffer[0].velocities_._buffer[0];
  *stamp_ns = get_stamp(&m->header_);
  return true;
}
static void print_trajectory(const void *sample) {
  const joint_trajectory *m = sample;
  print_header(&m->header_);
  json_strings("joint_names", m->joint_names_._buffer, m->joint_names_._length);
  printf(",\"points\":[");
  for (uint32_t k = 0; k < m->points_._length; k++) {
    const trajectory_point *p = &m->points_._buffer[k];
    printf("%s{\"time_from_start\":{\"sec\":%d,\"nanosec\":%u}", k ? "," : "",
           p->time_from_start_.sec_, p->time_from_start_.nanosec_);
    json_doubles("positions", p->positions_._buffer, p->positions_._length);
    json_doubles("velocities", p->velocities_._buffer, p->velocities_._length);
    json_doubles("accelerations", p->accelerations_._buffer, p->accelerations_._length);
    json_doubles("effort", p->effort_._buffer, p->effort_._length);
    putchar('}');
  }
  putchar(']');
}

static void fill_bytes(dds_sequence_octet *sequence, int count) {
  sequence->_length = sequence->_maximum = (uint32_t)count;
  sequence->_buffer = zeroed((size_t)count, 1);
  for (int i = 4; i < count; i++) sequence->_buffer[i] = (uint8_t)(i * 31 + (i >> 8));
}
static void mark_bytes(uint8_t *bytes, uint32_t count, long sequence) {
  for (uint32_t i = 0; i < 4 && i < count; i++) bytes[i] = (uint8_t)((uint32_t)sequence >> (8 * i));
}
static bool read_mark_bytes(const uint8_t *bytes, uint32_t count, long *sequence) {
  if (count < 4) return false;
  *sequence = (long)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                     (uint32_t)bytes[3] << 24);
  return true;
}

static void *make_compressed(const struct arguments *a, const char *frame_id) {
  compressed_image *m = zeroed(1, sizeof *m);
  m->header_.frame_id_ = strdup(frame_id);
  m->format_ = strdup("jpeg");
  fill_bytes((dds_sequence_octet *)(void *)&m->data_, a->bytes);
  return m;
}
static void mark_compressed(void *sample, long sequence, uint64_t stamp_ns) {
  compressed_image *m = sample;
  set_stamp(&m->header_, stamp_ns);
  mark_bytes(m->data_._buffer, m->data_._length, sequence);
}
static bool read_mark_compressed(const void *sample, long *sequence, uint64_t *stamp_ns) {
  const compressed_image *m = sample;
  *stamp_ns = get_stamp(&m->header_);
  return read_mark_bytes(m->data_._buffer, m->data_._length, sequence);
}
static void print_compressed(const void *sample) {
  const compressed_image *m = sample;
  print_header(&m->header_);
  printf(",\"format\":");
  json_string(m->format_);
  json_bytes(m->data_._buffer, m->data_._length);
}

static void *make_image(const struct arguments *a, const char *frame_id) {
  image *m = zeroed(1, sizeof *m);
  m->header_.frame_id_ = strdup(frame_id);
  m->encoding_ = strdup("rgb8");
  m->width_ = 640;
  m->step_ = m->width_ * 3;
  m->height_ = (uint32_t)a->bytes / m->step_;
  fill_bytes((dds_sequence_octet *)(void *)&m->data_, (int)(m->step_ * m->height_));
  return m;
}
static void mark_image(void *sample, long sequence, uint64_t stamp_ns) {
  image *m = sample;
  set_stamp(&m->header_, stamp_ns);
  mark_bytes(m->data_._buffer, m->data_._length, sequence);
}
static bool read_mark_image(const void *sample, long *sequence, uint64_t *stamp_ns) {
  const image *m = sample;
  *stamp_ns = get_stamp(&m->header_);
  return read_mark_bytes(m->data_._buffer, m->data_._length, sequence);
}
static void print_image(const void *sample) {
  const image *m = sample;
  print_header(&m->header_);
  printf(",\"height\":%u,\"width\":%u,\"step\":%u,\"is_bigendian\":%u,\"encoding\":", m->height_,
         m->width_, m->step_, m->is_bigendian_);
  json_string(m->encoding_);
  json_bytes(m->data_._buffer, m->data_._length);
}

static bool no_mark(const void *sample, long *sequence, uint64_t *stamp_ns) {
  (void)sample, (void)sequence, (void)stamp_ns;
  return false;
}
static void print_diagnostics(const void *sample) {
  const diagnostic_array *m = sample;
  print_header(&m->header_);
  printf(",\"status\":[");
  for (uint32_t i = 0; i < m->status_._length; i++) {
    const diagnostic_msgs_msg_dds__DiagnosticStatus_ *s = &m->status_._buffer[i];
    printf("%s{\"level\":%u,\"name\":", i ? "," : "", s->level_);
    json_string(s->name_);
    printf(",\"message\":");
    json_string(s->message_);
    printf(",\"hardware_id\":");
    json_string(s->hardware_id_);
    printf(",\"values\":[");
    for (uint32_t k = 0; k < s->values_._length; k++) {
      printf("%s{\"key\":", k ? "," : "");
      json_string(s->values_._buffer[k].key_);
      printf(",\"value\":");
      json_string(s->values_._buffer[k].value_);
      putchar('}');
    }
    printf("]}");
  }
  putchar(']');
}

static void *make_string(const struct arguments *a, const char *frame_id) {
  (void)a, (void)frame_id;
  string_message *m = zeroed(1, sizeof *m);
  m->data_ = zeroed(64, 1);
  return m;
}
static void mark_string(void *sample, long sequence, uint64_t stamp_ns) {
  string_message *m = sample;
  snprintf(m->data_, 64, "%ld %llu", sequence, (unsigned long long)stamp_ns);
}
static bool read_mark_string(const void *sample, long *sequence, uint64_t *stamp_ns) {
  unsigned long long ns = 0;
  if (sscanf(((const string_message *)sample)->data_, "%ld %llu", sequence, &ns) != 2) return false;
  *stamp_ns = ns;
  return true;
}
static void print_string(const void *sample) {
  printf(",\"data\":");
  json_string(((const string_message *)sample)->data_);
}

static const struct ros_kind kinds[] = {
  { "joint", &sensor_msgs_msg_dds__JointState__desc, make_joint, mark_joint, read_mark_joint, print_joint },
  { "trajectory", &trajectory_msgs_msg_dds__JointTrajectory__desc, make_trajectory, mark_trajectory,
    read_mark_trajectory, print_trajectory },
  { "compressed", &sensor_msgs_msg_dds__CompressedImage__desc, make_compressed, mark_compressed,
    read_mark_compressed, print_compressed },
  { "image", &sensor_msgs_msg_dds__Image__desc, make_image, mark_image, read_mark_image, print_image },
  { "diagnostics", &diagnostic_msgs_msg_dds__DiagnosticArray__desc, NULL, NULL, no_mark, print_diagnostics },
  { "string", &std_msgs_msg_dds__String__desc, make_string, mark_string, read_mark_string, print_string },
};

const struct ros_kind *find_kind(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (!strcmp(kinds[i].name, name)) return &kinds[i];
  fprintf(stderr, "unknown kind %s, expected one of:", name);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) fprintf(stderr, " %s", kinds[i].name);
  fprintf(stderr, "\n");
  exit(2);
}
