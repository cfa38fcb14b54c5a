/* Meeting PyTorch: symbols, and the known-answer test of every layout that is read. See torch.h. */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "box.h"
#include "hooks.h"
#include "tensor_layout.h"
#include "tensor.h"
#include "torch.h"

#define SCAN_BYTES 512
#define DTYPE_FLOAT 6 /* c10::ScalarType */
#define DTYPE_BFLOAT16 15
#define DEVICE_CPU 0 /* c10::DeviceType */
#define DEVICE_META 14

typedef void *aoti_handle; /* AtenTensorHandle: at::Tensor *, whose first word is the TensorImpl */

/* at::RecordFunctionCallback, passed by value (40 bytes, in memory). */
struct callback {
	void *(*start)(void *result, const char *record);
	void (*end)(const char *record, void *context);
	double sampling;
	uint8_t scopes[10];
	uint8_t needs_inputs, needs_outputs, needs_ids;
};

struct torch torch;

/* What the test's own operation looked like from the hooks. */
static struct {
	pthread_t thread;
	bool active;
	const void *schema, *record, *death, *arguments_at;
	struct torch_value arguments[8];
	size_t count;
	int sequence_offset, step_offset;
	bool values_ok, schema_ok; /* judged during the call: its arguments don't outlive it */
	const void *output;      /* TensorImpl found among its outputs */
	int outputs_offset;
} seen;

static enum box_check_result results[BOX_CHECK_COUNT];

static int (*make_tensor)(int64_t ndim, const int64_t *sizes, const int64_t *strides, int32_t dtype, int32_t device_type,
			  int32_t device_index, aoti_handle *out);
static int (*make_view)(aoti_handle self, int64_t ndim, const int64_t *sizes, const int64_t *strides, int64_t offset,
			aoti_handle *out);
static int (*delete_tensor)(aoti_handle tensor);

static void
settle(enum box_check which, bool ok)
{
	results[which] = ok ? BOX_CHECK_OK : BOX_CHECK_FAILED;
}

void
torch_report_checks(void)
{
	for (int i = 0; i < BOX_CHECK_COUNT; i++)
		if (results[i] != BOX_CHECK_NOT_RUN)
			box_check((enum box_check)i, results[i] == BOX_CHECK_OK);
}

bool
torch_is_learning(void)
{
	return seen.active && pthread_equal(seen.thread, pthread_self());
}

static bool
string_is(const struct torch_string *string, const char *text)
{
	return string->size == strlen(text) && !memcmp(string->text, text, string->size);
}

/* sizeof(c10::Argument), from the known argument names of aten::empty_strided. */
static bool
learn_schema(void)
{
	static const char *const names[] = { "size", "stride", "dtype", "layout", "device", "pin_memory" };
	const struct torch_string *schema = seen.schema;

	if (!schema || seen.count != 6 || !string_is(schema, "aten::empty_strided"))
		return false;
	const char *const *vector = (const char *const *)((const char *)seen.schema + 64); /* after two std::string */
	size_t bytes = (size_t)(vector[1] - vector[0]);
	if (bytes % 6 || bytes / 6 < 64 || bytes / 6 > 512)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!string_is((const struct torch_string *)(vector[0] + i * (bytes / 6)), names[i]))
			return false;
	torch.argument_bytes = bytes / 6;
	return true;
}

/* Tags of boxed values. aten::empty_strided(int[] size, int[] stride, *, dtype, layout, device, pin_memory): two lists,
 * two integers, a device. The rest stand at fixed distances in ivalue.h's own list, which Device's place confirms. */
static bool
learn_values(void)
{
	const struct torch_value *list = &seen.arguments[0];

	if (seen.count != 6 || list->tag == 0 || seen.arguments[1].tag != list->tag)
		return false;
	for (int at = 8; at <= 32; at += 8) {
		const struct torch_value *const *vector =
			(const struct torch_value *const *)((const char *)list->payload + at);
		if (vector[1] != vector[0] + 3 || (intptr_t)vector[0][0].payload != 3
		    || (intptr_t)vector[0][1].payload != 5 || (intptr_t)vector[0][2].payload != 7)
			continue;
		torch.list_values = at;
		torch.tag_int = vector[0][0].tag;
		torch.tag_list = list->tag;
		torch.tag_device = seen.arguments[4].tag;
		torch.tag_tensor = 1;
		torch.tag_double = 3;
		torch.tag_bool = torch.tag_list - 4;
		torch.tag_string = torch.tag_list - 2;
		return seen.arguments[2].tag == torch.tag_int && (intptr_t)seen.arguments[2].payload == DTYPE_FLOAT
		       && torch.tag_device == torch.tag_list + 4 && torch.tag_int == 5;
	}
	return false;
}

void
torch_saw_call(const void *record, const void *schema, const struct torch_value *arguments, size_t count)
{
	if (seen.schema) /* the outermost call only */
		return;
	seen.schema = schema;
	seen.record = record;
	seen.arguments_at = arguments;
	seen.count = count < 8 ? count : 8;
	memcpy(seen.arguments, arguments, seen.count * sizeof *arguments);
	seen.values_ok = learn_values();
	seen.schema_ok = learn_schema();
}

/* The inputs are {pointer, length} of the very array passed; the sequence number is the word before them. */
void
torch_saw_start(const void *record)
{
	if (record != seen.record || seen.sequence_offset > 0)
		return;
	/* A RecordFunction keeps its StepCallbacks inside: {pointer to the pairs right behind, count, room, pairs}. */
	for (int at = 0; at < 64 && seen.step_offset < 0; at += 8) {
		const char *const *word = (const char *const *)((const char *)record + at);
		if (*word == (const char *)(word + 2) && word[2] == (const char *)record_started)
			seen.step_offset = at;
	}
	for (int at = 96; at + 16 <= SCAN_BYTES - 64; at += 8) {
		const void *words[3];
		memcpy(words, (const char *)record + at - 8, sizeof words);
		if (words[1] == seen.arguments_at && (size_t)words[2] == seen.count && (intptr_t)words[0] == -1)
			seen.sequence_offset = at - 8;
	}
}

/* The outputs are a vector with one IValue whose payload is a heap object: found by shape here, by value later. */
void
torch_saw_end(const void *record)
{
	if (record != seen.record || seen.outputs_offset > 0)
		return;
	for (int at = 96; at + 24 <= SCAN_BYTES - 64; at += 8) {
		const struct torch_value *vector[3];
		memcpy(vector, (const char *)record + at, sizeof vector);
		if (vector[0] && vector[1] == vector[0] + 1 && vector[2] >= vector[1] && vector[2] < vector[0] + 16
		    && vector[0] != seen.arguments_at) {
			seen.output = vector[0]->payload;
			seen.outputs_offset = at;
		}
	}
}

void
torch_saw_death(const void *impl)
{
	seen.death = impl;
}

static void *
torch_symbol(const char *name)
{
	return hook_symbol("libtorch_cpu.so", name);
}

static bool
look_up(void)
{
	torch.step_callbacks = (void *(*)(void *, uint8_t))hook_real(HOOK_STEP_CALLBACKS);
	torch.record_name = (const char *(*)(const void *))torch_symbol("_ZNK2at14RecordFunction4nameEv");
	torch.sequence_peek = (int64_t(*)(void))torch_symbol("_ZN2at15sequence_number4peekEv");
	torch.grad_enabled = (bool (*)(void))hook_symbol("libc10.so", "_ZN3c108GradMode10is_enabledEv");
	torch.exception_globals = (void *(*)(void))hook_symbol("libstdc++.so.6", "__cxa_get_globals");
	torch.undefined_tensor = hook_symbol("libc10.so", "_ZN3c1019UndefinedTensorImpl10_singletonE");
	make_tensor = (int (*)(int64_t, const int64_t *, const int64_t *, int32_t, int32_t, int32_t,
			       aoti_handle *))torch_symbol("aoti_torch_empty_strided");
	make_view = (int (*)(aoti_handle, int64_t, const int64_t *, const int64_t *, int64_t,
			     aoti_handle *))torch_symbol("aoti_torch__reinterpret_tensor");
	delete_tensor = (int (*)(aoti_handle))torch_symbol("aoti_torch_delete_tensor_object");
	torch.record_outputs = torch.record_sequence = torch.step_engaged = torch.record_scope = -1;
	return torch.step_callbacks && torch.record_name && torch.exception_globals && make_tensor && make_view
	       && delete_tensor && hook_real(HOOK_RUN_RECORD) && hook_real(HOOK_RUN_RECORD_BARE);
}

/* Which bytes of an optional<StepCallbacks> hold "there is one" and the scope: filled with 0xAA, asked twice. */
static bool
learn_step_layout(void)
{
	unsigned char buffers[2][SCAN_BYTES];
	const uint8_t scopes[2] = { BOX_SCOPE_FUNCTION, BOX_SCOPE_USER };

	for (int i = 0; i < 2; i++) {
		memset(buffers[i], 0xAA, SCAN_BYTES);
		torch.step_callbacks(buffers[i], scopes[i]);
	}
	for (int at = SCAN_BYTES - 1; at >= 0 && torch.step_engaged < 0; at--)
		if (buffers[0][at] == 1 && buffers[1][at] == 1)
			torch.step_engaged = at; /* the last byte written: the optional's flag follows its value */
		else if (buffers[0][at] != 0xAA)
			return false;
	for (int at = 0; at < torch.step_engaged; at++)
		if (buffers[0][at] == BOX_SCOPE_FUNCTION && buffers[1][at] == BOX_SCOPE_USER)
			torch.record_scope = at;
	return torch.step_engaged > 0 && torch.record_scope >= 0;
}

static bool
add_callback(void)
{
	uint64_t (*add)(struct callback) =
		(uint64_t(*)(struct callback))torch_symbol("_ZN2at17addGlobalCallbackENS_22RecordFunctionCallbackE");
	struct callback callback = { .start = record_started, .end = record_ended, .sampling = 1.0,
				     .needs_inputs = 1, .needs_outputs = 1 };

	if (!add)
		return false;
	callback.scopes[BOX_SCOPE_FUNCTION] = callback.scopes[BOX_SCOPE_BACKWARD] = 1;
	callback.scopes[BOX_SCOPE_USER] = 1;
	add(callback);
	return true;
}

static int
find_words(const char *memory, size_t room, const int64_t *words, size_t count)
{
	for (size_t at = 0; at + count * 8 <= room; at += 8)
		if (!memcmp(memory + at, words, count * 8))
			return (int)at;
	return -1;
}

static const char *
impl_of(aoti_handle handle)
{
	return *(const char *const *)handle;
}

static size_t
readable_bytes(const char *impl)
{
	size_t size = malloc_usable_size((void *)(uintptr_t)impl);

	return size < SCAN_BYTES ? size : SCAN_BYTES;
}

/* The only offset in FROM..ROOM at which A and B hold the bytes VALUE_A and VALUE_B, and C holds VALUE_A too. */
static int
find_byte(const char *a, const char *b, const char *c, size_t from, size_t room, int value_a, int value_b)
{
	int found = -1;

	for (size_t at = from; at < room; at++)
		if (a[at] == (char)value_a && b[at] == (char)value_b && c[at] == (char)value_a) {
			if (found >= 0)
				return -1;
			found = (int)at;
		}
	return found;
}

static const int64_t three[] = { 3, 5, 7 }, three_strides[] = { 40, 8, 1 };
static const int64_t six[] = { 1, 2, 1, 3, 1, 5 }, six_strides[] = { 30, 15, 15, 5, 5, 1 };

/* Offsets of a TensorImpl, from tensors of known contents. HANDLES: float, bfloat16, meta, 6-dimensional, view. */
static bool
learn_tensor_layout(const aoti_handle *handles)
{
	struct tensor_layout *layout = &tensor_layout;
	const char *plain = impl_of(handles[0]), *half = impl_of(handles[1]), *meta = impl_of(handles[2]);
	const char *view = impl_of(handles[4]);
	size_t room = readable_bytes(plain);
	int64_t sizes_words[] = { 3, 3, 5, 7 };
	struct tensor_meta read;

	layout->dims = find_words(plain, room, sizes_words, 4);
	if (layout->dims < 0)
		return false;
	size_t after = (size_t)layout->dims + 8 + 2 * TENSOR_INLINE_DIMS * 8;
	if (after + 24 > room)
		return false;
	/* storage_offset_, numel_, data_type_ and device_opt_ follow sizes_and_strides_ in this order */
	int64_t view_words[] = { 11, 1 }, plain_words[] = { 0, 105 };
	layout->storage_offset = find_words(view + after, room - after, view_words, 2);
	if (layout->storage_offset < 0
	    || find_words(plain + after, room - after, plain_words, 2) != layout->storage_offset)
		return false;
	layout->storage_offset += (int)after;
	layout->numel = layout->storage_offset + 8;
	size_t rest = (size_t)layout->numel + 8;
	layout->dtype = find_byte(plain, half, meta, rest, room, DTYPE_FLOAT, DTYPE_BFLOAT16);
	layout->device_type = find_byte(plain, meta, half, rest, room, DEVICE_CPU, DEVICE_META);
	if (layout->dtype < 0 || layout->device_type < 0)
		return false;
	/* autograd_meta_ comes right after the storage pointer, the first field behind the reference counts: NULL here. */
	layout->autograd = -1;
	for (int at = 8; at <= 24 && layout->autograd < 0; at += 8)
		if (*(void *const *)(plain + at) && *(void *const *)(plain + at) == *(void *const *)(view + at)
		    && !*(void *const *)(plain + at + 8))
			layout->autograd = at + 8;
	if (layout->autograd < 0)
		return false;
	layout->known = true;
	layout->known = tensor_read(impl_of(handles[3]), &read) && read.ndim == 6 && !memcmp(read.sizes, six, sizeof six)
			&& !memcmp(read.strides, six_strides, sizeof six_strides) && tensor_read(plain, &read)
			&& read.ndim == 3 && !memcmp(read.sizes, three, sizeof three)
			&& !memcmp(read.strides, three_strides, sizeof three_strides) && read.dtype == DTYPE_FLOAT
			&& read.device_type == DEVICE_CPU && tensor_read(half, &read) && read.dtype == DTYPE_BFLOAT16
			&& tensor_read(meta, &read) && read.device_type == DEVICE_META && tensor_read(view, &read)
			&& read.ndim == 1 && read.sizes[0] == 1 && read.storage_offset == 11;
	return layout->known;
}

/* Dispatch keys by their own names: c10::toString(DispatchKey). A functionality key k is bit backends + k - 1. */
static bool
learn_keys(const char *plain, const char *meta)
{
	const char *(*name_of)(uint16_t) =
		(const char *(*)(uint16_t))hook_symbol("libc10.so", "_ZN3c108toStringENS_11DispatchKeyE");
	struct tensor_layout *layout = &tensor_layout;
	size_t room = readable_bytes(plain);
	int dense = -1, view_key = -1, autograd = -1, backends = -1;

	if (!name_of)
		return false;
	for (uint16_t key = 1; key < 48; key++) {
		const char *name = name_of(key);
		if (!strcmp(name, "Dense"))
			dense = key;
		else if (!strcmp(name, "ADInplaceOrView"))
			view_key = key;
		else if (!strcmp(name, "AutogradFunctionality"))
			autograd = key;
	}
	if (dense < 0 || view_key < 0 || autograd < 0)
		return false;
	/* The key set is the word in which both tensors have these three functionality bits, the CPU's has backend bit 0
	 * and the meta tensor's another one; what else is set above are autocast's keys. */
	for (size_t at = (size_t)layout->numel + 8; at + 8 <= room; at += 8)
		for (int count = 8; count < 24; count++) {
			uint64_t word, other, below = (1ull << count) - 1;
			uint64_t functions = 1ull << (count + dense - 1) | 1ull << (count + view_key - 1)
					     | 1ull << (count + autograd - 1);
			memcpy(&word, plain + at, 8);
			memcpy(&other, meta + at, 8);
			uint64_t backend = other & below;
			if ((word & functions) != functions || (other & functions) != functions || (word & below) != 1
			    || backend < 2 || backend & (backend - 1)
			    || __builtin_popcountll((word | other) & ~functions & ~below) > 2)
				continue;
			if (backends >= 0)
				return false; /* two readings fit: neither is proven */
			layout->keys = (int)at;
			backends = count;
		}
	if (backends < 0)
		return false;
	for (uint16_t key = 1; key < 48 && backends + key <= 64; key++) {
		const char *name = name_of(key);
		uint64_t bit = 1ull << (backends + key - 1);
		if (!strcmp(name, "Sparse"))
			layout->sparse |= bit;
		else if (!strcmp(name, "SparseCsr"))
			layout->sparse_csr |= bit;
		else if (!strcmp(name, "NestedTensor"))
			layout->nested |= bit;
		else if (!strcmp(name, "Quantized"))
			layout->quantized |= bit;
		else if (!strcmp(name, "Python") || !strcmp(name, "PythonTLSSnapshot"))
			layout->python |= bit;
		else if (!strcmp(name, "FuncTorchBatched") || !strcmp(name, "FuncTorchGradWrapper")
			 || !strcmp(name, "BatchedNestedTensor") || !strcmp(name, "Batched"))
			layout->batched |= bit;
	}
	return layout->sparse && layout->sparse_csr && layout->nested && layout->python && layout->batched;
}

/* Skipping: with our callback alone, what getStepCallbacksUnlessEmpty hands out can be recognised as ours. */
static bool
learn_skip(void)
{
	unsigned char buffer[SCAN_BYTES];

	memset(buffer, 0xAA, sizeof buffer);
	torch.step_callbacks(buffer, BOX_SCOPE_FUNCTION);
	void **pairs = *(void ***)buffer;
	return buffer[torch.step_engaged] == 1 && *(uint32_t *)(buffer + 8) >= 1
	       && (*(uint32_t *)(buffer + 8) > 1 || pairs[0] == (void *)record_started);
}

static void
learn_record(aoti_handle tensor)
{
	torch.record_scope += seen.step_offset;
	settle(BOX_CHECK_CALLBACK, seen.schema != NULL && seen.outputs_offset > 0 && seen.step_offset >= 0);
	settle(BOX_CHECK_INPUTS, seen.count == 6);
	settle(BOX_CHECK_VALUES, seen.values_ok);
	settle(BOX_CHECK_NAMES, seen.schema_ok);
	if (seen.output == impl_of(tensor))
		torch.record_outputs = seen.outputs_offset;
	settle(BOX_CHECK_OUTPUTS, torch.record_outputs > 0);
}

bool
torch_learn(void)
{
	aoti_handle handles[5] = { NULL };
	const int64_t one[] = { 1 };
	bool ok = look_up() && add_callback() && learn_step_layout();

	if (!ok) {
		settle(BOX_CHECK_CALLBACK, false);
		return false;
	}
	seen.thread = pthread_self();
	seen.step_offset = -1;
	__atomic_store_n(&seen.active, true, __ATOMIC_RELEASE);
	/* The known operation is the one on the meta device: on the CPU this call goes past the dispatcher. */
	ok = !make_tensor(3, three, three_strides, DTYPE_FLOAT, DEVICE_META, 0, &handles[2]);
	if (ok)
		learn_record(handles[2]);
	ok = ok && !make_tensor(3, three, three_strides, DTYPE_FLOAT, DEVICE_CPU, 0, &handles[0])
	     && !make_tensor(3, three, three_strides, DTYPE_BFLOAT16, DEVICE_CPU, 0, &handles[1])
	     && !make_tensor(6, six, six_strides, DTYPE_FLOAT, DEVICE_CPU, 0, &handles[3])
	     && !make_view(handles[0], 1, one, one, 11, &handles[4]);
	settle(BOX_CHECK_TENSOR, ok && learn_tensor_layout(handles));
	tensor_layout.keys_known = tensor_layout.known && learn_keys(impl_of(handles[0]), impl_of(handles[2]));
	settle(BOX_CHECK_KEYS, tensor_layout.keys_known);
	settle(BOX_CHECK_SKIP, learn_skip());
	torch.record_sequence = seen.sequence_offset > 0 ? seen.sequence_offset : -1;
	settle(BOX_CHECK_SEQUENCE, torch.record_sequence > 0 && torch.sequence_peek && torch.grad_enabled);
	const void *dies = handles[4] ? impl_of(handles[4]) : NULL;
	for (int i = 4; i >= 0; i--)
		if (handles[i]) {
			seen.death = NULL;
			delete_tensor(handles[i]);
			if (i == 4)
				settle(BOX_CHECK_DEATHS, seen.death == dies);
		}
	__atomic_store_n(&seen.active, false, __ATOMIC_RELEASE);
	return results[BOX_CHECK_CALLBACK] == BOX_CHECK_OK && results[BOX_CHECK_VALUES] == BOX_CHECK_OK
	       && results[BOX_CHECK_TENSOR] == BOX_CHECK_OK;
}
