/*
 * PyTorch as this process has it: functions, layouts and tags, looked up and verified by torch_learn before anything
 * is recorded. Written once, read-only afterwards. Facts' sources, torch 2.x: ATen/record_function.h (RecordFunction,
 * StepCallbacks), ATen/core/dispatch/Dispatcher.h, ATen/core/ivalue.h (IValue: 16 bytes, payload then tag),
 * ATen/core/function_schema.h, torch/csrc/inductor/aoti_torch/c/shim.h (the C interface that the test uses).
 */
#ifndef SHAPEBOX_LIBSHIM_TORCH_H
#define SHAPEBOX_LIBSHIM_TORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"

/* c10::IValue */
struct torch_value {
	void *payload;
	uint32_t tag;
	uint32_t unused;
};

/* What a std::string holds. PyTorch's own wheels were built with the string from before C++11 until 2.6: a pointer to the text,
 * behind {length, capacity, references} (libstdc++, bits/cow_string.h). Since then: {text, length, 16 bytes}. */
struct torch_string {
	const char *text;
	size_t size;
};
#define TORCH_STRING_BYTES 32
#define TORCH_STRING_OLD_BYTES 8

/* at::RecordFunctionTLS: a thread's own callbacks (a std::vector), and whether it records at all */
struct torch_record_tls {
	const char *callbacks[3];
	uint8_t enabled;
};

struct torch {
	void *(*step_callbacks)(void *result, uint8_t scope);
	const char *(*record_name)(const void *record);
	int64_t (*sequence_peek)(void); /* NULL: unknown */
	bool (*grad_enabled)(void);     /* NULL: unknown */
	const uint8_t *(*autograd_state)(void); /* of this thread, c10::AutogradState (c10/core/AutogradState.h); NULL: not verified */
	int grad_byte;        /* in it: grad mode */
	uint8_t grad_bit;
	void *(*exception_globals)(void); /* __cxa_get_globals: {caught list, unsigned uncaught} per thread */
	const void *undefined_tensor;   /* c10::UndefinedTensorImpl::singleton, NULL if not found */

	bool steps_known;     /* what getStepCallbacksUnlessEmpty hands out is understood: operations may be skipped */
	bool ranges_known;    /* and what getStepCallbacks does */
	const struct torch_record_tls *(*record_tls)(void); /* get_record_function_tls_, once its layout is verified; else NULL */
	int step_engaged;     /* in std::optional<StepCallbacks>: the byte that says there is one */
	int record_scope;     /* in RecordFunction: the scope byte */
	int record_outputs;   /* std::vector<IValue>; -1 unknown */
	int record_sequence;  /* int64; -1 unknown */
	int list_values;      /* in a list's object: std::vector<IValue> */
	size_t string_bytes;  /* sizeof(std::string), which tells the two kinds apart; 0: strings can't be read */
	size_t argument_bytes;/* sizeof(c10::Argument); 0: names unknown */

	uint32_t tag_tensor, tag_double, tag_int, tag_bool, tag_list, tag_string, tag_device;
};

extern struct torch torch __attribute__((visibility("hidden")));

/* The std::string at AT, if one is BYTES long (torch.string_bytes). */
static inline struct torch_string
torch_string_at(const void *at, size_t bytes)
{
	const char *text = *(const char *const *)at;

	return (struct torch_string){ text, bytes == TORCH_STRING_OLD_BYTES ? ((const size_t *)(const void *)text)[-3] : ((const size_t *)at)[1] };
}

/* Look everything up, add the global callback, run the known-answer test on this thread. Called once, off the hot path,
 * from the first operation. Returns false if operations can't be recorded at all. */
bool torch_learn(void);

/* Write what the test found into the box (a new box after a fork gets it again). */
void torch_report_checks(void);

/* While the test runs, on its thread only: what the hooks and callbacks saw. */
bool torch_is_learning(void);
void torch_saw_call(const void *record, const void *schema, const struct torch_value *arguments, size_t count);
void torch_saw_start(const void *record);
void torch_saw_end(const void *record);
void torch_saw_death(const void *impl);

/* record.c: the callbacks that torch_learn registers. */
void *record_started(void *result, const char *record);
void record_ended(const char *record, void *context);

/* STEP, an at::StepCallbacks, begins with a c10::SmallVector of pairs of plain pointers (ATen/record_function.h): pointer, u32
 * size, u32 capacity. Is our pair the only one? */
static inline bool
torch_step_is_ours(const void *step)
{
	void *const *pairs = *(void *const *const *)step;

	return *(const uint32_t *)((const char *)step + sizeof(void *)) == 1 && pairs[0] == (void *)record_started;
}

/* Would setting WANTED on a thread that has NOW change anything? Of two without callbacks of their own: whether they record. */
static inline bool
torch_tls_differs(const struct torch_record_tls *now, const struct torch_record_tls *wanted)
{
	return now->callbacks[0] != now->callbacks[1] || wanted->callbacks[0] != wanted->callbacks[1] || now->enabled != wanted->enabled;
}

/* Nobody listens: plain pointers need no destruction. */
static inline void
torch_step_clear(void *step)
{
	*(uint32_t *)((char *)step + sizeof(void *)) = 0;
}

#endif
