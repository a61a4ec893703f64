/* Clocks and receive statistics. The sender puts CLOCK_MONOTONIC into header.stamp, so any receiver on
 * the same machine (process.hrtime in Node is the same clock) can tell the one-way latency. */
#ifndef PEER_STATISTICS_H
#define PEER_STATISTICS_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}
static inline double now_s(void) { return (double)now_ns() * 1e-9; }
static inline void sleep_until_s(double at_s) {
  struct timespec t;
  t.tv_sec = (time_t)at_s;
  t.tv_nsec = (long)((at_s - (double)t.tv_sec) * 1e9);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
static inline double cpu_s(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
         1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* The first `warm_up` samples count as received, but not for latency, rate and CPU time. */
struct statistics {
  long warm_up, received, reordered, first, last;
  double start_s, end_s, cpu_start_s;
  double *latency_us;
  long latency_count, latency_capacity;
};
static inline void statistics_open(struct statistics *s, long warm_up) {
  memset(s, 0, sizeof *s);
  s->warm_up = warm_up;
  s->first = s->last = -1;
  s->latency_capacity = 1 << 20;
  s->latency_us = (double *)malloc(sizeof(double) * (size_t)s->latency_capacity);
}
static inline void statistics_add(struct statistics *s, long sequence, uint64_t stamp_ns) {
  uint64_t ns = now_ns();
  s->end_s = (double)ns * 1e-9;
  if (s->received == 0) s->first = sequence;
  if (s->received == s->warm_up) {
    s->start_s = s->end_s;
    s->cpu_start_s = cpu_s();
  }
  s->received++;
  if (sequence <= s->last) s->reordered++;
  else s->last = sequence;
  if (s->received > s->warm_up && s->latency_count < s->latency_capacity)
    s->latency_us[s->latency_count++] = (double)(ns - stamp_ns) / 1000.0;
}
static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static inline double quantile(const struct statistics *s, double ratio) {
  return s->latency_count ? s->latency_us[(long)((double)(s->latency_count - 1) * ratio)] : 0;
}
static inline void statistics_print(struct statistics *s) {
  qsort(s->latency_us, (size_t)s->latency_count, sizeof(double), compare_doubles);
  double elapsed_s = s->end_s - s->start_s;
  printf("{\"event\":\"stats\",\"received\":%ld,\"lost\":%ld,\"reordered\":%ld,\"latencyUsP50\":%.1f,"
         "\"latencyUsP99\":%.1f,\"latencyUsMax\":%.1f,\"rateHz\":%.1f,\"cpuRatio\":%.4f}\n",
         s->received, s->received ? s->last - s->first + 1 - s->received : 0, s->reordered,
         quantile(s, 0.5), quantile(s, 0.99), quantile(s, 1),
         elapsed_s > 0 ? (double)(s->received - s->warm_up - 1) / elapsed_s : 0,
         elapsed_s > 0 ? (cpu_s() - s->cpu_start_s) / elapsed_s : 0);
  fflush(stdout);
}
#endif
