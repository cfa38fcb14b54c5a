/*
 * The doctor's look at CUDA: which of its libraries the test program loaded, at which level they are seen, what went past us.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_DOCTOR_CUDA_H
#define SHAPEBOX_VIEWER_COMMANDS_DOCTOR_CUDA_H

#include <jansson.h>

#include "../reader/trace_cuda.h"
#include "../rendering/page.h"

/* Goes behind the test program: runs something on the device if there is one, and tells in lines that begin with "cuda". */
#define DOCTOR_CUDA_PROGRAM \
	"if torch.version.cuda:\n" \
	"    device, problem = '', ''\n" \
	"    try:\n" \
	"        if torch.cuda.is_available():\n" \
	"            device = torch.cuda.get_device_name(0)\n" \
	"            (torch.zeros(8, device='cuda') + 1).cpu()\n" \
	"    except Exception as error:\n" \
	"        problem = (str(error).splitlines() or [type(error).__name__])[0]\n" \
	"    words = ('libcuda', 'libcublas', 'libcudnn', 'libnccl', 'libcusparse', 'libcufft', 'libcusolver', 'libcurand', 'libnvshmem', 'libcupti')\n" \
	"    maps = [line.split() for line in open('/proc/self/maps')]\n" \
	"    files = {m[5] for m in maps if len(m) > 5 and any(w in m[5].rsplit('/', 1)[-1] for w in words)}\n" \
	"    print('\\ncuda version', torch.version.cuda)\n" \
	"    print('cuda device', device)\n" \
	"    print('cuda problem', problem)\n" \
	"    for file in sorted(files, key=lambda f: f.rsplit('/', 1)[-1]):\n" \
	"        print('cuda library', file)\n" \
	"    print('cuda namespaces', sum(len(m) > 5 and m[2] == '00000000' and m[5].endswith('/libc.so.6') for m in maps))\n"

/* {"version","device"|null,"problem"|null,"namespaces","libraries":[{"file","level","how"}]} from the program's OUTPUT; NULL where
 * PyTorch is built without CUDA. New reference. */
json_t *doctor_cuda_parse(const char *output);
/* Adds "launches", "allocations", "wrapped_driver", "queries", as recorded of the test program. CUDA may be NULL. */
void doctor_cuda_count(json_t *cuda, struct trace *trace);
/* The test program ran a kernel, and none was recorded. */
bool doctor_cuda_is_blind(const json_t *cuda);
/* CUDA may be NULL: then it says nothing. */
void doctor_cuda_text(struct page *page, const json_t *cuda);

#endif
