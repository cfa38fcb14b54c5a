/*
 * The floor: a RecordFunction callback that does nothing, for the benchmark alone. workloads.py loads it after torch.
 * What a recorder costs above it is its own; what lies below is PyTorch's price for being asked.
 * RecordFunctionCallback as in ATen/record_function.h of torch 2.x: start, end, double, bool[scopes], three bools; a
 * start callback returns a std::unique_ptr by hidden pointer.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SCOPES 10

struct callback {
	void *start, *end;
	double probability;
	bool scopes[SCOPES];
	bool inputs, outputs, ids;
};

static void *
start(void *result, const void *record)
{
	(void)record;
	*(void **)result = NULL;
	return result;
}

static void
end(const void *record, void *context)
{
	(void)record;
	(void)context;
}

/* PyTorch's function NAME; its library is loaded, but not for everyone to see. */
static void *
torch_function(const char *name)
{
	void *library = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);

	return library ? dlsym(library, name) : NULL;
}

/* Add the callback; its handle, for floor_remove, or 0 where PyTorch has no such function. Holds the GIL, or not. */
uint64_t
floor_add(bool inputs, bool outputs)
{
	uint64_t (*add)(struct callback) =
		(uint64_t(*)(struct callback))torch_function("_ZN2at17addGlobalCallbackENS_22RecordFunctionCallbackE");
	struct callback callback = { .start = start, .end = end, .probability = 1, .inputs = inputs, .outputs = outputs };

	memset(callback.scopes, true, 1); /* operations (RecordScope::FUNCTION) */
	return add ? add(callback) : 0;
}

void
floor_remove(uint64_t handle)
{
	void (*take_out)(uint64_t) = (void (*)(uint64_t))torch_function("_ZN2at14removeCallbackEm");

	if (take_out)
		take_out(handle);
}
