/* Ranges. See scope.h. */
#include <string.h>

#include "box.h"
#include "dictionary.h"
#include "python_late.h"
#include "python_state.h"
#include "scope.h"
#include "torch.h"

static bool
is_optimizer_step(const char *name)
{
	return !strncmp(name, "Optimizer.step#", 15);
}

void
scope_begin(struct recorder *recorder, const char *record, uint8_t scope)
{
	const char *name = torch.record_name(record);
	struct box_scope_start *start =
		recorder_reserve(recorder, sizeof *start / 4, BOX_RECORD_SCOPE_START, 0);

	recorder->steps.backward += scope == BOX_SCOPE_BACKWARD;
	if (!start)
		return;
	start->name = dictionary_string(name, strnlen(name, 512));
	start->sequence = BOX_NONE;
	if (scope == BOX_SCOPE_BACKWARD && torch.record_sequence > 0) {
		int64_t sequence = *(const int64_t *)(record + torch.record_sequence);
		if (sequence >= 0)
			start->sequence = (uint32_t)sequence;
	}
	start->scope = scope;
	start->reserved = 0;
	start->token = (uintptr_t)record;
	recorder_publish(recorder);
	if (scope == BOX_SCOPE_USER && !recorder->optimizer && is_optimizer_step(name)) {
		recorder->optimizer = record;
		if (python_state_due(shim_box.header->step))
			python_want(PYTHON_STATE);
	}
}

/* An optimizer's step has ended. Several without a forward between them are one: no node was made since the last. */
static void
end_step(struct recorder *recorder)
{
	int64_t sequence = torch.sequence_peek ? torch.sequence_peek() : recorder->sequence_at_step + 1;

	recorder->optimizer = NULL;
	if (sequence == recorder->sequence_at_step)
		return;
	recorder->sequence_at_step = sequence;
	uint64_t step = __atomic_add_fetch(&shim_box.header->step, 1, __ATOMIC_RELAXED);
	steps_end(recorder, step);
	if (step == 1)
		python_want(PYTHON_ENVIRONMENT); /* what the program imports is there by now */
	struct box_step *record = recorder_reserve(recorder, sizeof *record / 4, BOX_RECORD_STEP, 0);
	if (record) {
		record->step = step;
		recorder_publish(recorder);
	}
}

void
scope_end(struct recorder *recorder, const char *record)
{
	struct box_scope_end *end = recorder_reserve(recorder, sizeof *end / 4, BOX_RECORD_SCOPE_END, 0);

	recorder->steps.backward -= record[torch.record_scope] == BOX_SCOPE_BACKWARD && recorder->steps.backward;
	if (end) {
		end->token = (uintptr_t)record;
		recorder_publish(recorder);
	}
	if (recorder->optimizer == record)
		end_step(recorder);
}
