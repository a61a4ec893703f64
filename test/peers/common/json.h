/* The little JSON the peers print: one object per line. */
#ifndef PEER_JSON_H
#define PEER_JSON_H
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static inline void json_string(const char *text) {
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
    if (*c == '"' || *c == '\\') printf("\\%c", *c);
    else if (*c < 0x20) printf("\\u%04x", *c);
    else putchar(*c);
  }
  putchar('"');
}
/* 17 digits bring a double back exactly. */
static inline void json_double(double value) {
  if (isfinite(value)) printf("%.17g", value);
  else printf("null");
}
static inline void json_doubles(const char *key, const double *values, uint32_t count) {
  printf(",\"%s\":[", key);
  for (uint32_t i = 0; i < count; i++) {
    if (i) putchar(',');
    json_double(values[i]);
  }
  putchar(']');
}
static inline void json_strings(const char *key, char *const *values, uint32_t count) {
  printf(",\"%s\":[", key);
  for (uint32_t i = 0; i < count; i++) {
    if (i) putchar(',');
    json_string(values[i]);
  }
  putchar(']');
}
/* A byte sequence as its length, its first 8 bytes and its FNV-1a hash. */
static inline void json_bytes(const uint8_t *bytes, uint32_t count) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 16777619u;
  printf(",\"data\":{\"bytes\":%u,\"start\":\"", count);
  for (uint32_t i = 0; i < count && i < 8; i++) printf("%02x", bytes[i]);
  printf("\",\"fnv1a\":%u}", hash);
}
#endif
