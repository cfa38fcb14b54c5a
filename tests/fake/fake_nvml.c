/* The fake libnvidia-ml.so.1: PyTorch looks these up by name and expects them; nothing is known of the devices. */
#define EXPORT __attribute__((visibility("default")))
#define NOT_SUPPORTED 3

#define ANSWER(name, result) \
	EXPORT int name(void); \
	int name(void) { return result; }

ANSWER(nvmlInit_v2, 0)
ANSWER(nvmlShutdown, 0)
ANSWER(nvmlDeviceGetHandleByPciBusId_v2, 0)
ANSWER(nvmlDeviceGetNvLinkRemoteDeviceType, NOT_SUPPORTED)
ANSWER(nvmlDeviceGetNvLinkRemotePciInfo_v2, NOT_SUPPORTED)
ANSWER(nvmlDeviceGetComputeRunningProcesses, NOT_SUPPORTED)
ANSWER(nvmlDeviceGetGpuFabricInfoV, NOT_SUPPORTED)
ANSWER(nvmlDeviceGetCount_v2, NOT_SUPPORTED)
ANSWER(nvmlSystemGetCudaDriverVersion_v2, NOT_SUPPORTED)
