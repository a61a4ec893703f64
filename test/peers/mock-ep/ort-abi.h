/*
 * The part of ONNX Runtime's plugin interface that the mock provider needs, so that it builds without
 * ONNX Runtime's headers. Facts of the released 1.23.2 (onnxruntime_c_api.h, onnxruntime_ep_c_api.h):
 * slot numbers of the append-only function tables, and member order of the structs a provider fills in.
 * A provider states the version it was written for in `version`, and later libraries read no further
 * than that version's members.
 */
#ifndef KAIROS_ORT_ABI_H
#define KAIROS_ORT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ort_api_version = 23 };

typedef struct OrtStatus OrtStatus;
typedef struct OrtGraph OrtGraph;
typedef struct OrtNode OrtNode;
typedef struct OrtValue OrtValue;
typedef struct OrtValueInfo OrtValueInfo;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorInfo OrtTensorInfo;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtMemoryDevice OrtMemoryDevice;
typedef struct OrtHardwareDevice OrtHardwareDevice;
typedef struct OrtEpDevice OrtEpDevice;
typedef struct OrtKernelContext OrtKernelContext;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtSupportInfo OrtSupportInfo;

/* Members 0 and 1 of what a provider library is handed; it never changes. */
typedef struct OrtApiBase {
  void *const *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
} OrtApiBase;

/* Calls slot `index` of a function table: CALL(api, 51, OrtStatus *, (OrtValue *, void **))(value, &data). */
#define SLOT(table, index, result, parameters) ((result(*) parameters)(table)[index])

/* OrtApi */
#define CreateStatus(api) SLOT(api, 0, OrtStatus *, (int code, const char *text))
#define GetTensorMutableData(api) SLOT(api, 51, OrtStatus *, (OrtValue *, void **))
#define CastTypeInfoToTensorInfo(api) \
  SLOT(api, 55, OrtStatus *, (const OrtTypeInfo *, const OrtTensorInfo **))
#define GetTensorElementType(api) SLOT(api, 60, OrtStatus *, (const OrtTensorInfo *, int *))
#define GetDimensionsCount(api) SLOT(api, 61, OrtStatus *, (const OrtTensorInfo *, size_t *))
#define GetDimensions(api) SLOT(api, 62, OrtStatus *, (const OrtTensorInfo *, int64_t *, size_t))
#define GetTensorTypeAndShape(api) SLOT(api, 65, OrtStatus *, (const OrtValue *, OrtTensorInfo **))
#define KernelContextGetInput(api) \
  SLOT(api, 90, OrtStatus *, (const OrtKernelContext *, size_t, const OrtValue **))
#define KernelContextGetOutput(api) \
  SLOT(api, 91, OrtStatus *, (OrtKernelContext *, size_t, const int64_t *, size_t, OrtValue **))
#define ReleaseStatus(api) SLOT(api, 93, void, (OrtStatus *))
#define ReleaseMemoryInfo(api) SLOT(api, 94, void, (OrtMemoryInfo *))
#define ReleaseTensorInfo(api) SLOT(api, 99, void, (OrtTensorInfo *))
#define GetSessionConfigEntry(api) \
  SLOT(api, 238, OrtStatus *, (const OrtSessionOptions *, const char *key, char *text, size_t *bytes))
#define GetValueInfoName(api) SLOT(api, 289, OrtStatus *, (const OrtValueInfo *, const char **))
#define GetValueInfoTypeInfo(api) \
  SLOT(api, 290, OrtStatus *, (const OrtValueInfo *, const OrtTypeInfo **))
#define HardwareDeviceType(api) SLOT(api, 307, int, (const OrtHardwareDevice *))
#define GetEpApi(api) SLOT(api, 317, void *const *, (void))
#define CreateMemoryInfoV2(api)                                                                  \
  SLOT(api, 320, OrtStatus *,                                                                    \
       (const char *name, int device_type, uint32_t vendor, int32_t device, int memory_type,     \
        size_t alignment, int allocator_type, OrtMemoryInfo **))
#define GraphGetNumNodes(api) SLOT(api, 344, OrtStatus *, (const OrtGraph *, size_t *))
#define GraphGetNodes(api) SLOT(api, 345, OrtStatus *, (const OrtGraph *, const OrtNode **, size_t))
#define NodeGetOperatorType(api) SLOT(api, 350, OrtStatus *, (const OrtNode *, const char **))
#define NodeGetNumInputs(api) SLOT(api, 353, OrtStatus *, (const OrtNode *, size_t *))
#define NodeGetInputs(api) SLOT(api, 354, OrtStatus *, (const OrtNode *, const OrtValueInfo **, size_t))
#define NodeGetNumOutputs(api) SLOT(api, 355, OrtStatus *, (const OrtNode *, size_t *))
#define NodeGetOutputs(api) SLOT(api, 356, OrtStatus *, (const OrtNode *, const OrtValueInfo **, size_t))

/* OrtEpApi */
struct OrtFactory;
#define CreateEpDevice(ep_api)                                                                   \
  SLOT(ep_api, 0, OrtStatus *,                                                                   \
       (struct OrtFactory *, const OrtHardwareDevice *, const void *metadata, const void *options, \
        OrtEpDevice **))
#define AddNodesToFuse(ep_api)                                                                   \
  SLOT(ep_api, 2, OrtStatus *, (OrtSupportInfo *, const OrtNode *const *, size_t, const void *options))
#define AddAllocatorInfo(ep_api) SLOT(ep_api, 5, OrtStatus *, (OrtEpDevice *, const OrtMemoryInfo *))
#define MemoryInfoGetDevice(ep_api) SLOT(ep_api, 6, const OrtMemoryDevice *, (const OrtMemoryInfo *))
#define ValueGetDevice(ep_api) SLOT(ep_api, 7, const OrtMemoryDevice *, (const OrtValue *))
#define MemoryDeviceAreEqual(ep_api) \
  SLOT(ep_api, 8, bool, (const OrtMemoryDevice *, const OrtMemoryDevice *))
#define MemoryDeviceGetType(ep_api) SLOT(ep_api, 9, int, (const OrtMemoryDevice *))

enum {
  ort_fail = 1,          /* ORT_FAIL */
  ort_float = 1,         /* ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT */
  ort_device_cpu = 0,    /* OrtMemoryInfoDeviceType_CPU, OrtHardwareDeviceType_CPU */
  ort_device_gpu = 1,    /* OrtMemoryInfoDeviceType_GPU */
  ort_device_memory = 0, /* OrtDeviceMemoryType_DEFAULT */
  ort_no_arena = 0,      /* OrtDeviceAllocator */
};

/* What a provider fills in. A null member stands for ONNX Runtime's default. */

typedef struct OrtAllocator {
  uint32_t version;
  void *(*alloc)(struct OrtAllocator *, size_t);
  void (*free)(struct OrtAllocator *, void *);
  const OrtMemoryInfo *(*info)(const struct OrtAllocator *);
  void *(*reserve)(struct OrtAllocator *, size_t);
  void *get_stats;
  void *alloc_on_stream;
} OrtAllocator;

typedef struct OrtDataTransfer {
  uint32_t version;
  void (*release)(struct OrtDataTransfer *);
  bool (*can_copy)(const struct OrtDataTransfer *, const OrtMemoryDevice *from, const OrtMemoryDevice *to);
  OrtStatus *(*copy_tensors)(struct OrtDataTransfer *, const OrtValue **from, OrtValue **to,
                             void **streams, size_t count);
} OrtDataTransfer;

typedef struct OrtComputeInfo {
  uint32_t version;
  OrtStatus *(*create_state)(struct OrtComputeInfo *, void *context, void **state);
  OrtStatus *(*compute)(struct OrtComputeInfo *, void *state, OrtKernelContext *);
  void (*release_state)(struct OrtComputeInfo *, void *state);
} OrtComputeInfo;

typedef struct OrtEp {
  uint32_t version;
  const char *(*get_name)(const struct OrtEp *);
  OrtStatus *(*get_capability)(struct OrtEp *, const OrtGraph *, OrtSupportInfo *);
  OrtStatus *(*compile)(struct OrtEp *, const OrtGraph **, const OrtNode **fused, size_t count,
                        OrtComputeInfo **infos, OrtNode **context_nodes);
  void (*release_compute_infos)(struct OrtEp *, OrtComputeInfo **, size_t count);
  void *get_preferred_data_layout;
  void *should_convert_data_layout;
  void *set_dynamic_options;
  void *on_run_start;
  void *on_run_end;
  void *create_allocator;
  void *create_sync_stream;
  void *get_compatibility_info;
} OrtEp;

typedef struct OrtFactory {
  uint32_t version;
  const char *(*get_name)(const struct OrtFactory *);
  const char *(*get_vendor)(const struct OrtFactory *);
  OrtStatus *(*get_supported_devices)(struct OrtFactory *, const OrtHardwareDevice *const *, size_t,
                                      OrtEpDevice **devices, size_t most, size_t *count);
  OrtStatus *(*create_ep)(struct OrtFactory *, const OrtHardwareDevice *const *,
                          const void *const *metadata, size_t, const OrtSessionOptions *,
                          const void *logger, OrtEp **);
  void (*release_ep)(struct OrtFactory *, OrtEp *);
  uint32_t (*get_vendor_id)(const struct OrtFactory *);
  const char *(*get_version)(const struct OrtFactory *);
  void *validate_compatibility_info;
  OrtStatus *(*create_allocator)(struct OrtFactory *, const OrtMemoryInfo *, const void *options,
                                 OrtAllocator **);
  void (*release_allocator)(struct OrtFactory *, OrtAllocator *);
  OrtStatus *(*create_data_transfer)(struct OrtFactory *, OrtDataTransfer **);
  bool (*is_stream_aware)(const struct OrtFactory *);
  void *create_sync_stream;
} OrtFactory;

#endif
