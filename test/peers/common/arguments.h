/* Command line shared by the peers: <peer> pub|echo|stats KIND [options]. See ../README.md */
#ifndef PEER_ARGUMENTS_H
#define PEER_ARGUMENTS_H
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A writer may match a reader some milliseconds before that reader has matched it, and a volatile reader
 * starts with what comes after: publishers wait this long so that no test loses its first samples. */
static const double settle_s = 0.3;

struct arguments {
  const char *mode;
  const char *kind;
  const char *topic;
  bool best_effort, transient_local, localhost;
  int domain, depth, joints, points, readers, bytes;
  double rate_hz, seconds, linger_s, lease_s;
  /* 0 = none: the deadline, and the lease of automatic liveliness. */
  double deadline_s, alive_s;
  long count, warm_up;
};

static inline void usage(const char *program) {
  fprintf(stderr,
          "usage: %s pub|echo|stats KIND --topic rt/NAME [--be] [--tl] [--depth N] [--domain N]\n"
          "  [--rate HZ] [--count N] [--secs S] [--readers N] [--linger S] [--joints N] [--points N]\n"
          "  [--bytes N] [--lease S] [--deadline S] [--alive S] [--warm-up N] [--localhost]\n",
          program);
  exit(2);
}

static inline struct arguments parse_arguments(int argc, char **argv) {
  struct arguments a;
  memset(&a, 0, sizeof a);
  if (argc < 3) usage(argv[0]);
  a.mode = argv[1];
  a.kind = argv[2];
  a.depth = 10;
  a.joints = 4;
  a.points = 3;
  a.bytes = 640 * 480 * 3;
  a.rate_hz = 10;
  a.seconds = 30;
  a.linger_s = 1;
  for (int i = 3; i < argc; i++) {
    const char *name = argv[i];
    if (!strcmp(name, "--be")) { a.best_effort = true; continue; }
    if (!strcmp(name, "--tl")) { a.transient_local = true; continue; }
    if (!strcmp(name, "--localhost")) { a.localhost = true; continue; }
    if (++i >= argc) usage(argv[0]);
    const char *value = argv[i];
    if (!strcmp(name, "--topic")) a.topic = value;
    else if (!strcmp(name, "--depth")) a.depth = atoi(value);
    else if (!strcmp(name, "--domain")) a.domain = atoi(value);
    else if (!strcmp(name, "--rate")) a.rate_hz = atof(value);
    else if (!strcmp(name, "--count")) a.count = atol(value);
    else if (!strcmp(name, "--secs")) a.seconds = atof(value);
    else if (!strcmp(name, "--readers")) a.readers = atoi(value);
    else if (!strcmp(name, "--linger")) a.linger_s = atof(value);
    else if (!strcmp(name, "--joints")) a.joints = atoi(value);
    else if (!strcmp(name, "--points")) a.points = atoi(value);
    else if (!strcmp(name, "--bytes")) a.bytes = atoi(value);
    else if (!strcmp(name, "--lease")) a.lease_s = atof(value);
    else if (!strcmp(name, "--deadline")) a.deadline_s = atof(value);
    else if (!strcmp(name, "--alive")) a.alive_s = atof(value);
    else if (!strcmp(name, "--warm-up")) a.warm_up = atol(value);
    else usage(argv[0]);
  }
  if (a.topic == NULL) usage(argv[0]);
  return a;
}
#endif
