/*
 * Recording operations: what the hooks and PyTorch's callbacks call, on the thread that runs the operation.
 * Hot path: no malloc, no lock, no system call, no formatting.
 */
#include <string.h>

#include "box.h"
#include "dictionary.h"
#include "frames.h"
#include "history.h"
#include "identity.h"
#include "install.h"
#include "operation.h"
#include "python_late.h"
#include "record.h"
#include "recorder.h"
#include "sample.h"
#include "scope.h"
#include "settings.h"
#include "shim.h"
#include "throw.h"
#include "torch.h"
#include "written.h"

#define OUTPUT_LIST_LIMIT 1024
#define SIGNATURE_WORDS 2 /* u32 value_count, u32 word_count before words written in line */

/* From where an operation is begun. */
struct origin {
	const void *state, *frame; /* Python's, of this thread; NULL without one */
	uint16_t level;            /* as in struct open_op */
};

/* Would an operation that begins now be one that the user did not call? Only dispatcher calls count as around it, and
 * a new innermost Python frame means that Python called it from within another operation. */
static inline bool
is_nested(const struct recorder *recorder, struct origin *origin)
{
	if (!recorder->depth) {
		origin->level = 0;
		origin->state = frames_state();
		origin->frame = frames_top(origin->state);
		return false;
	}
	const struct open_op *around = &recorder->open[recorder->depth - 1];
	origin->state = around->frame ? around->state : frames_state();
	origin->frame = frames_top(origin->state);
	origin->level = origin->frame == around->frame ? (uint16_t)(around->level + 1) : 0;
	return origin->level && around->leaf;
}

/* Copy what VALUES holds behind the identities of a record whose signature isn't in the dictionary. */
static void
write_inline(uint32_t *at, const struct values *values)
{
	*at++ = values->value_count;
	*at++ = values->word_count;
	memcpy(at, values->words, values->word_count * 8ull);
}

static inline uint32_t
inline_words(bool in_line, const struct values *values)
{
	return in_line ? SIGNATURE_WORDS + 2 * values->word_count : 0;
}

/* The identities of the tensors in VALUES into IDS. */
static inline void
write_ids(struct recorder *recorder, uint32_t *ids, bool made, const struct identity_event *event)
{
	const struct values *values = &recorder->values;

	for (uint32_t i = 0, count = values->tensor_count; i < count; i++)
		ids[i] = (uint32_t)identity_meet(values->tensors[i], values->forms[i], made, event, recorder->tensor_block);
}

/* What `check` asks of the operands of an operation that begins at SITE. */
static void __attribute__((noinline))
look_at(const struct operation *facts, uint32_t site, const struct values *values)
{
	if (facts->sample)
		sample_take(facts->sample, site, values);
	if (facts->written && values->tensor_count)
		written_take(facts->written, values->tensors[0]);
}

static inline uint64_t
seed_of(uint32_t op, uint32_t flags)
{
	return (uint64_t)op << 8 | flags;
}

/* The signature of KEY (values_encode has the rest); BOX_NONE: it isn't in the dictionary, VALUES has it. */
static __attribute__((noinline)) uint32_t
find_signature(struct values *values, uint64_t key, uint32_t op, uint32_t flags, const struct torch_value *list, size_t count, uint64_t numbers,
	       uint32_t list_limit)
{
	uint32_t found = dictionary_signature_find(key);

	if (__builtin_expect(found != BOX_NONE, 1))
		return found;
	if (!values->encoded)
		values_encode(values, list, count, numbers, list_limit);
	return dictionary_signature_add(key, op, flags, values->words, values->word_count, values->value_count);
}

/* Is autograd recording on this thread? */
static inline bool
is_grad(const struct recorder *recorder)
{
	if (__builtin_expect(recorder->autograd != NULL, 1))
		return *recorder->autograd & torch.grad_bit;
	return torch.grad_enabled && torch.grad_enabled();
}

/* What is found in EXPECTED from now on: SIGNATURE, for KEY from SITE. */
static void
expect(const struct recorder *recorder, struct expected *expected, uint64_t key, uint32_t site, uint32_t signature)
{
	*expected = (struct expected){
		.key = key, .from = { site && site != BOX_NONE ? recorder->frames.key : 0, site }, .signature = signature, .next = expected->next,
		.calls = history_bucket(recorder->number, site, signature),
	};
}

static inline void
begin_operation(struct recorder *recorder, const void *record)
{
	const void *schema = recorder->pending_schema;
	struct operation *facts;
	struct origin from;

	recorder->pending_schema = NULL; /* what starts inside is announced anew */
	if (is_nested(recorder, &from))
		return;
	uint32_t op = operation_find(schema, &facts);
	if (op == BOX_NONE || facts->ignored)
		return;
	if (recorder->depth == RECORDER_DEPTH) {
		box_lose(BOX_LOSS_NESTED_TOO_DEEP, 1);
		return;
	}
	struct values *values = &recorder->values;
	const struct torch_value *list = recorder->pending_values;
	uint64_t key = values_key(values, list, recorder->pending_count, facts->numbers, facts->list_limit, seed_of(op, 0));
	const struct expected *guess = &recorder->expected.at[recorder->expected.guess];
	if (__builtin_expect(guess->key != key, 0))
		dictionary_signature_fetch(key);
	recorder->frames.guess = &guess->from;
	uint32_t site = frames_site(&recorder->frames, from.frame);
	struct expected *expected = expected_find(&recorder->expected, key, site);
	uint32_t signature = expected->signature;
	if (__builtin_expect(!expected_is(expected, key, site), 0)) {
		signature = find_signature(values, key, op, 0, list, recorder->pending_count, facts->numbers, facts->list_limit);
		if (signature != BOX_NONE)
			expect(recorder, expected, key, site, signature);
	}
	__builtin_prefetch(expected->calls, 1); /* which may lie in no cache, is there when it ends */
	bool in_line = signature == BOX_NONE;
	if (__builtin_expect(values->cut, 0)) {
		box_lose(BOX_LOSS_LIST_CUT, 1);
		lists_keep(&recorder->lists, recorder->events, list, recorder->pending_count);
	}
	struct identity_event event = { signature, site, op, NULL };
	bool grad = is_grad(recorder);
	uint32_t words = sizeof(struct box_start) / 4 + values->tensor_count + inline_words(in_line, values);
	/* Without a node to make it tells nothing, but whether the operation before made one. */
	uint32_t sequence = (grad || recorder->steps.held) && torch.sequence_peek ? (uint32_t)torch.sequence_peek() : BOX_NONE;
	unsigned flags = (in_line ? BOX_FLAG_INLINE : 0) | (grad ? BOX_FLAG_GRAD : 0)
			 | (recorder->depth && !from.level ? BOX_FLAG_REENTRY : 0);
	if (!recorder->depth)
		steps_operation(recorder, facts, event.site, grad, sequence);
	python_late_call();
	struct box_start *start = recorder_reserve(recorder, words, BOX_RECORD_START, flags);
	if (!start)
		return;
	start->signature = in_line ? op : signature;
	start->site = event.site;
	start->sequence = sequence;
	start->depth = (uint16_t)recorder->depth;
	start->ids = (uint16_t)values->tensor_count;
	write_ids(recorder, start->id, false, &event);
	if (facts->asks && values->tensor_count == 2) {
		identity_ask(values->tensors[0], values->forms[1], &event);
		written_moved(values->tensors[0], values->tensors[1], ((values->forms[0] ^ values->forms[1]) & BOX_FORM_KIND) != 0);
	}
	if (in_line)
		write_inline(start->id + values->tensor_count, values);
	recorder_publish(recorder);
	if (__builtin_expect(facts->looked_at && !from.level, 0))
		look_at(facts, event.site, values);
	struct open_op *open = &recorder->open[recorder->depth++];
	*open = (struct open_op){
		.record = record, .frame = from.frame, .state = from.state, .op = op, .site = event.site, .signature = signature,
		.uncaught = recorder_uncaught(recorder), .level = from.level,
		.leaf = settings.depth && from.level + 1 >= settings.depth && !facts->children, .takes_index = facts->takes_index,
		.carry = values->tensor_count ? facts->carry : CARRY_NOTHING,
		.event = recorder->events++, .start = start, .chunk = recorder->chunk, .expected = expected,
	};
	recorder_look_around(recorder);
	if (open->carry)
		identity_base_of(values->tensors[0], open->carry, &recorder->base[recorder->depth - 1]);
}

static void
end_failed(struct recorder *recorder, const struct open_op *open)
{
	struct box_end *end = recorder_reserve(recorder, sizeof *end / 4, BOX_RECORD_END, BOX_FLAG_FAILED);

	if (end) {
		end->signature = BOX_NONE;
		end->depth = (uint16_t)recorder->depth;
		end->ids = 0;
		recorder_publish(recorder);
	}
	throw_note(recorder, open);
	if (!recorder->depth)
		python_late_failed();
}

/* OPEN ended well: one more call from its site. */
static inline void
count_call(const struct recorder *recorder, const struct open_op *open)
{
	if (!open->site || open->site == BOX_NONE)
		return;
	if (__builtin_expect(open->signature != BOX_NONE, 1)) {
		const struct expected *expected = open->expected;
		history_call(recorder, __builtin_expect(expected->from.site == open->site && expected->signature == open->signature, 1)
				       ? expected->calls : history_bucket(recorder->number, open->site, open->signature), open->site, open->signature);
	} else if (open->chunk == recorder->chunk && open->chunk->first_event <= open->event) {
		const uint32_t *words = open->start->id + open->start->ids;
		history_unsigned(open->site, open->op, words + SIGNATURE_WORDS, words[1], words[0]);
	} else
		box_lose(BOX_LOSS_HISTORY_BUSY, 1);
}

/* The signature of the COUNT values from LIST that OPEN has made. */
static inline uint32_t
output_signature(struct values *values, const struct open_op *open, const struct torch_value *list, size_t count)
{
	uint64_t seed = seed_of(open->op, BOX_SIGNATURE_OUTPUT);
	uint64_t key = __builtin_expect(count == 1, 1) ? values_key_of(values, list, OUTPUT_LIST_LIMIT, seed)
						       : values_key(values, list, count, 0, OUTPUT_LIST_LIMIT, seed);

	if (__builtin_expect(open->expected->output_key == key, 1))
		return open->expected->output_signature;
	uint32_t signature = find_signature(values, key, open->op, BOX_SIGNATURE_OUTPUT, list, count, 0, OUTPUT_LIST_LIMIT);
	if (signature != BOX_NONE) {
		open->expected->output_key = key;
		open->expected->output_signature = signature;
	}
	return signature;
}

/* OPEN, the innermost operation of RECORDER, ends. (Apart: where it lies is to stay at hand.) */
static __attribute__((noinline)) void
end_operation(struct recorder *recorder, const struct open_op *open, const char *record)
{
	struct values *values = &recorder->values;

	recorder->depth--; /* OPEN is there until the next one begins */
	recorder_look_around(recorder);
	if (__builtin_expect(recorder_uncaught(recorder) > open->uncaught, 0)) {
		end_failed(recorder, open);
		return;
	}
	const struct torch_value *const *outputs = (const struct torch_value *const *)(record + torch.record_outputs);
	size_t count = torch.record_outputs > 0 ? (size_t)(outputs[1] - outputs[0]) : 0;
	uint32_t signature = BOX_NONE;
	count_call(recorder, open);
	if (count)
		signature = output_signature(values, open, outputs[0], count);
	else
		values->tensor_count = 0;
	bool in_line = count && signature == BOX_NONE;
	uint32_t words = sizeof(struct box_end) / 4 + values->tensor_count + inline_words(in_line, values);
	unsigned flags = (in_line ? BOX_FLAG_INLINE : 0) | (torch.record_outputs > 0 ? 0 : BOX_FLAG_NO_OUTPUTS);
	struct box_end *end = recorder_reserve(recorder, words, BOX_RECORD_END, flags);
	if (!end)
		return;
	struct identity_event event = { signature, open->site, open->op, open->carry ? &recorder->base[recorder->depth] : NULL };
	end->signature = in_line ? open->op : signature;
	end->depth = (uint16_t)recorder->depth;
	end->ids = (uint16_t)values->tensor_count;
	write_ids(recorder, end->id, true, &event);
	if (__builtin_expect(open->carry == CARRY_HANDED_OVER, 0) && values->tensor_count)
		identity_remake(values->tensors[0], &event);
	if (in_line)
		write_inline(end->id + values->tensor_count, values);
	recorder_publish(recorder);
}

/* --- PyTorch's callbacks --------------------------------------------------------------------- */

/* (Apart, and called last: so the callbacks themselves save no register.) */
static __attribute__((noinline)) void *
operation_started(struct recorder *recorder, void *result, const char *record)
{
	begin_operation(recorder, record);
	return result;
}

static __attribute__((noinline)) void *
range_started(struct recorder *recorder, void *result, const char *record)
{
	if (__builtin_expect(!install_is_recording(), 0)) {
		if (torch_is_learning())
			torch_saw_start(record);
		return result;
	}
	uint8_t scope = (uint8_t)record[torch.record_scope];
	if (scope != BOX_SCOPE_FUNCTION && (recorder || (recorder = recorder_get())))
		scope_begin(recorder, record, scope);
	return result;
}

void *
record_started(void *result, const char *record)
{
	struct recorder *recorder = recorder_self;

	*(void **)result = NULL; /* the observer context: we keep none */
	if (__builtin_expect(install_is_recording() && recorder && recorder->pending_schema, 1))
		return operation_started(recorder, result, record);
	return range_started(recorder, result, record);
}

static __attribute__((noinline)) void
other_ended(struct recorder *recorder, const char *record)
{
	if (__builtin_expect(!install_is_recording(), 0)) {
		if (torch_is_learning())
			torch_saw_end(record);
		return;
	}
	if (!recorder)
		return;
	uint32_t depth = recorder->depth;
	while (depth && recorder->open[depth - 1].record != record)
		depth--; /* more than one down only where stacks were switched within an operation (greenlets) */
	if (depth) {
		recorder->depth = depth;
		end_operation(recorder, &recorder->open[depth - 1], record);
	} else if (record[torch.record_scope] != BOX_SCOPE_FUNCTION) {
		scope_end(recorder, record);
	}
}

void
record_ended(const char *record, void *context)
{
	struct recorder *recorder = recorder_self;

	(void)context;
	if (__builtin_expect(install_is_recording() && recorder && recorder->depth, 1)) {
		const struct open_op *innermost = &recorder->open[recorder->depth - 1];
		if (__builtin_expect(innermost->record == record, 1)) {
			end_operation(recorder, innermost, record);
			return;
		}
	}
	other_ended(recorder, record);
}

/* --- what the hooks call --------------------------------------------------------------------- */

void
record_blind(void)
{
	if (!recorder_self || !recorder_self->depth)
		box_lose(BOX_LOSS_BLIND, 1);
}

struct recorder *
record_thread_begins(void)
{
	struct recorder *recorder = recorder_get();

	if (recorder && !recorder->exception_globals) /* claimed by a CUDA call before PyTorch was met */
		recorder_meet_torch(recorder);
	return recorder;
}
