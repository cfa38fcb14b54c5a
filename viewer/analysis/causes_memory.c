/* Rules about memory. */
#include <inttypes.h>
#include <string.h>

#include "causes_tool.h"
#include "mismatch_rule.h"

#define FEW_BYTES (1ll << 30)

/* The bytes that the message says were asked for; -1. */
static int64_t
asked_bytes(const char *message)
{
	const char *at = message ? strstr(message, "tried to allocate ") : NULL;
	int64_t bytes;

	return at && text_number(&at, &bytes) && strncmp(at, " bytes", 6) == 0 ? bytes : -1;
}

/* The sizes that the operands broadcast to; how many, -1 if they don't. */
static int
broadcast(const struct event *event, int64_t *sizes)
{
	int ndim = 0;

	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1))
		ndim = event->operands[i].ndim > ndim ? event->operands[i].ndim : ndim;
	if (ndim > CAUSE_SHAPE_MOST)
		return -1;
	for (int d = 0; d < ndim; d++)
		sizes[d] = 1;
	for (int i = rule_next(event, 0); i >= 0; i = rule_next(event, i + 1)) {
		const struct operand *is = &event->operands[i];

		for (int d = 0; d < is->ndim; d++) {
			int64_t *size = &sizes[ndim - is->ndim + d];

			if (is->sizes[d] != *size && is->sizes[d] != 1 && *size != 1)
				return -1;
			*size = is->sizes[d] > *size ? is->sizes[d] : *size;
		}
	}
	return ndim;
}

/* Needs: the allocator's own word; its bytes, or CUDA's. */
bool
cause_out_of_memory(const struct cause_facts *facts, struct cause *out)
{
	const char *message = facts->message ? facts->message : "";
	int64_t bytes = asked_bytes(message), sizes[CAUSE_SHAPE_MOST];
	bool device = strstr(message, "out of memory") != NULL;
	int count;

	if (!device && !(bytes > 0 && strstr(message, "allocate memory")))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "out of memory");
	if (bytes > 0)
		text_add(&out->text, ": one piece of %" PRId64 " bytes (%.1f GiB) was asked for", bytes, (double)bytes / (double)(1ll << 30));
	if (facts->event) {
		count = cause_is_elementwise(facts) ? broadcast(facts->event, sizes) : -1;
		text_add(&out->text, " by %s", facts->event->operation);
		if (count > 0) {
			text_add(&out->text, ", whose operands broadcast to ");
			text_add_sizes(&out->text, sizes, count);
		}
		for (int i = rule_next(facts->event, 0), told = 0; i >= 0 && told < 3; i = rule_next(facts->event, i + 1), told++) {
			text_add(&out->evidence, "%s%s is ", told ? ", " : "", cause_operand_name(facts, i));
			text_add_sizes(&out->evidence, facts->event->operands[i].sizes, facts->event->operands[i].ndim);
		}
	}
	text_add(&out->fix, "%s", bytes >= FEW_BYTES
		 ? SAY("work in chunks over the large dimension rather than on all at once, or check that it has the size that was meant")
		 : SAY("use smaller batches or shorter sequences, activation checkpointing, and don't keep tensors that hold a graph (loss.item(), detach)"));
	return true;
}
