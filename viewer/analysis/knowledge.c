#include "knowledge.h"

#include "mismatch/operand.h"
#include "text.h"

const json_t *
knowledge_summary(int64_t tensor, const json_t *note, const json_t *frames)
{
	const json_t *operands = json_object_get(note, "operands");

	if (tensor < 0)
		return NULL;
	for (size_t i = 0; i < json_array_size(operands); i++) {
		const json_t *entry = json_array_get(operands, i), *identity = json_object_get(entry, "tensor");

		if (json_is_integer(identity) && json_integer_value(identity) == tensor && json_object_get(entry, "summary"))
			return json_object_get(entry, "summary");
	}
	return json_object_get(operand_local(frames, tensor), "summary");
}

static int64_t
count_of(const json_t *summary, const char *key)
{
	const json_t *value = json_object_get(summary, key);

	return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

void
knowledge_fill(const struct event *event, const json_t *note, const json_t *frames, struct mismatch_knowledge *out)
{
	for (int i = 0; i < event->operand_count; i++) {
		const json_t *local = operand_local(frames, event->operands[i].tensor);
		const json_t *summary = knowledge_summary(event->operands[i].tensor, note, frames);
		const json_t *leaf = json_object_get(local, "is_leaf"), *grad = json_object_get(local, "requires_grad");
		const json_t *least = json_object_get(summary, "min"), *most = json_object_get(summary, "max");

		out[i] = (struct mismatch_knowledge){
			.leaf = json_is_boolean(leaf) && json_is_boolean(grad) ? json_is_true(leaf) && json_is_true(grad) : -1,
			.trues = count_of(summary, "true"), .elements = count_of(summary, "elements"),
			.negative = count_of(summary, "negative"), .ignored = count_of(summary, "ignored"),
			.has_range = json_is_integer(least) && json_is_integer(most),
			.smallest = json_integer_value(least), .largest = json_integer_value(most),
		};
	}
}
