/* Rules about memory. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"

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

static int64_t
count_of(const json_t *object, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

/* "aten::relu at train.py:14" */
static const char *
holder_name(struct text *text, const json_t *holder)
{
	const char *operation = text_get(holder, "operation"), *where = text_get(holder, "where");

	*text = (struct text){{0}, 0};
	text_add(text, "%s", *operation ? operation : SAY("what no operation made"));
	if (*where)
		text_add(text, " at %s%s", json_is_true(json_object_get(holder, "backward")) ? SAY("backward of ") : "", where);
	return text->data;
}

/* A line that held more after nearly each step, and now much of it all. */
static bool
tell_growth(const json_t *memory, int64_t held, struct cause *out)
{
	const json_t *growth = json_array_get(json_object_get(memory, "growth"), 0);
	int64_t first = count_of(growth, "first", 0), last = count_of(growth, "last", 0);
	char from[TEXT_BYTES], to[TEXT_BYTES];
	struct text name;

	if (!growth || last * 4 < held || (last - first) * 2 < last)
		return false;
	text_add(&out->text, ". What %s made is kept from step to step: %s grew to %s within %" PRId64 " steps", holder_name(&name, growth),
		 text_bytes(from, first), text_bytes(to, last), count_of(growth, "steps", 0));
	text_add(&out->fix, "find what keeps it: a list of losses or outputs, a tensor stored on self; keep loss.item() or x.detach() instead, which "
		 "hold no graph, or empty it after each step");
	return true;
}

/* A line whose pieces are all there still, one for each call. */
static bool
tell_kept(const json_t *memory, struct cause *out)
{
	const json_t *kept = json_object_get(memory, "kept");
	int64_t pieces = count_of(kept, "pieces", 0);
	char each[TEXT_BYTES];
	struct text name;

	if (!json_is_object(kept) || pieces < 1)
		return false;
	text_add(&out->text, ". What %s made is kept: %" PRId64 " pieces of %s, one for each of its %" PRId64 " calls, none freed since, where other lines freed theirs",
		 holder_name(&name, kept), pieces, text_bytes(each, count_of(kept, "bytes", 0) / pieces), pieces);
	text_add(&out->fix, "find what keeps it: a list that is appended to in the loop, a dict, an attribute; keep it off the device (x.detach().cpu()), keep only numbers "
		 "(x.item()), or write it out and let it go");
	return true;
}

/* Memory that PyTorch holds and can't use for this. */
static bool
tell_fragments(int64_t asked, int64_t allocated, int64_t reserved, struct cause *out)
{
	char idle[TEXT_BYTES];

	if (allocated < 0 || reserved - allocated < asked || (reserved - allocated) * 5 < reserved)
		return false;
	text_add(&out->text, ". PyTorch holds %s more that is free, but in pieces too small", text_bytes(idle, reserved - allocated));
	text_add(&out->fix, "set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True; sizes that differ from step to step fragment memory: pad to few "
		 "lengths");
	return true;
}

static bool
tell_others(const json_t *memory, int64_t reserved, struct cause *out)
{
	int64_t total = count_of(memory, "total", -1), available = count_of(memory, "free", -1), own = count_of(memory, "in_use", reserved);
	int64_t others = total - available - own;
	char all[TEXT_BYTES], theirs[TEXT_BYTES];

	if (total < 0 || available < 0 || own < 0 || others * 5 < total)
		return false;
	text_add(&out->text, ". Of the device's %s, %s are held by others than PyTorch in this process: other processes, or other libraries",
		 text_bytes(all, total), text_bytes(theirs, others));
	text_add(&out->fix, "look at nvidia-smi: end what was left behind by earlier runs, or give each process a device of its own "
		 "(CUDA_VISIBLE_DEVICES, local rank)");
	return true;
}

/* Needs: the failed call and what was live then. Likely where one of growth, fragments or others explains it. */
static void
tell_device(const struct cause_facts *facts, struct cause *out)
{
	const json_t *memory = facts->memory, *holders = json_object_get(memory, "holders");
	int64_t asked = count_of(memory, "asked", 0), allocated = count_of(memory, "allocated", -1), reserved = count_of(memory, "reserved", -1);
	int64_t held = allocated >= 0 ? allocated : count_of(memory, "known", 0), total = count_of(memory, "total", -1), sizes[CAUSE_SHAPE_MOST];
	int count = facts->event && cause_is_elementwise(facts) ? broadcast(facts->event, sizes) : -1;

	char one[TEXT_BYTES], other[TEXT_BYTES];
	struct text name;

	out->confidence = "likely";
	text_add(&out->text, "out of memory on %s: %s were asked for while tensors held %s", text_get(memory, "device"), text_bytes(one, asked),
		 text_bytes(other, held));
	if (json_array_size(holders))
		text_add(&out->evidence, "most of it, %s, was held by what %s made",
			 text_bytes(one, count_of(json_array_get(holders, 0), "bytes", 0)), holder_name(&name, json_array_get(holders, 0)));
	if (asked > held && (asked >= FEW_BYTES || (total > 0 && asked * 2 > total))) {
		text_add(&out->text, ": it is this one request that is too large");
		if (count > 0) {
			text_add(&out->text, ", as the operands broadcast to ");
			text_add_sizes(&out->text, sizes, count);
		}
		text_add(&out->fix, "work in chunks over the large dimension rather than on all at once, or check that it has the size that was meant");
	} else if (!tell_growth(memory, held, out) && !tell_kept(memory, out) && !tell_fragments(asked, allocated, reserved, out) && !tell_others(memory, reserved, out)) {
		out->confidence = "possible";
		text_add(&out->fix, "use smaller batches or shorter sequences, activation checkpointing, and don't keep tensors that hold a graph (loss.item(), detach)");
	}
}

/* Needs: the allocator's own word; its bytes, or CUDA's. */
bool
cause_out_of_memory(const struct cause_facts *facts, struct cause *out)
{
	const char *message = facts->message ? facts->message : "";
	int64_t bytes = asked_bytes(message), sizes[CAUSE_SHAPE_MOST];
	bool device = strstr(message, "out of memory") != NULL;
	int count;

	if (facts->memory) {
		tell_device(facts, out);
		return true;
	}
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
