/* The operands of a failing operation, found by their identities. See operands.h. */
#include "box.h"
#include "identity.h"
#include "operands.h"
#include "recorder.h"
#include "summary.h"

#define LEAVE_BYTES 8192 /* of the note, for what follows */

/* The identities in OPEN's START record into NUMBERS; 0 if the record has been overwritten meanwhile. */
static uint32_t
read_numbers(const struct recorder *recorder, const struct open_op *open, uint64_t numbers[VALUES_TENSORS])
{
	const struct box_chunk *chunk = open->chunk;
	uint64_t sequence = __atomic_load_n(&chunk->sequence, __ATOMIC_ACQUIRE);

	/* A chunk that went to another thread, or came round to this one again, says so. */
	if (chunk->thread != recorder->number || chunk->first_event > open->event)
		return 0;
	uint64_t base = chunk->base_tensor;
	uint32_t count = open->start->ids < VALUES_TENSORS ? open->start->ids : VALUES_TENSORS;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t id = open->start->id[i];
		numbers[i] = id ? base + (uint64_t)(int64_t)(int32_t)(id - (uint32_t)base) : 0;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	bool same = __atomic_load_n(&chunk->sequence, __ATOMIC_RELAXED) == sequence
		    && chunk->thread == recorder->number && chunk->first_event <= open->event
		    && __atomic_load_n(&chunk->state, __ATOMIC_RELAXED) != BOX_CHUNK_FREE;
	return same ? count : 0;
}

void
operands_write(struct json_writer *json, const struct recorder *recorder, const struct open_op *open)
{
	const void *impls[VALUES_TENSORS];
	uint64_t numbers[VALUES_TENSORS];
	struct summary_budget budget;
	struct summary summary;
	uint32_t count = 0;

	json_array_begin(json);
	summary_begin(&budget);
	/* Without the marks of tensors' ends, an address may be another's by now. */
	if (budget.left && shim_box.header->checks[BOX_CHECK_DEATHS] == BOX_CHECK_OK)
		count = read_numbers(recorder, open, numbers);
	identity_find(numbers, impls, count);
	for (uint32_t i = 0; i < count && json_left(json) > LEAVE_BYTES; i++) {
		if (!impls[i] || !summary_take(&summary, impls[i], &budget))
			continue;
		json_object_begin(json);
		json_key(json, "tensor");
		json_int(json, (int64_t)numbers[i]);
		json_key(json, "index");
		json_int(json, i);
		json_key(json, "summary");
		summary_write(json, &summary);
		json_object_end(json);
	}
	json_array_end(json);
}

void
operands_tell(struct recorder *recorder, const struct open_op *open)
{
	const void *impls[VALUES_TENSORS];
	uint64_t numbers[VALUES_TENSORS] = { 0 };
	uint32_t count = shim_box.header->checks[BOX_CHECK_DEATHS] == BOX_CHECK_OK ? read_numbers(recorder, open, numbers) : 0;

	identity_find(numbers, impls, count);
	for (uint32_t i = 0; i < count; i++)
		if (impls[i])
			lists_tell(&recorder->lists, numbers[i], impls[i]);
}
