/*
 * A plugin execution provider for tests: an "accelerator" in host memory that takes the nodes it is told
 * to take, counts what crosses into and out of its memory, and fails where it is told to.
 *
 * It offers two providers on the CPU hardware device:
 *   MockEP      tensors live in memory of its own ("Mock device"), copied through its data transfer.
 *   MockHostEP  the same kernels on host memory, so graphs may be mixed with CPU nodes freely.
 *
 * Provider options (ONNX Runtime stores them as session configuration `ep.<lower-case name>.<option>`):
 *   ops       comma-separated operators to take, of Add, Sub, Mul, Div, MatMul, Identity; default all.
 *   fail      create | compile | compute | numerics | deadline | hang; default none.
 *   after     number of computed nodes before a compute, numerics, deadline or hang failure starts; default 0.
 *   delay_ms  what every node takes when fail=deadline; default 100.
 * Built with MOCK_EP_FAILS_AT_LOAD, or with KAIROS_MOCK_EP_FAIL=load in the environment, it makes no provider.
 *
 * A hang ends when kairos_mock_ep_end_hangs() is called, and after ten minutes at the latest.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ort-abi.h"

#define EXPORT __attribute__((visibility("default")))
/* Evaluates a call that gives a status, and passes a failure on. */
#define TRY(call)                          \
  do {                                     \
    OrtStatus *status_ = (call);           \
    if (status_ != NULL) return status_;   \
  } while (0)

enum { vendor_id = 0x4b42, max_rank = 8, max_values = 4, text_bytes = 256 };

typedef enum { op_add, op_sub, op_mul, op_div, op_matmul, op_identity, op_count } Op;
static const char *const op_names[op_count] = {"Add", "Sub", "Mul", "Div", "MatMul", "Identity"};
static const size_t op_arity[op_count] = {2, 2, 2, 2, 2, 1};

typedef enum { fail_none, fail_create, fail_compile, fail_compute, fail_numerics, fail_deadline,
               fail_hang, fail_count } Fail;
static const char *const fail_names[fail_count] = {"none", "create", "compile", "compute",
                                                   "numerics", "deadline", "hang"};

static void *const *api;
static void *const *ep_api;

/* ---- Counters, read by tests through the exported functions ---- */

static atomic_uint_fast64_t bytes_to_device, bytes_from_device, bytes_on_device, bytes_allocated;
static atomic_uint_fast64_t computed_nodes, open_providers, compiled_nodes;
static atomic_bool hangs_ended;

EXPORT uint64_t kairos_mock_ep_bytes_to_device(void) { return bytes_to_device; }
EXPORT uint64_t kairos_mock_ep_bytes_from_device(void) { return bytes_from_device; }
/* Copied from one place of the device to another. */
EXPORT uint64_t kairos_mock_ep_bytes_on_device(void) { return bytes_on_device; }
/* Allocated on the device and not freed yet. */
EXPORT uint64_t kairos_mock_ep_bytes_allocated(void) { return bytes_allocated; }
EXPORT uint64_t kairos_mock_ep_computed_nodes(void) { return computed_nodes; }
EXPORT uint64_t kairos_mock_ep_compiled_nodes(void) { return compiled_nodes; }
EXPORT uint64_t kairos_mock_ep_open_providers(void) { return open_providers; }
EXPORT uint64_t kairos_mock_ep_end_hangs(void) {
  hangs_ended = true;
  return 0;
}

static OrtStatus *failure(const char *text) { return CreateStatus(api)(ort_fail, text); }

/* ---- Device memory ---- */

static OrtMemoryInfo *device_memory;

/* The size stands before the block, so that freeing can be counted; 64 bytes keep the alignment. */
enum { header_bytes = 64 };

static void *device_alloc(OrtAllocator *allocator, size_t bytes) {
  (void)allocator;
  char *block = aligned_alloc(64, (header_bytes + bytes + 63) / 64 * 64);
  if (block == NULL) return NULL;
  *(size_t *)block = bytes;
  bytes_allocated += bytes;
  return block + header_bytes;
}

static void device_free(OrtAllocator *allocator, void *memory) {
  (void)allocator;
  if (memory == NULL) return;
  char *block = (char *)memory - header_bytes;
  bytes_allocated -= *(size_t *)block;
  free(block);
}

static const OrtMemoryInfo *device_info(const OrtAllocator *allocator) {
  (void)allocator;
  return device_memory;
}

static OrtAllocator device_allocator = {
    .version = ort_api_version,
    .alloc = device_alloc,
    .free = device_free,
    .info = device_info,
    .reserve = device_alloc,
};

static bool is_device(const OrtMemoryDevice *memory) {
  return MemoryDeviceAreEqual(ep_api)(memory, MemoryInfoGetDevice(ep_api)(device_memory));
}

static bool can_copy(const OrtDataTransfer *transfer, const OrtMemoryDevice *from,
                     const OrtMemoryDevice *to) {
  (void)transfer;
  const bool from_cpu = MemoryDeviceGetType(ep_api)(from) == ort_device_cpu;
  const bool to_cpu = MemoryDeviceGetType(ep_api)(to) == ort_device_cpu;
  return (is_device(from) && (is_device(to) || to_cpu)) || (from_cpu && is_device(to));
}

/* A tensor's shape and its place in memory. */
typedef struct {
  float *data;
  size_t rank;
  int64_t shape[max_rank];
  size_t count;
} View;

static OrtStatus *describe(const OrtValue *value, View *view, int *element) {
  OrtTensorInfo *info = NULL;
  TRY(GetTensorTypeAndShape(api)(value, &info));
  OrtStatus *status = GetTensorElementType(api)(info, element);
  if (status == NULL) status = GetDimensionsCount(api)(info, &view->rank);
  if (status == NULL && view->rank > max_rank) status = failure("MockEP: a tensor of more than 8 axes");
  if (status == NULL) status = GetDimensions(api)(info, view->shape, view->rank);
  ReleaseTensorInfo(api)(info);
  if (status != NULL) return status;
  view->count = 1;
  for (size_t axis = 0; axis < view->rank; axis++) view->count *= (size_t)view->shape[axis];
  return GetTensorMutableData(api)((OrtValue *)value, (void **)&view->data);
}

/* Bytes per element by ONNX_TENSOR_ELEMENT_DATA_TYPE; 0: not a plain number. */
static const size_t element_bytes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2};

static OrtStatus *copy_tensors(OrtDataTransfer *transfer, const OrtValue **from, OrtValue **to,
                               void **streams, size_t count) {
  (void)transfer;
  (void)streams;
  for (size_t i = 0; i < count; i++) {
    View source, target;
    int element = 0, target_element = 0;
    TRY(describe(from[i], &source, &element));
    TRY(describe(to[i], &target, &target_element));
    if (element != target_element || source.count != target.count)
      return failure("MockEP: a copy between tensors of different type or size");
    if ((size_t)element >= sizeof element_bytes / sizeof *element_bytes || element_bytes[element] == 0)
      return failure("MockEP: a copy of a tensor that does not hold numbers");
    const size_t bytes = source.count * element_bytes[element];
    const bool from_device = is_device(ValueGetDevice(ep_api)(from[i]));
    const bool to_device = is_device(ValueGetDevice(ep_api)(to[i]));
    if (bytes > 0) memmove(target.data, source.data, bytes);
    if (from_device && to_device) bytes_on_device += bytes;
    else if (to_device) bytes_to_device += bytes;
    else bytes_from_device += bytes;
  }
  return NULL;
}

static void keep_transfer(OrtDataTransfer *transfer) { (void)transfer; }

static OrtDataTransfer device_transfer = {
    .version = ort_api_version,
    .release = keep_transfer,
    .can_copy = can_copy,
    .copy_tensors = copy_tensors,
};

/* ---- Kernels ---- */

typedef struct {
  OrtEp base;
  const OrtFactory *factory;
  bool takes[op_count];
  Fail fail;
  uint64_t after;
  uint64_t delay_ms;
  atomic_uint_fast64_t computed;
} MockEp;

typedef struct {
  OrtComputeInfo base;
  MockEp *ep;
  Op op;
  /* Where the node's inputs stand among those of the fused node: equal ones are passed only once. */
  size_t inputs[2];
} MockNode;

static void sleep_ms(uint64_t ms) {
  const struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/* Applies the session's failure to a node about to be computed; `added` goes onto every result. */
static OrtStatus *misbehave(MockEp *ep, float *added) {
  *added = 0;
  if (ep->computed++ < ep->after) return NULL;
  if (ep->fail == fail_compute) return failure("MockEP: told to fail in compute");
  if (ep->fail == fail_numerics) *added = 1;
  if (ep->fail == fail_deadline) sleep_ms(ep->delay_ms);
  for (int ms = 0; ep->fail == fail_hang && !hangs_ended && ms < 600000; ms += 5) sleep_ms(5);
  return NULL;
}

static float apply(Op op, float a, float b) {
  switch (op) {
    case op_add: return a + b;
    case op_sub: return a - b;
    case op_mul: return a * b;
    case op_div: return a / b;
    default: return a;
  }
}

/* The extent of an axis counted from the right, 1 where the tensor has none. */
static int64_t extent(const View *view, size_t from_right) {
  return from_right < view->rank ? view->shape[view->rank - 1 - from_right] : 1;
}

/* Index in `view` of the element that stands at `index` of the broadcast result. */
static size_t broadcast_index(const View *view, const View *result, size_t index) {
  size_t position = 0, stride = 1;
  for (size_t axis = 0; axis < result->rank; axis++) {
    const size_t size = (size_t)extent(result, axis);
    const size_t own = (size_t)extent(view, axis);
    if (own != 1) position += index % size * stride;
    stride *= own;
    index /= size;
  }
  return position;
}

/* Shape of `a` against `b` on the axes from `skip` (counted from the right) upwards. */
static OrtStatus *broadcast_shape(const View *a, const View *b, size_t skip, View *result) {
  result->rank = a->rank > b->rank ? a->rank : b->rank;
  for (size_t axis = skip; axis < result->rank; axis++) {
    const int64_t left = extent(a, axis), right = extent(b, axis);
    if (left != right && left != 1 && right != 1) return failure("MockEP: shapes do not fit together");
    result->shape[result->rank - 1 - axis] = left == 1 ? right : left;
  }
  return NULL;
}

static OrtStatus *make_output(OrtKernelContext *context, View *result) {
  OrtValue *value = NULL;
  TRY(KernelContextGetOutput(api)(context, 0, result->shape, result->rank, &value));
  int element = 0;
  return describe(value, result, &element);
}

static OrtStatus *elementwise(Op op, const View *a, const View *b, float added, OrtKernelContext *context) {
  View result;
  TRY(broadcast_shape(a, b, 0, &result));
  TRY(make_output(context, &result));
  for (size_t i = 0; i < result.count; i++) {
    const float left = a->data[broadcast_index(a, &result, i)];
    result.data[i] = apply(op, left, b->data[broadcast_index(b, &result, i)]) + added;
  }
  return NULL;
}

static OrtStatus *matmul(const View *a, const View *b, float added, OrtKernelContext *context) {
  const size_t rows = (size_t)extent(a, 1), depth = (size_t)extent(a, 0), columns = (size_t)extent(b, 0);
  if (a->rank < 2 || b->rank < 2 || (size_t)extent(b, 1) != depth)
    return failure("MockEP: MatMul takes matrices that fit together");
  View result;
  TRY(broadcast_shape(a, b, 2, &result));
  result.shape[result.rank - 2] = (int64_t)rows;
  result.shape[result.rank - 1] = (int64_t)columns;
  TRY(make_output(context, &result));
  for (size_t i = 0; i < result.count; i++) {
    /* The index of the first element of this row and column in either matrix. */
    View row_of = result, column_of = result;
    row_of.shape[result.rank - 1] = (int64_t)depth;
    column_of.shape[result.rank - 2] = (int64_t)depth;
    const size_t column = i % columns, row = i / columns % rows, batch = i / (columns * rows);
    const float *left = a->data + broadcast_index(a, &row_of, (batch * rows + row) * depth);
    const float *right = b->data + broadcast_index(b, &column_of, batch * depth * columns + column);
    float sum = added;
    for (size_t k = 0; k < depth; k++) sum += left[k] * right[k * columns];
    result.data[i] = sum;
  }
  return NULL;
}

static OrtStatus *compute(OrtComputeInfo *info, void *state, OrtKernelContext *context) {
  (void)state;
  const MockNode *node = (const MockNode *)info;
  float added;
  TRY(misbehave(node->ep, &added));
  View inputs[2];
  for (size_t i = 0; i < op_arity[node->op]; i++) {
    const OrtValue *value = NULL;
    int element = 0;
    TRY(KernelContextGetInput(api)(context, node->inputs[i], &value));
    TRY(describe(value, &inputs[i], &element));
  }
  computed_nodes++;
  if (node->op == op_matmul) return matmul(&inputs[0], &inputs[1], added, context);
  const View *second = op_arity[node->op] == 2 ? &inputs[1] : &inputs[0];
  return elementwise(node->op, &inputs[0], second, added, context);
}

static OrtStatus *create_state(OrtComputeInfo *info, void *context, void **state) {
  (void)context;
  *state = info;
  return NULL;
}

static void release_state(OrtComputeInfo *info, void *state) {
  (void)info;
  (void)state;
}

/* ---- The provider of one session ---- */

static Op op_named(const char *name) {
  int op = 0;
  while (op < op_count && strcmp(op_names[op], name) != 0) op++;
  return (Op)op;
}

static OrtStatus *is_float(const OrtValueInfo *value, bool *answer) {
  const OrtTypeInfo *type = NULL;
  const OrtTensorInfo *tensor = NULL;
  int element = 0;
  *answer = false;
  if (value == NULL) return NULL;
  TRY(GetValueInfoTypeInfo(api)(value, &type));
  TRY(CastTypeInfoToTensorInfo(api)(type, &tensor));
  if (tensor != NULL) TRY(GetTensorElementType(api)(tensor, &element));
  *answer = element == ort_float;
  return NULL;
}

static OrtStatus *is_supported(const MockEp *ep, const OrtNode *node, bool *answer) {
  const char *name = NULL;
  size_t count = 0;
  const OrtValueInfo *inputs[max_values];
  *answer = false;
  TRY(NodeGetOperatorType(api)(node, &name));
  const Op op = op_named(name);
  if (op == op_count || !ep->takes[op]) return NULL;
  TRY(NodeGetNumInputs(api)(node, &count));
  if (count != op_arity[op]) return NULL;
  TRY(NodeGetInputs(api)(node, inputs, count));
  for (size_t i = 0; i < count; i++) {
    TRY(is_float(inputs[i], answer));
    if (!*answer) return NULL;
  }
  return NULL;
}

static OrtStatus *claim(const MockEp *ep, const OrtNode **nodes, size_t count, OrtSupportInfo *support) {
  for (size_t i = 0; i < count; i++) {
    bool supported = false;
    TRY(is_supported(ep, nodes[i], &supported));
    if (supported) TRY(AddNodesToFuse(ep_api)(support, &nodes[i], 1, NULL));
  }
  return NULL;
}

static OrtStatus *get_capability(OrtEp *base, const OrtGraph *graph, OrtSupportInfo *support) {
  size_t count = 0;
  TRY(GraphGetNumNodes(api)(graph, &count));
  if (count == 0) return NULL;
  const OrtNode **nodes = calloc(count, sizeof *nodes);
  OrtStatus *status = GraphGetNodes(api)(graph, nodes, count);
  if (status == NULL) status = claim((const MockEp *)base, nodes, count, support);
  free(nodes);
  return status;
}

static OrtStatus *index_of(const OrtValueInfo *wanted, const OrtValueInfo **values, size_t count,
                           size_t *index) {
  const char *wanted_name = NULL, *name = NULL;
  TRY(GetValueInfoName(api)(wanted, &wanted_name));
  for (*index = 0; *index < count; ++*index) {
    TRY(GetValueInfoName(api)(values[*index], &name));
    if (strcmp(name, wanted_name) == 0) return NULL;
  }
  return failure("MockEP: an input of the node is none of the fused node's");
}

static OrtStatus *compile_node(const OrtGraph *graph, const OrtNode *fused, MockNode *compiled) {
  const OrtNode *node = NULL;
  const char *name = NULL;
  size_t count = 0, fused_count = 0;
  const OrtValueInfo *inputs[max_values], *fused_inputs[max_values];
  TRY(GraphGetNodes(api)(graph, &node, 1));
  TRY(NodeGetOperatorType(api)(node, &name));
  compiled->op = op_named(name);
  TRY(NodeGetNumInputs(api)(node, &count));
  TRY(NodeGetNumInputs(api)(fused, &fused_count));
  if (compiled->op == op_count || count > 2 || fused_count > max_values)
    return failure("MockEP: asked to compile a node it did not take");
  TRY(NodeGetInputs(api)(node, inputs, count));
  TRY(NodeGetInputs(api)(fused, fused_inputs, fused_count));
  for (size_t i = 0; i < count; i++)
    TRY(index_of(inputs[i], fused_inputs, fused_count, &compiled->inputs[i]));
  return NULL;
}

static OrtStatus *compile(OrtEp *base, const OrtGraph **graphs, const OrtNode **fused, size_t count,
                          OrtComputeInfo **infos, OrtNode **context_nodes) {
  (void)context_nodes;
  MockEp *ep = (MockEp *)base;
  if (ep->fail == fail_compile) return failure("MockEP: told to fail in compile");
  for (size_t i = 0; i < count; i++) {
    MockNode *node = calloc(1, sizeof *node);
    node->base = (OrtComputeInfo){
        .version = ort_api_version, .create_state = create_state, .compute = compute, .release_state = release_state};
    node->ep = ep;
    infos[i] = &node->base;
    TRY(compile_node(graphs[i], fused[i], node));
    compiled_nodes++;
  }
  return NULL;
}

static void release_compute_infos(OrtEp *ep, OrtComputeInfo **infos, size_t count) {
  (void)ep;
  for (size_t i = 0; i < count; i++) free(infos[i]);
}

static const char *ep_name(const OrtEp *base) {
  const OrtFactory *factory = ((const MockEp *)base)->factory;
  return factory->get_name(factory);
}

/* ---- Options ---- */

/* The text of a provider option, empty when it is not given. */
static void read_option(const OrtSessionOptions *options, const char *provider, const char *option,
                        char text[text_bytes]) {
  char key[text_bytes];
  size_t bytes = text_bytes;
  snprintf(key, sizeof key, "ep.%s.%s", provider, option);
  OrtStatus *status = GetSessionConfigEntry(api)(options, key, text, &bytes);
  if (status == NULL) return;
  ReleaseStatus(api)(status);
  text[0] = 0;
}

static OrtStatus *refuse(const char *what, const char *found) {
  char text[2 * text_bytes];
  snprintf(text, sizeof text, "MockEP: unknown %s %s", what, found);
  return failure(text);
}

static OrtStatus *read_ops(MockEp *ep, char *text) {
  for (int op = 0; op < op_count; op++) ep->takes[op] = text[0] == 0;
  char *rest = NULL;
  for (char *name = strtok_r(text, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest)) {
    const Op op = op_named(name);
    if (op == op_count) return refuse("operator", name);
    ep->takes[op] = true;
  }
  return NULL;
}

static OrtStatus *read_options(MockEp *ep, const OrtSessionOptions *options, const char *provider) {
  char text[text_bytes];
  read_option(options, provider, "ops", text);
  TRY(read_ops(ep, text));
  read_option(options, provider, "after", text);
  ep->after = strtoull(text, NULL, 10);
  read_option(options, provider, "delay_ms", text);
  ep->delay_ms = text[0] == 0 ? 100 : strtoull(text, NULL, 10);
  read_option(options, provider, "fail", text);
  int fail = 0;
  while (text[0] != 0 && fail < fail_count && strcmp(fail_names[fail], text) != 0) fail++;
  if (fail == fail_count) return refuse("failure", text);
  ep->fail = (Fail)fail;
  return NULL;
}

/* ---- The two factories ---- */

typedef struct {
  OrtFactory base;
  const char *name;
  /* As ONNX Runtime writes it in the keys of provider options. */
  const char *option_name;
  bool has_own_memory;
} MockFactory;

static const char *get_name(const OrtFactory *factory) { return ((const MockFactory *)factory)->name; }

static const char *get_vendor(const OrtFactory *factory) {
  (void)factory;
  return "kairos-bridge tests";
}

static uint32_t get_vendor_id(const OrtFactory *factory) {
  (void)factory;
  return vendor_id;
}

static const char *get_version(const OrtFactory *factory) {
  (void)factory;
  return "1.0.0";
}

static bool is_stream_aware(const OrtFactory *factory) {
  (void)factory;
  return false;
}

static OrtStatus *get_supported_devices(OrtFactory *factory, const OrtHardwareDevice *const *hardware,
                                        size_t hardware_count, OrtEpDevice **devices, size_t most,
                                        size_t *count) {
  *count = 0;
  for (size_t i = 0; i < hardware_count && *count == 0 && most > 0; i++) {
    if (HardwareDeviceType(api)(hardware[i]) != ort_device_cpu) continue;
    OrtEpDevice *device = NULL;
    TRY(CreateEpDevice(ep_api)(factory, hardware[i], NULL, NULL, &device));
    devices[(*count)++] = device;
    if (((const MockFactory *)factory)->has_own_memory)
      TRY(AddAllocatorInfo(ep_api)(device, device_memory));
  }
  return NULL;
}

static OrtStatus *create_ep(OrtFactory *factory, const OrtHardwareDevice *const *hardware,
                            const void *const *metadata, size_t hardware_count,
                            const OrtSessionOptions *options, const void *logger, OrtEp **out) {
  (void)hardware;
  (void)metadata;
  (void)hardware_count;
  (void)logger;
  MockEp *ep = calloc(1, sizeof *ep);
  ep->base = (OrtEp){
      .version = ort_api_version,
      .get_name = ep_name,
      .get_capability = get_capability,
      .compile = compile,
      .release_compute_infos = release_compute_infos,
  };
  ep->factory = factory;
  OrtStatus *status = read_options(ep, options, ((const MockFactory *)factory)->option_name);
  if (status == NULL && ep->fail == fail_create) status = failure("MockEP: told to fail in create");
  if (status != NULL) {
    free(ep);
    return status;
  }
  open_providers++;
  *out = &ep->base;
  return NULL;
}

static void release_ep(OrtFactory *factory, OrtEp *ep) {
  (void)factory;
  open_providers--;
  free(ep);
}

static OrtStatus *create_allocator(OrtFactory *factory, const OrtMemoryInfo *memory, const void *options,
                                   OrtAllocator **out) {
  (void)memory;
  (void)options;
  *out = ((const MockFactory *)factory)->has_own_memory ? &device_allocator : NULL;
  return NULL;
}

static void release_allocator(OrtFactory *factory, OrtAllocator *allocator) {
  (void)factory;
  (void)allocator;
}

static OrtStatus *create_data_transfer(OrtFactory *factory, OrtDataTransfer **out) {
  *out = ((const MockFactory *)factory)->has_own_memory ? &device_transfer : NULL;
  return NULL;
}

#define FACTORY                                         \
  {                                                     \
    .version = ort_api_version, .get_name = get_name,   \
    .get_vendor = get_vendor,                           \
    .get_supported_devices = get_supported_devices,     \
    .create_ep = create_ep, .release_ep = release_ep,   \
    .get_vendor_id = get_vendor_id,                     \
    .get_version = get_version,                         \
    .create_allocator = create_allocator,               \
    .release_allocator = release_allocator,             \
    .create_data_transfer = create_data_transfer,       \
    .is_stream_aware = is_stream_aware,                 \
  }

static MockFactory mock_factory = {FACTORY, "MockEP", "mockep", true};
static MockFactory host_factory = {FACTORY, "MockHostEP", "mockhostep", false};

static bool fails_at_load(void) {
#ifdef MOCK_EP_FAILS_AT_LOAD
  return true;
#else
  const char *fail = getenv("KAIROS_MOCK_EP_FAIL");
  return fail != NULL && strcmp(fail, "load") == 0;
#endif
}

/* Looked up by name when the library is registered. */
EXPORT OrtStatus *CreateEpFactories(const char *registered_name, const OrtApiBase *base,
                                    const void *logger, OrtFactory **factories, size_t most,
                                    size_t *count) {
  (void)registered_name;
  (void)logger;
  api = base->get_api(ort_api_version);
  if (api == NULL) {
    /* CreateStatus has been slot 0 since version 1. */
    api = base->get_api(1);
    return failure("MockEP: needs ONNX Runtime 1.23 or newer");
  }
  ep_api = GetEpApi(api)();
  if (fails_at_load()) return failure("MockEP: told to fail at load");
  if (most < 2) return failure("MockEP: makes two factories");
  if (device_memory == NULL)
    TRY(CreateMemoryInfoV2(api)("Mock device", ort_device_gpu, vendor_id, 0, ort_device_memory, 0,
                                ort_no_arena, &device_memory));
  factories[0] = &mock_factory.base;
  factories[1] = &host_factory.base;
  *count = 2;
  return NULL;
}

EXPORT OrtStatus *ReleaseEpFactory(OrtFactory *factory) {
  if (factory == &mock_factory.base && device_memory != NULL) {
    ReleaseMemoryInfo(api)(device_memory);
    device_memory = NULL;
  }
  return NULL;
}
