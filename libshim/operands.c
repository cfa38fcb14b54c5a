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
operands_find(struct operands *operands, const struct recorder *recorder, const struct open_op *open)
{
	/* Without the marks of tensors' ends, an address may be another's by now. */
	operands->count = shim_box.header->checks[BOX_CHECK_DEATHS] == BOX_CHECK_OK ? read_numbers(recorder, open, operands->numbers) : 0;
	identity_find(operands->numbers, operands->impls, operands->count);
}

void
operands_write(struct json_writer *json, const struct operands *operands)
{
	struct summary_budget budget;
	struct summary summary;

	json_array_begin(json);
	summary_begin(&budget);
	uint32_t count = budget.left ? operands->count : 0;
	for (uint32_t i = 0; i < count && json_left(json) > LEAVE_BYTES; i++) {
		if (!operands->impls[i] || !summary_take(&summary, operands->impls[i], &budget))
			continue;
		json_object_begin(json);
		json_key(json, "tensor");
		json_int(json, (int64_t)operands->numbers[i]);
		json_key(json, "index");
		json_int(json, i);
		json_key(json, "summary");
		summary_write(json, &summary);
		json_object_end(json);
	}
	json_array_end(json);
}

void
operands_tell(struct lists *lists, const struct operands *operands)
{
	for (uint32_t i = 0; i < operands->count; i++)
		if (operands->impls[i])
			lists_tell(lists, operands->numbers[i], operands->impls[i]);
}
