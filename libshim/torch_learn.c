/* Meeting PyTorch: symbols, and the known-answer test of every layout that is read. See torch.h. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "box.h"
#include "hooks.h"
#include "memory.h"
#include "tensor_layout.h"
#include "tensor.h"
#include "torch.h"
#include "torch_learn.h"

/* at::RecordFunctionCallback, passed by value (40 bytes, in memory). */
struct callback {
	void *(*start)(void *result, const char *record);
	void (*end)(const char *record, void *context);
	double sampling;
	uint8_t scopes[10];
	uint8_t needs_inputs, needs_outputs, needs_ids;
};

#define SCAN_BYTES 512
#define AUTOGRAD_BYTES 32 /* of a c10::AutogradState: where its grad mode is looked for */

struct torch torch;

/* What the test's own operation looked like from the hooks. */
static struct {
	pthread_t thread;
	bool active;
	const void *schema, *record, *death, *arguments_at;
	struct torch_value arguments[8];
	size_t count;
	int sequence_offset, step_offset;
	bool values_ok, string_ok, arguments_ok; /* judged during the call: its arguments don't outlive it */
	const void *output;      /* TensorImpl found among its outputs */
	int outputs_offset;
} seen;

static enum box_check_result results[BOX_CHECK_COUNT];

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
string_is(const void *at, size_t bytes, const char *text)
{
	struct torch_string string = torch_string_at(at, bytes);

	return string.size == strlen(text) && !memcmp(string.text, text, string.size);
}

/* Which std::string this is, from the known name of aten::empty_strided: then a schema's names can be read. (Read as the other
 * kind, the new one's length is a pointer, and the old one's stands before the text, where the heap's own words are.) */
static bool
learn_string(void)
{
	static const size_t kinds[] = { TORCH_STRING_BYTES, TORCH_STRING_OLD_BYTES };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && seen.schema; i++)
		if (string_is(seen.schema, kinds[i], "aten::empty_strided")) {
			torch.string_bytes = kinds[i];
			return string_is((const char *)seen.schema + kinds[i], kinds[i], ""); /* the overload's name */
		}
	return false;
}

/* sizeof(c10::Argument), from the known argument names of aten::empty_strided. */
static bool
learn_arguments(void)
{
	static const char *const names[] = { "size", "stride", "dtype", "layout", "device", "pin_memory" };

	if (!torch.string_bytes || seen.count != 6)
		return false;
	const char *const *vector = (const char *const *)((const char *)seen.schema + 2 * torch.string_bytes);
	size_t bytes = (size_t)(vector[1] - vector[0]);
	if (bytes % 6 || bytes / 6 < 32 || bytes / 6 > 512)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!string_is(vector[0] + i * (bytes / 6), torch.string_bytes, names[i]))
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
		if ((uintptr_t)vector[1] - (uintptr_t)vector[0] != 3 * sizeof *vector[0] || (intptr_t)vector[0][0].payload != 3
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
	seen.string_ok = learn_string();
	seen.arguments_ok = learn_arguments();
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
		uintptr_t vector[3]; /* begin, end, end of room: any words at all, until they fit */
		memcpy(vector, (const char *)record + at, sizeof vector);
		if (vector[0] && vector[1] - vector[0] == sizeof(struct torch_value) && vector[2] - vector[0] < 256
		    && vector[2] >= vector[1] && vector[0] != (uintptr_t)seen.arguments_at) {
			seen.output = ((const struct torch_value *)vector[0])->payload;
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
	torch.record_outputs = torch.record_sequence = torch.step_engaged = torch.record_scope = -1;
	return torch.step_callbacks && torch.record_name && torch.exception_globals && learn_look_up()
	       && ((hook_real(HOOK_RUN_RECORD) && hook_real(HOOK_RUN_RECORD_BARE))
		   || (hook_real(HOOK_RUN_RECORD_23) && hook_real(HOOK_RUN_RECORD_BARE_23)));
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

/* Is our callback, or ours among others, what STEP says? */
static bool
step_has_ours(const unsigned char *step)
{
	return *(const uint32_t *)(step + 8) > 1 || torch_step_is_ours(step);
}

/* Skipping: with our callback alone, what getStepCallbacksUnlessEmpty and getStepCallbacks hand out can be recognised as ours. */
static bool
learn_skip(void)
{
	void *(*ranges)(void *, uint8_t) = (void *(*)(void *, uint8_t))hook_real(HOOK_RANGE_CALLBACKS);
	unsigned char buffer[SCAN_BYTES], range[SCAN_BYTES];

	memset(buffer, 0xAA, sizeof buffer);
	memset(range, 0xAA, sizeof range);
	torch.step_callbacks(buffer, BOX_SCOPE_FUNCTION);
	torch.steps_known = buffer[torch.step_engaged] == 1 && *(uint32_t *)(buffer + 8) >= 1 && step_has_ours(buffer);
	if (torch.steps_known && ranges) {
		ranges(range, BOX_SCOPE_FUNCTION);
		torch.ranges_known = memcmp(range + 8, buffer + 8, sizeof(uint32_t)) == 0 && step_has_ours(range);
	}
	return torch.steps_known;
}

/* What a thread's RecordFunctionTLS is like, without a callback of its own, with one, and switched off. */
static void
learn_record_tls(void)
{
	const struct torch_record_tls *(*get)(void) =
		(const struct torch_record_tls *(*)(void))torch_symbol("_ZN2at24get_record_function_tls_Ev");
	void (*enable)(bool) = (void (*)(bool))torch_symbol("_ZN2at20enableRecordFunctionEb");
	uint64_t (*add)(struct callback) =
		(uint64_t(*)(struct callback))torch_symbol("_ZN2at22addThreadLocalCallbackENS_22RecordFunctionCallbackE");
	void (*remove)(uint64_t) = (void (*)(uint64_t))torch_symbol("_ZN2at14removeCallbackEm");
	const struct callback nobody = { .start = record_started, .end = record_ended, .sampling = 1.0 }; /* of no scope */
	const struct torch_record_tls *own = get ? get() : NULL;

	if (!own || !enable || !add || !remove || own->callbacks[0] != own->callbacks[1] || own->enabled != 1)
		return;
	enable(false);
	bool ok = get() == own && own->enabled == 0 && own->callbacks[0] == own->callbacks[1];
	enable(true);
	uint64_t handle = add(nobody);
	ok = ok && get() == own && own->enabled == 1 && own->callbacks[0] < own->callbacks[1] && own->callbacks[1] <= own->callbacks[2];
	remove(handle);
	if (ok && get() == own && own->callbacks[0] == own->callbacks[1] && own->enabled == 1)
		torch.record_tls = get;
}

/* Where the thread's grad mode is: the one bit of its AutogradState that follows when it is switched. */
static void
learn_grad_mode(void)
{
	const uint8_t *(*get)(void) = (const uint8_t *(*)(void))hook_symbol("libc10.so", "_ZN3c1013AutogradState13get_tls_stateEv");
	void (*set)(bool) = (void (*)(bool))hook_symbol("libc10.so", "_ZN3c108GradMode11set_enabledEb");
	const uint8_t *state = get && set && torch.grad_enabled ? get() : NULL;
	uint8_t before[AUTOGRAD_BYTES], after[AUTOGRAD_BYTES];
	int bits = 0;

	if (!state || !memory_is_readable(state, sizeof before))
		return;
	bool is = torch.grad_enabled();
	memcpy(before, state, sizeof before);
	set(!is);
	memcpy(after, state, sizeof after);
	set(is);
	for (int at = 0; at < AUTOGRAD_BYTES; at++)
		if (before[at] != after[at]) {
			torch.grad_byte = at;
			torch.grad_bit = (uint8_t)(is ? before[at] & ~after[at] : after[at] & ~before[at]);
			bits += __builtin_popcount((unsigned)(before[at] ^ after[at]));
		}
	if (bits == 1 && torch.grad_bit && get() == state && !memcmp(before, state, sizeof before))
		torch.autograd_state = get;
}

static void
learn_record(aoti_handle tensor)
{
	torch.record_scope += seen.step_offset;
	settle(BOX_CHECK_CALLBACK, seen.string_ok && seen.outputs_offset > 0 && seen.step_offset >= 0);
	settle(BOX_CHECK_INPUTS, seen.count == 6);
	settle(BOX_CHECK_VALUES, seen.values_ok);
	settle(BOX_CHECK_NAMES, seen.arguments_ok);
	if (seen.output == learn_impl(tensor))
		torch.record_outputs = seen.outputs_offset;
	settle(BOX_CHECK_OUTPUTS, torch.record_outputs > 0);
}

bool
torch_learn(void)
{
	aoti_handle handles[LEARN_TENSORS] = { NULL };
	bool ok = look_up() && add_callback() && learn_step_layout();

	if (!ok) {
		settle(BOX_CHECK_CALLBACK, false);
		return false;
	}
	seen.thread = pthread_self();
	seen.step_offset = -1;
	__atomic_store_n(&seen.active, true, __ATOMIC_RELEASE);
	/* The known operation is the one on the meta device: on the CPU this call goes past the dispatcher. */
	ok = learn_make_meta(handles);
	if (ok)
		learn_record(handles[LEARN_META]);
	ok = ok && learn_make_others(handles);
	settle(BOX_CHECK_TENSOR, ok && learn_layout(handles));
	tensor_layout.keys_known = tensor_layout.known && learn_keys(handles);
	tensor_layout.quick = tensor_layout.quick && tensor_layout.keys_known;
	settle(BOX_CHECK_KEYS, tensor_layout.keys_known);
	learn_record_tls();
	learn_grad_mode();
	settle(BOX_CHECK_SKIP, learn_skip());
	torch.record_sequence = seen.sequence_offset > 0 ? seen.sequence_offset : -1;
	settle(BOX_CHECK_SEQUENCE, torch.record_sequence > 0 && torch.sequence_peek && torch.grad_enabled);
	settle(BOX_CHECK_DATA, learn_data());
	const void *dies = handles[LEARN_VIEW] ? learn_impl(handles[LEARN_VIEW]) : NULL;
	for (int i = LEARN_TENSORS - 1; i >= 0; i--)
		if (handles[i]) {
			seen.death = NULL;
			learn_delete(handles[i]);
			if (i == LEARN_VIEW)
				settle(BOX_CHECK_DEATHS, seen.death == dies);
		}
	__atomic_store_n(&seen.active, false, __ATOMIC_RELEASE);
	return results[BOX_CHECK_CALLBACK] == BOX_CHECK_OK && results[BOX_CHECK_VALUES] == BOX_CHECK_OK
	       && results[BOX_CHECK_TENSOR] == BOX_CHECK_OK;
}
