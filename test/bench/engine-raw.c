/*
 * The reference of engine.bench.ts: ONNX Runtime's C API called from C, with IoBinding, in a loop.
 * Only what it needs of the API is declared, by index into the function table (see
 * models/engine/ort-ffi/slots.ts). Every function returns an error text, or NULL when all is well.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  void *const *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
} api_base;

static void *const *api;
static void *session, *run_options, *binding, *memory;

#define SLOT(index, result, ...) ((result(*)(__VA_ARGS__))api[index])
#define TRY(status)                                                      \
  do {                                                                   \
    void *failed = (status);                                             \
    if (failed) return SLOT(2, const char *, const void *)(failed);      \
  } while (0)

const char *raw_open(const char *library, const void *model, size_t bytes) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return dlerror();
  const api_base *(*get_base)(void) = (const api_base *(*)(void))dlsym(handle, "OrtGetApiBase");
  if (!get_base) return dlerror();
  api = get_base()->get_api(21);
  void *env, *options;
  TRY(SLOT(3, void *, int, const char *, void **)(4, "raw", &env));
  TRY(SLOT(10, void *, void **)(&options));
  TRY(SLOT(23, void *, void *, int)(options, 99));
  TRY(SLOT(24, void *, void *, int)(options, 1));
  TRY(SLOT(130, void *, void *, const char *, const char *)(
      options, "session.intra_op.allow_spinning", "0"));
  TRY(SLOT(8, void *, void *, const void *, size_t, void *, void **)(env, model, bytes, options,
                                                                     &session));
  TRY(SLOT(39, void *, void **)(&run_options));
  TRY(SLOT(134, void *, void *, void **)(session, &binding));
  TRY(SLOT(69, void *, int, int, void **)(1, 0, &memory));
  return NULL;
}

const char *raw_bind(int is_output, const char *name, void *data, size_t bytes,
                     const int64_t *shape, size_t rank) {
  void *value;
  TRY(SLOT(49, void *, void *, void *, size_t, const int64_t *, size_t, int, void **)(
      memory, data, bytes, shape, rank, 1, &value));
  TRY(SLOT(is_output ? 137 : 136, void *, void *, const char *, void *)(binding, name, value));
  return NULL;
}

const char *raw_run(int count) {
  void *(*run)(void *, void *, void *) = SLOT(133, void *, void *, void *, void *);
  for (int i = 0; i < count; i++) TRY(run(session, run_options, binding));
  return NULL;
}
